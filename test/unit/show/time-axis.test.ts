/** Goal: minutes of work stay readable beside hours of a pause. Method: stretches laid on axes. */

import { describe, expect, it } from 'vitest';
import { timeAxis } from '../../../src/show/time-axis.ts';

const HOUR = 3_600_000;

describe('the time axis', () => {
  it('fills the width with one stretch, and has round ticks', () => {
    const axis = timeAxis([{ fromMs: 61_000, toMs: 121_000 }], 100, 700);
    expect(axis.at(61_000)).toBe(100);
    expect(axis.at(121_000)).toBe(700);
    expect(axis.at(91_000)).toBe(400);
    expect(axis.breaks).toEqual([]);
    expect(axis.ticks.length).toBeGreaterThan(3);
    expect(axis.ticks.every((ms) => ms % 5000 === 0)).toBe(true);
  });

  it('leaves each time the room to be read', () => {
    for (const lengthMs of [60_000, 77_033, 137_000, 3 * HOUR]) {
      const { at, ticks } = timeAxis([{ fromMs: 3_185, toMs: 3_185 + lengthMs }], 140, 1090);
      const gaps = ticks.slice(1).map((tick, index) => at(tick) - at(ticks[index] ?? 0));
      expect(ticks.length).toBeGreaterThan(1);
      expect(Math.min(...gaps)).toBeGreaterThan(80);
    }
  });

  it('draws a pause of hours short, and the work on both sides to one scale', () => {
    const busy = [
      { fromMs: 0, toMs: 60_000 },
      { fromMs: 9 * HOUR, toMs: 9 * HOUR + 60_000 },
    ];
    const axis = timeAxis(busy, 0, 656);
    expect(axis.breaks).toEqual([{ fromMs: 60_000, toMs: 9 * HOUR }]);
    expect(axis.at(60_000)).toBe(300);
    expect(axis.at(9 * HOUR)).toBe(356);
    expect(axis.at(9 * HOUR + 60_000)).toBe(656);
    expect(axis.ticks.some((ms) => ms >= 9 * HOUR)).toBe(true);
  });

  it('joins what overlaps or follows soon', () => {
    const busy = [
      { fromMs: 200_000, toMs: 210_000 },
      { fromMs: 0, toMs: 100_000 },
      { fromMs: 50_000, toMs: 60_000 },
    ];
    expect(timeAxis(busy, 0, 100).breaks).toEqual([]);
  });

  it('survives a moment without any length', () => {
    const axis = timeAxis([{ fromMs: 5, toMs: 5 }], 10, 20);
    expect(axis.at(5)).toBe(10);
  });
});
