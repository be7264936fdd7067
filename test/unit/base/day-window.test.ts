/** Two times of the day, and the minutes between them. */

import { describe, expect, it } from 'vitest';
import { type DayWindow, isInWindow, parseDayWindow } from '../../../src/base/day-window.ts';

describe('hours of the day', () => {
  it('that go over midnight hold the evening and the early morning, their end aside', () => {
    const night = windowOf('22:00-05:00');
    const inside = ['22:00', '23:59', '00:00', '04:59'].map(minuteOf);
    const outside = ['05:00', '12:00', '21:59'].map(minuteOf);
    expect(inside.map((minute) => isInWindow(night, minute))).toEqual([true, true, true, true]);
    expect(outside.map((minute) => isInWindow(night, minute))).toEqual([false, false, false]);
  });

  it('of one day hold what lies between, and may end at midnight', () => {
    const day = windowOf('9:30-17:00');
    expect(isInWindow(day, minuteOf('09:30'))).toBe(true);
    expect(isInWindow(day, minuteOf('17:00'))).toBe(false);
    expect(isInWindow(windowOf('20:00-24:00'), minuteOf('23:59'))).toBe(true);
    expect(isInWindow(windowOf('20:00-24:00'), minuteOf('00:00'))).toBe(false);
  });

  it.each(['', '22:00', '22-05', '24:00-05:00', '22:60-05:00', '22:00-24:01', '5:00-5:00', 'x'])(
    'are refused when they are %j',
    (text) => {
      const window = parseDayWindow(text);
      expect(window.ok).toBe(false);
      if (!window.ok) expect(window.error).toContain(`"${text}"`);
    },
  );
});

function windowOf(text: string): DayWindow {
  const window = parseDayWindow(text);
  if (!window.ok) throw new Error(window.error);
  return window.value;
}

function minuteOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}
