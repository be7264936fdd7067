/** Turns sleeping into jumps of a simulated clock: time moves on when nothing else is left to do. */

import type { Clock } from '../../src/ports.ts';

interface Sleeper {
  readonly wakeAtMs: number;
  readonly order: number;
  readonly wake: () => void;
}

export class SimTime {
  nowMs: number;
  readonly #sleepers: Sleeper[] = [];
  #order = 0;
  #isPumping = false;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      this.#order += 1;
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { wakeAtMs: this.nowMs + ms, order: this.#order, wake };
      const abort = (): void => {
        this.#drop(sleeper);
        resolve();
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.push(sleeper);
      this.#pump();
    });
  }

  /** Who sleeps now never wakes: their process is dead. */
  forget(): void {
    this.#sleepers.length = 0;
  }

  /** One sleeper at a time, and only after everything that can go on without time has done so. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      const next = [...this.#sleepers].sort(
        (a, b) => a.wakeAtMs - b.wakeAtMs || a.order - b.order,
      )[0];
      if (next === undefined) return;
      this.#drop(next);
      this.nowMs = Math.max(this.nowMs, next.wakeAtMs);
      next.wake();
      this.#pump();
    });
  }

  #drop(sleeper: Sleeper): void {
    const at = this.#sleepers.indexOf(sleeper);
    if (at >= 0) this.#sleepers.splice(at, 1);
  }
}

export function clockOf(time: SimTime): Clock {
  return { nowMs: () => time.nowMs, sleep: (ms, signal) => time.sleep(ms, signal) };
}
