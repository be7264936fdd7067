/** Turns "30s", "2m" or "500ms" into milliseconds, and back into words. */

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const FORM = /^(\d+)(ms|s|m|h)$/;

/** Milliseconds, or undefined when the text is not a number with one unit (ms, s, m, h). */
export function parseDurationMs(text: string): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, count, unit] = match;
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** A duration for people: 350 ms, 5.2 s, 3 min 05 s. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const rest = String(seconds % 60).padStart(2, '0');
  return `${String(Math.floor(seconds / 60))} min ${rest} s`;
}
