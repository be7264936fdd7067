/** What the statechart of a run is told and remembers: the answers of its hands, its context, its output. */

import type { Fault, Verdict } from '../model/gate.ts';
import type { Failure } from '../model/failure.ts';
import type { LinkCells } from '../model/link-cell.ts';
import type { Effect, RunOutcome, ToldLine } from '../model/journal.ts';
import type { ProvenRollout } from '../model/proof.ts';
import type { Direction } from '../model/rollout.ts';
import type { Step } from '../model/step.ts';
import { type Pauses, pauseBefore } from './pauses.ts';

/** How often one run may plan anew: more often means that something else keeps changing the cluster. */
export const MAX_REPLANS = 12;

/** What a hand says: it went well, the world has moved, or it failed and by whose fault. */
export interface Answer {
  readonly kind: 'good' | 'moved' | 'bad';
  readonly fault?: Fault | undefined;
  readonly failure?: Failure | undefined;
  readonly because?: string;
  readonly effects?: readonly Effect[];
  readonly gated?: Gated;
  readonly proven?: ProvenRollout;
}

export interface Gated {
  readonly verdict: Verdict;
  readonly failure: Failure | undefined;
  readonly tookMs: number;
  /** What fresh probes have shown; undefined when the gate did not ask for them. */
  readonly links: LinkEvidence | undefined;
  /** What the members' logs said meanwhile. */
  readonly lines?: readonly ToldLine[];
  /** Of a gate that failed by no fault of ours: what somebody else has changed in the member list, if only that. */
  readonly moved?: string | undefined;
}

export interface LinkEvidence {
  /** Pairs shown broken though the model says yes. */
  readonly blocked: readonly string[];
  /** Pairs not shown good. */
  readonly unobserved: readonly string[];
  /** What each pair was seen to be, by which source and why. */
  readonly cells: LinkCells;
}

export interface MachineInput {
  readonly proven: ProvenRollout;
  readonly onFailure: 'rollback' | 'pause';
  readonly because: string;
  /** Where a person wants it to pause. */
  readonly pauses: Pauses;
  /** A run that is resumed has begun to change things already. */
  readonly hasTouched: boolean;
}

export interface MachineOutput {
  readonly outcome: RunOutcome;
  readonly failure: Failure | undefined;
}

export interface Context extends MachineInput, MachineOutput {
  readonly index: number;
  readonly lastDone: Step | undefined;
  /** A plan made anew inside a group: its first group finishes that one, and no stop comes before. */
  readonly isParted: boolean;
  /** Only what this run has left stopped is started, and then the run pauses. */
  readonly repairsOnly: boolean;
  readonly direction: Direction;
  readonly replans: number;
  readonly stopRequested: 'no' | 'interrupt' | 'pause';
  readonly effects: readonly Effect[];
  /** The last gate's answer. */
  readonly gated: Gated | undefined;
}

type Hand = (context: Context, signal: AbortSignal) => Promise<Answer>;

/** What the driver provides: one hand for each actor of the chart. */
export interface RunActors {
  readonly acquire: Hand;
  readonly recordPlan: Hand;
  readonly look: Hand;
  readonly intend: Hand;
  readonly perform: Hand;
  readonly recordDone: Hand;
  readonly recordFailed: Hand;
  readonly gate: Hand;
  readonly recordGate: Hand;
  readonly planAgain: Hand;
  readonly close: Hand;
}

export interface RunningMachine {
  readonly ended: Promise<MachineOutput>;
  readonly stop: (how: 'STOP' | 'PAUSE') => void;
}

export const GOOD: Answer = { kind: 'good' };

export function bad(failure: Failure, fault: Fault = 'ours'): Answer {
  return { kind: 'bad', failure, fault };
}

/** What the hand said whose end this event tells; other events say nothing. */
export function answerOf(event: { readonly type: string }): Answer {
  return 'output' in event ? (event.output as Answer) : { kind: 'bad' };
}

/** The first one counts; what then stood against going on or back is said with it. */
export function bothFailures(
  first: Failure | undefined,
  second: Failure | undefined,
): Failure | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const next = `no way on or back is proven from here: ${second.but} (${second.where})`;
  return { ...first, so: `${first.so}; ${next}` };
}

export function stepAt(context: Context): Step | undefined {
  return context.proven.rollout.steps[context.index];
}

const UNTOUCHING: readonly string[] = [
  ...['check-links', 'check-clients'],
  ...['take-snapshot', 'issue-certificates'],
];

/** Does the step change the cluster or a host? */
export function touches(context: Context): boolean {
  const step = stepAt(context);
  return step !== undefined && !UNTOUCHING.includes(step.kind);
}

export function isAtEnd(context: Context): boolean {
  return context.index >= context.proven.rollout.steps.length;
}

export function whyBarred({ proven, index, lastDone, pauses }: Context): string | undefined {
  return pauseBefore({ rollout: proven.rollout, index, lastDone }, pauses);
}

/** A person asked for a pause here; inside a group it waits for the group's end. */
export function isBarred(context: Context): boolean {
  if (isInsideGroup(context)) return false;
  return whyBarred(context) !== undefined;
}

/** Would stopping after the step in hand part its group? */
export function partsGroup(context: Context): boolean {
  const { steps } = context.proven.rollout;
  const group = steps[context.index]?.group;
  if (group === undefined) return context.isParted;
  return steps[context.index + 1]?.group === group;
}

/** After the step in hand: does the group that an earlier plan began still wait for its end? */
export function isStillParted(context: Context): boolean {
  return context.isParted && partsGroup(context);
}

/** Has a step of the group in hand taken a member down that no later one has started yet? */
export function leavesStopped(context: Context): boolean {
  const { steps } = context.proven.rollout;
  const group = steps[context.index]?.group;
  if (group === undefined) return false;
  const begun = steps.slice(0, context.index + 1).filter((step) => step.group === group);
  // Behind the gate of its start nothing is stopped any more.
  if (begun.at(-1)?.kind === 'disarm-dead-man') return false;
  return begun.some(({ kind }) => kind === 'stop-member' || kind === 'restart-together');
}

/** Is the step at the index inside a group that has begun and not ended? */
export function isInsideGroup(context: Context): boolean {
  if (context.isParted) return true;
  const { steps } = context.proven.rollout;
  const group = steps[context.index]?.group;
  return context.index > 0 && group !== undefined && steps[context.index - 1]?.group === group;
}
