/** Turns the moments of a run into places on one axis, on which the hours of a pause take little room. */

import { type ScaleTime, scaleUtc } from 'd3-scale';

export interface Axis {
  /** Pixels from the left. */
  readonly at: (ms: number) => number;
  readonly ticks: readonly number[];
  /** Stretches in which nothing was done, drawn short. */
  readonly breaks: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** A gap this long, and longer than the rest of the run, is a pause and no work. */
const PAUSE_MS = 5 * 60_000;
const BREAK_PIXELS = 56;
const PIXELS_A_TICK = 90;

/** `busy`: when something was done, in any order; there is at least one. */
export function timeAxis(
  busy: readonly { readonly fromMs: number; readonly toMs: number }[],
  left: number,
  right: number,
): Axis {
  const stretches = joined(busy);
  const gaps = stretches.slice(1).map(({ fromMs }, index) => {
    return { fromMs: stretches[index]?.toMs ?? fromMs, toMs: fromMs };
  });
  const workMs = stretches.reduce((sum, { fromMs, toMs }) => sum + Math.max(1, toMs - fromMs), 0);
  const perMs = (right - left - gaps.length * BREAK_PIXELS) / workMs;
  const domain: number[] = [];
  const range: number[] = [];
  let x = left;
  for (const { fromMs, toMs } of stretches) {
    const width = Math.max(1, toMs - fromMs) * perMs;
    domain.push(fromMs, Math.max(toMs, fromMs + 1));
    range.push(x, x + width);
    x += width + BREAK_PIXELS;
  }
  const scale = scaleUtc().domain(domain).range(range);
  return { at: (ms) => scale(ms), ticks: ticksOf(stretches, scale), breaks: gaps };
}

function joined(
  busy: readonly { readonly fromMs: number; readonly toMs: number }[],
): readonly { fromMs: number; toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of [...busy].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = stretches.at(-1);
    if (last === undefined || fromMs - last.toMs > PAUSE_MS) stretches.push({ fromMs, toMs });
    else last.toMs = Math.max(last.toMs, toMs);
  }
  return stretches;
}

/** Round times, some in each stretch that has the room for one. */
function ticksOf(
  stretches: readonly { readonly fromMs: number; readonly toMs: number }[],
  scale: ScaleTime<number, number>,
): readonly number[] {
  return stretches.flatMap(({ fromMs, toMs }) => {
    const pixels = scale(toMs) - scale(fromMs);
    const room = Math.max(1, Math.floor(pixels / PIXELS_A_TICK));
    const times = scaleUtc().domain([fromMs, toMs]);
    // A count is but a hint: round times may come out closer than that.
    for (let count = room; count > 1; count -= 1) {
      const ticks = times.ticks(count);
      if (ticks.length <= room) return ticks.map((tick) => tick.getTime());
    }
    return times.ticks(1).map((tick) => tick.getTime());
  });
}
