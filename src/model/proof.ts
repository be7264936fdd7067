/** What was proven of a rollout, under which assumptions; only prove/ makes one. */

import type { Brand } from '../base/brand.ts';
import type { Rollout } from './rollout.ts';
import type { World } from './world.ts';

export type Severity = 'fatal' | 'costly';

/** One breach of one rule in one world. */
export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  /** With the numbers. */
  readonly but: string;
  readonly so: string;
  readonly remedy: string;
}

/** A stretch of the rollout in which some member cannot dial another. */
export interface DegradedWindow {
  /** Index of the step that opens it, and of the step that closes it. */
  readonly fromStep: number;
  readonly toStep: number;
  readonly brokenPairs: readonly string[];
  readonly because: string;
}

export interface Proof {
  readonly rules: readonly string[];
  readonly worldCount: number;
  readonly rollbackWorldCount: number;
  readonly assumptions: readonly string[];
  readonly accepted: readonly Violation[];
  /** Breaches of the start itself that no step makes worse. */
  readonly inherited: readonly Violation[];
  readonly windows: readonly DegradedWindow[];
  /** Restarts during which one more crash would cost quorum: the exposure of any rolling restart. */
  readonly zeroToleranceSteps: readonly number[];
}

interface Proven {
  readonly rollout: Rollout;
  /** `worlds[i]` is what step i expects; the last one is the end. */
  readonly worlds: readonly World[];
  readonly proof: Proof;
}

export type ProvenRollout = Brand<Proven, 'ProvenRollout'>;
