/** The final record of a run: plain data, made from the journal alone, for people and machines. */

import type { CanaryTold } from './canary.ts';
import type { DialCells } from './dial-cells.ts';
import type { Failure } from './failure.ts';
import type { Verdict } from './gate.ts';
import type { FileDiff, PlannedProof, RunOutcome, ToldLine, WriteSample } from './journal.ts';
import type { LinkCells } from './link-cell.ts';
import type { Direction } from './rollout.ts';
import type { Phase, Step } from './step.ts';

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
  readonly members: readonly string[];
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
  readonly windows: readonly ReportWindow[];
  /** Who could dial whom before the first step and after each one; empty in journals that do not have it. */
  readonly dials: readonly ReportDials[];
  /** Undefined: nobody watched (--watch-writes). */
  readonly writes: ReportWrites | undefined;
  /** Undefined: the plan file asks for none (gates.canary). */
  readonly canary: CanaryTold | undefined;
  readonly diffs: readonly FileDiff[];
  /** What was put on hosts, in the order in which it was. */
  readonly certificates: readonly ReportCertificate[];
  readonly files: readonly ReportFile[];
  /** What a configuration management has to carry from now on; null takes a setting out. */
  readonly settings: readonly ReportSettings[];
  readonly backup: ReportBackup | undefined;
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
  /** Before its first step. */
  readonly leader: string | undefined;
  readonly proof: PlannedProof | undefined;
}

/** Some pairs could not dial, as declared. */
export interface ReportWindow {
  /** RFC 3339, both. */
  readonly from: string;
  readonly to: string;
  readonly brokenPairs: readonly string[];
  readonly because: string;
}

export interface ReportDials {
  /** `before step 1`, `after step 9: restart m1`. */
  readonly when: string;
  readonly cells: DialCells;
}

export interface ReportCertificate {
  readonly member: string;
  readonly path: string;
  readonly role: 'ca' | 'leaf';
  readonly subject: string;
  readonly issuer: string;
  /** Addresses and DNS names. */
  readonly names: readonly string[];
  /** RFC 3339, both. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly key: string;
  readonly fingerprint: string;
  /** It was taken off again. */
  readonly isGone: boolean;
}

/** Changes of the store as the members' revisions showed them, whoever wrote. */
export interface ReportWrites {
  readonly samples: readonly WriteSample[];
  /** The longest time in which the revision did not move, between two moments in which it did. */
  readonly longestStillMs: number;
  readonly longestStillAt: string | undefined;
}

export interface ReportStep {
  readonly id: string;
  /** As numbered in its rollout, from 1; the rest of a rollout that is planned again goes on counting. */
  readonly number: number;
  readonly direction: Direction;
  readonly kind: Step['kind'];
  readonly phase: Phase;
  readonly member: string | undefined;
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
  readonly lines: readonly ToldLine[];
}

export interface ReportBackup {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** That it could be restored, or why that was not tried. */
  readonly shown?: string;
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
