/** The entries of a run's journal, and the table of which may follow which. */

import type { DialsAfter } from './dial-cells.ts';
import type { Failure } from './failure.ts';
import type { MemberId, MemberName, RunId, StepId } from './ids.ts';
import type { CanaryTold } from './canary.ts';
import type { Verdict } from './gate.ts';
import type { LinkCells } from './link-cell.ts';
import type { Noise } from './log-each.ts';
import type { DegradedWindow } from './proof.ts';
import type { Direction } from './rollout.ts';
import type { Settings } from './settings.ts';
import type { Step } from './step.ts';
import type { PeerUrl } from './url.ts';

/** Changes when entries change their meaning; an older journal still folds. */
export const JOURNAL_VERSION = 1;

export interface JournalHead {
  readonly v: typeof JOURNAL_VERSION;
  readonly run: RunId;
  readonly seq: number;
  /** RFC 3339, for people: order is `seq`. */
  readonly at: string;
}

export type JournalEntry = JournalHead & JournalBody;

export type JournalBody =
  | {
      readonly type: 'opened';
      readonly program: string;
      readonly planName: string;
      readonly planFile: string;
      readonly clusterId: string;
      readonly start: readonly MemberStart[];
      /** Only of a rescue: it is told apart from a run before its first plan. */
      readonly direction?: Direction;
      /** What the rollout makes of configuration files, as unified diffs without anybody's secrets. */
      readonly diffs?: readonly FileDiff[];
    }
  | {
      readonly type: 'resumed';
      readonly direction: Direction;
      readonly openIntent: StepId | undefined;
      /** What the open intent is seen to have done. */
      readonly effects?: readonly Effect[];
    }
  | {
      readonly type: 'locked';
      readonly key: string;
      readonly leaseId: string;
      readonly createRevision: string;
    }
  | {
      readonly type: 'planned';
      readonly direction: Direction;
      readonly because: string;
      readonly steps: readonly Step[];
      readonly digest: string;
      readonly accepted: readonly string[];
      /** Where some dials are predicted to fail, by the steps' indexes. */
      readonly windows?: readonly DegradedWindow[];
      /** Of the run's first plan: what logs were full of before the first change. */
      readonly noise?: readonly Noise[];
      /** Who can dial whom after so many steps (0: before the first), where that changes. */
      readonly dials?: readonly DialsAfter[];
      /** Who leads before the first step; undefined where nobody does or it is not known. */
      readonly leader?: MemberName | undefined;
      readonly proof?: PlannedProof;
    }
  | { readonly type: 'intended'; readonly step: StepId; readonly index: number }
  | { readonly type: 'done'; readonly step: StepId; readonly effects: readonly Effect[] }
  | {
      readonly type: 'failed';
      readonly step: StepId;
      readonly failure: Failure;
      /** What it had done before it failed. */
      readonly effects?: readonly Effect[];
    }
  | {
      readonly type: 'gate';
      readonly step: StepId;
      readonly verdict: Verdict;
      readonly tookMs: number;
      /** Where links were asked for: what each pair was seen to be, by which source and why. */
      readonly links?: LinkCells;
      /** What the members' logs said meanwhile, the gravest first. */
      readonly lines?: readonly ToldLine[];
    }
  | { readonly type: 'noted'; readonly what: string }
  /** What --watch-writes saw, once, before the end. */
  | { readonly type: 'watched'; readonly samples: readonly WriteSample[] }
  /** What the canary met, once, before the end. */
  | { readonly type: 'canary'; readonly told: CanaryTold }
  | { readonly type: 'unlocked' }
  | {
      readonly type: 'closed';
      readonly outcome: RunOutcome;
      readonly failure: Failure | undefined;
    };

/** One file's unified diff, line by line. */
export interface FileDiff {
  readonly member: MemberName;
  readonly path: string;
  readonly diff: readonly string[];
}

/** What was proven of a planned rollout, for people. */
export interface PlannedProof {
  readonly rules: readonly string[];
  readonly worldCount: number;
  readonly rollbackWorldCount: number;
  readonly assumptions: readonly string[];
}

/** Equal lines of one member's log, and what the gate took them for. */
export interface ToldLine {
  readonly member: MemberName;
  /** Of the line, without what changes from one to the next. */
  readonly essence: string;
  /** `fatal`, `unexpected`, `transient`, `foreign`, `noise` or `expected`. */
  readonly judgement: string;
  readonly count: number;
}

