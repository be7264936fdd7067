/** Turns two times of the day into a window, and says whether a minute is inside. */

import { type Result, err, ok } from './result.ts';

/** Minutes of the day, local time; a window that ends before it begins goes over midnight. */
export interface DayWindow {
  readonly fromMinute: number;
  readonly toMinute: number;
  /** As it was given: `22:00-05:00`. */
  readonly text: string;
}

/** `22:00-05:00`: two times of the day, local to this machine. */
export function parseDayWindow(text: string): Result<DayWindow, string> {
  const match = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text.trim());
  const [fromHour, from, toHour, to] = (match ?? []).slice(1).map(Number);
  if (
    fromHour === undefined ||
    from === undefined ||
    toHour === undefined ||
    to === undefined ||
    fromHour > 23 ||
    toHour > 24 ||
    from > 59 ||
    to > 59 ||
    toHour * 60 + to > DAY_MINUTES
  ) {
    return err(`"${text}" is not two times of the day, as 22:00-05:00`);
  }
  const [fromMinute, toMinute] = [fromHour * 60 + from, toHour * 60 + to];
  if (fromMinute === toMinute) return err(`"${text}" begins when it ends`);
  return ok({ fromMinute, toMinute, text: text.trim() });
}

const DAY_MINUTES = 24 * 60;

/** Is this minute of the day inside? The end is not. */
export function isInWindow({ fromMinute, toMinute }: DayWindow, minute: number): boolean {
  return fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;
}
