/** The final record of a run: plain data, made from the journal alone, for people and machines. */

import type { Failure } from './failure.ts';
import type { Verdict } from './gate.ts';
import type { LinkCells } from './link-cell.ts';
import type { RunOutcome } from './journal.ts';
import type { Direction } from './rollout.ts';
import type { Step } from './step.ts';

export interface Report {
  readonly run: string;
  readonly program: string;
  readonly plan: string;
  readonly planFile: string;
  readonly cluster: string;
  /** `unfinished`: the journal has no closing entry. */
  readonly outcome: RunOutcome | 'unfinished';
  /** In which the run stood at its end. */
  readonly direction: Direction;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** From the first entry to the last, pauses included; undefined when a time cannot be read. */
  readonly tookMs: number | undefined;
  readonly rollouts: readonly ReportRollout[];
  readonly steps: readonly ReportStep[];
  readonly gates: readonly ReportGate[];
  readonly restarts: readonly { readonly member: string; readonly count: number }[];
  readonly handOvers: readonly {
    readonly from: string;
    readonly to: string;
    readonly at: string;
  }[];
  /** Undefined: the windows of some rollout of this run are not known. */
  readonly degradedMs: number | undefined;
  readonly files: readonly ReportFile[];
  /** What a configuration management has to carry from now on; null takes a setting out. */
  readonly settings: readonly ReportSettings[];
  readonly backup:
    { readonly path: string; readonly sha256: string; readonly sizeBytes: number } | undefined;
  readonly failures: readonly ReportFailure[];
  /** Sentences of the steps back that were done. */
  readonly undone: readonly string[];
  /** Names of rules whose breach was accepted. */
  readonly accepted: readonly string[];
  readonly notes: readonly string[];
}

/** A run has one rollout, or several when it was planned anew. */
export interface ReportRollout {
  readonly at: string;
  readonly direction: Direction;
  readonly because: string;
  readonly stepCount: number;
  readonly digest: string;
}

export interface ReportStep {
  readonly id: string;
  /** As numbered in its rollout, from 1; the rest of a rollout that is planned again goes on counting. */
  readonly number: number;
  readonly direction: Direction;
  readonly kind: Step['kind'];
  readonly say: string;
  /** `maybe`: begun, and neither done nor failed is written down. */
  readonly result: 'done' | 'failed' | 'maybe';
  readonly begunAt: string;
  readonly endedAt: string | undefined;
  readonly tookMs: number | undefined;
}

export interface ReportGate {
  readonly step: string;
  readonly at: string;
  readonly verdict: Verdict;
  readonly tookMs: number;
  /** Where links were asked for: what each pair was seen to be, by which source and why. */
  readonly links?: LinkCells;
}

export interface ReportFile {
  readonly member: string;
  readonly path: string;
  readonly what: 'installed' | 'removed' | 'config-original';
  /** Of what was written: of the configuration for a kept original. */
  readonly digest: string | undefined;
}

export interface ReportSettings {
  readonly member: string;
  readonly values: Readonly<Record<string, string | null>>;
}

export interface ReportFailure {
  readonly at: string;
  /** Undefined: the run as a whole. */
  readonly step: string | undefined;
  readonly failure: Failure;
}
