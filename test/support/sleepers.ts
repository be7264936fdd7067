/** Turns a time to reach into everything that loops which sleep would do until then. */

import type { Clock } from '../../src/ports.ts';

/** A clock that moves when everybody sleeps; begins at 1,000,000 ms. */
export function makeTime(): Time {
  let nowMs = 1_000_000;
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    clock: {
      nowMs: () => nowMs,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((wake) => {
          sleepers.push({ atMs: nowMs + ms, wake });
          signal?.addEventListener('abort', () => {
            wake();
          });
        }),
    },
    async to(targetMs: number): Promise<void> {
      for (;;) {
        // Long enough for every promise that a wake-up settles, and far quicker than a turn of the loop.
        for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
        sleepers.sort((a, b) => a.atMs - b.atMs);
        const [next] = sleepers;
        if (next === undefined || next.atMs > 1_000_000 + targetMs) break;
        sleepers.shift();
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
      }
    },
  };
}

interface Time {
  readonly clock: Clock;
  /** So many milliseconds after the beginning. */
  to(targetMs: number): Promise<void>;
}
