/** What every door answers, and the clock that waits between two questions. */

import type { Result } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';

/** Every call of every door ends in time by itself; a deadline that passes is an error value. */
export type Answer<T> = Promise<Result<T, Failure>>;

export interface Clock {
  nowMs(): number;
  /** Resolves early, without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