/** The store and its leader at one moment, read and never written. */
export interface WriteSample {
  readonly at: string;
  /** How far the store's revision moved since the sample before, each second. */
  readonly perSecond: number;
  /** Undefined: none, or nobody could be asked. */
  readonly leader: MemberName | undefined;
  /** How long the revision had stood still at the most, within this sample. */
  readonly stillMs: number;
}

/** How a run stands when its process ends; `refused` means that it stopped before its first change. */
export type RunOutcome =
  'done' | 'rolled-back' | 'refused' | 'needs-person' | 'paused' | 'interrupted';

/** The way that was planned is gone to its end. */
export const ARRIVED: readonly RunOutcome[] = ['done', 'rolled-back'];

/** The others can be resumed. */
export const FINAL_OUTCOMES: readonly RunOutcome[] = [
  'done',
  'rolled-back',
  'refused',
  'needs-person',
];

/** What a rollback has to bring back. */
export interface MemberStart {
  readonly name: MemberName;
  readonly id: MemberId;
  readonly urls: readonly PeerUrl[];
  readonly settings: Settings;
  readonly configDigest: string;
  /** For a look while nobody runs; journals of before do not have them. */
  readonly version?: string;
  readonly clientUrls?: readonly string[];
}

/** What a step changed outside, as far as later steps and a rollback must know it. */
export type Effect =
  | {
      readonly kind: 'config-written';
      readonly member: MemberName;
      readonly digest: string;
      readonly backupPath: string;
      /** Somebody else's changes are in it too: it is never put back as a whole. */
      readonly hasOthers?: true;
    }
  | {
      readonly kind: 'file-installed';
      readonly member: MemberName;
      readonly path: string;
      readonly digest: string;
    }
  | {
      readonly kind: 'leaf-replaced';
      readonly member: MemberName;
      readonly path: string;
      readonly digest: string;
      /** Where the leaf that stood there is kept. */
      readonly keptPath: string;
    }
  | { readonly kind: 'file-removed'; readonly member: MemberName; readonly path: string }
  | { readonly kind: 'restarted'; readonly member: MemberName; readonly pid: number | undefined }
  /** From the first stop to the first member that is healthy again: nobody served meanwhile. */
  | { readonly kind: 'stood-still'; readonly ms: number }
  | { readonly kind: 'updated'; readonly member: MemberName; readonly urls: readonly PeerUrl[] }
  | {
      readonly kind: 'backed-up';
      readonly path: string;
      readonly sha256: string;
      readonly sizeBytes: number;
      /** What was shown of it, in words: that it could be restored, or why that was not tried. */
      readonly shown?: string;
    }
  | { readonly kind: 'led'; readonly from: MemberName; readonly to: MemberName }
  /** A dead-man waits on the member's host; the moment is by the clock of that host, RFC 3339. */
  | { readonly kind: 'armed'; readonly member: MemberName; readonly firesAt: string }
  | { readonly kind: 'disarmed'; readonly member: MemberName }
  /** The dead-man went off: the host put the settings of before back and restarted the member. */
  | { readonly kind: 'went-off'; readonly member: MemberName; readonly result: string };

export type JournalState = 'none' | 'opened' | 'ready' | 'acting' | 'failed' | 'closed' | 'final';

type EntryType = JournalBody['type'];

/** From a state, the entries that may come next; whatever is missing here is a history no run can have. */
export const LEGAL_NEXT: Readonly<Record<JournalState, readonly EntryType[]>> = {
  none: ['opened'],
  opened: ['locked', 'planned', 'noted', 'watched', 'canary', 'unlocked', 'closed', 'resumed'],
  ready: [
    'locked',
    'planned',
    'intended',
    'gate',
    'noted',
    'watched',
    'canary',
    'unlocked',
    'closed',
    'resumed',
  ],
  // `closed`: what was done could not be written, and then the disk took this.
  acting: ['done', 'failed', 'noted', 'watched', 'canary', 'closed', 'resumed'],
  failed: ['planned', 'noted', 'watched', 'canary', 'unlocked', 'closed', 'resumed'],
  closed: ['unlocked', 'resumed'],
  // A finished run can still be rolled back, by command.
  final: ['unlocked', 'resumed'],
};
