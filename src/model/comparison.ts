/** One strategy as it would go on this cluster, or why it may not. */

import type { Strategy } from './desired.ts';
import type { Failure } from './failure.ts';

export type Compared =
  ComparedRollout | { readonly strategy: Strategy; readonly refusal: Failure | undefined };

export interface ComparedRollout {
  readonly strategy: Strategy;
  readonly steps: number;
  readonly restarts: number;
  /** Stretches in which some member cannot dial another. */
  readonly windows: readonly {
    readonly brokenPairs: readonly string[];
    readonly because: string;
  }[];
  readonly usesSecondPort: boolean;
  /** Restarts during which one more crash would stop writes. */
  readonly zeroToleranceRestarts: number;
}
