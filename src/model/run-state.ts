/** Turns a journal into where its run stands; a history that no run can have is refused, not repaired. */

import { type Result, err, ok } from '../base/result.ts';
import type { Failure } from './failure.ts';
import type { MemberName, RunId, StepId } from './ids.ts';
import {
  FINAL_OUTCOMES,
  type Effect,
  type JournalEntry,
  type JournalState,
  LEGAL_NEXT,
  type MemberStart,
  type RunOutcome,
} from './journal.ts';
import { entryOf } from './journal-shape.ts';
import type { Noise } from './log-each.ts';
import { stepsBehind } from './numbering.ts';
import type { Verdict } from './gate.ts';
import type { Direction } from './rollout.ts';
import { type Step, actsOnAll, bringsUp, takesDown } from './step.ts';

export interface RunState {
  readonly state: JournalState;
  readonly run: RunId | undefined;
  readonly nextSeq: number;
  readonly planName: string;
  readonly planFile: string;
  readonly clusterId: string;
  readonly start: readonly MemberStart[];
  readonly direction: Direction;
  readonly steps: readonly Step[];
  /** How many steps of the same rollout were done before it was planned again. */
  readonly stepsBehind: number;
  readonly doneSteps: readonly StepId[];
  /** Intended and not known to be done: maybe it happened. */
  readonly openIntent: StepId | undefined;
  /** Members that a step of this run has stopped or started, or may have. */
  readonly handled: readonly MemberName[];
  /** Members that did not come back when they were last started. */
  readonly failedStarts: readonly MemberName[];
  readonly effects: readonly Effect[];
  /** What steps of this run wrote into settings files, or may have, oldest first. */
  readonly written: readonly WrittenSetting[];
  readonly gates: readonly {
    readonly step: StepId;
    readonly verdict: Verdict;
    readonly tookMs: number;
  }[];
  /** What logs were full of before the first change; undefined before the first plan. */
  readonly noise: readonly Noise[] | undefined;
  readonly lock:
    { readonly key: string; readonly leaseId: string; readonly createRevision: string } | undefined;
  readonly failure: Failure | undefined;
  readonly outcome: RunOutcome | undefined;
  readonly startedAt: string;
  readonly endedAt: string;
}

export interface WrittenSetting {
  readonly member: MemberName;
  readonly flag: string;
  /** Undefined: it was taken out. */
  readonly value: string | undefined;
}

export const EMPTY_RUN: RunState = {
  state: 'none',
  run: undefined,
  nextSeq: 1,
  planName: '',
  planFile: '',
  clusterId: '',
  start: [],
  direction: 'forward',
  steps: [],
  stepsBehind: 0,
  doneSteps: [],
  openIntent: undefined,
  handled: [],
  failedStarts: [],
  effects: [],
  written: [],
  gates: [],
  noise: undefined,
  lock: undefined,
  failure: undefined,
  outcome: undefined,
  startedAt: '',
  endedAt: '',
};

export function foldJournal(entries: readonly JournalEntry[]): Result<RunState, string> {
  let state = EMPTY_RUN;
  for (const entry of entries) {
    const next = foldEntry(state, entry);
    if (!next.ok) return next;
    state = next.value;
  }
  return ok(state);
}

/** One more entry; the reason when it cannot follow. */
export function foldEntry(state: RunState, entry: JournalEntry): Result<RunState, string> {
  const shape = entryOf(entry);
  if (!shape.ok) return shape;
  const at = `entry ${String(entry.seq)} (${entry.type})`;
  if (entry.seq !== state.nextSeq) return err(`${at} should have number ${String(state.nextSeq)}`);
  if (state.run !== undefined && entry.run !== state.run)
    return err(`${at} belongs to run ${entry.run}`);
  if (!LEGAL_NEXT[state.state].includes(entry.type))
    return err(`${at} cannot follow in state ${state.state}`);
  const wrongStep = stepMismatch(state, entry);
  if (wrongStep !== undefined) return err(`${at}: ${wrongStep}`);
  const base = {
    ...state,
    run: entry.run,
    nextSeq: state.nextSeq + 1,
    endedAt: entry.at,
    startedAt: state.startedAt === '' ? entry.at : state.startedAt,
  };
  return ok(folded(base, entry));
}

function stepMismatch(state: RunState, entry: JournalEntry): string | undefined {
  if (entry.type === 'intended' && state.steps[entry.index]?.id !== entry.step) {
    return `step ${entry.step} is not number ${String(entry.index)} of the rollout`;
  }
  if ((entry.type === 'done' || entry.type === 'failed') && state.openIntent !== entry.step) {
    return `step ${entry.step} was not intended`;
  }
  return undefined;
}

function folded(state: RunState, entry: JournalEntry): RunState {
  switch (entry.type) {
    case 'opened': {
      const { planName, planFile, clusterId, start } = entry;
      const { direction = 'forward' } = entry;
      return { ...state, state: 'opened', planName, planFile, clusterId, start, direction };
    }
    case 'resumed':
      return {
        ...state,
        state: 'opened',
        direction: entry.direction,
        effects: [...state.effects, ...(entry.effects ?? [])],
        outcome: undefined,
        lock: undefined,
      };
    case 'locked':
      return { ...state, lock: lockOf(entry) };
    case 'planned':
      return {
        ...state,
        state: 'ready',
        direction: entry.direction,
        steps: entry.steps,
        stepsBehind: numberedFrom(state, entry.steps),
        noise: state.noise ?? entry.noise,
        doneSteps: [],
        openIntent: undefined,
      };
    case 'intended':
      return {
        ...state,
        state: 'acting',
        openIntent: entry.step,
        handled: [...new Set([...state.handled, ...handledBy(state.steps[entry.index])])],
        written: [...state.written, ...writtenBy(state.steps[entry.index])],
      };
    case 'done':
      return {
        ...state,
        state: 'ready',
        openIntent: undefined,
        doneSteps: [...state.doneSteps, entry.step],
        effects: [...state.effects, ...entry.effects],
        failedStarts: state.failedStarts.filter((name) => !isStarted(entry.effects, name)),
      };
    case 'failed':
      return {
        ...state,
        state: 'failed',
        failure: entry.failure,
        effects: [...state.effects, ...(entry.effects ?? [])],
        failedStarts: [...state.failedStarts, ...failedStart(state, entry.failure)],
      };
    case 'gate':
      return { ...state, gates: [...state.gates, gateOf(entry)] };
    case 'noted':
    case 'watched':
    case 'canary':
      return state;
    case 'unlocked':
      return { ...state, lock: undefined };
    case 'closed': {
      const isFinal = FINAL_OUTCOMES.includes(entry.outcome);
      const failure = entry.failure ?? state.failure;
      return { ...state, state: isFinal ? 'final' : 'closed', outcome: entry.outcome, failure };
    }
  }
}

function gateOf(entry: Extract<JournalEntry, { type: 'gate' }>): RunState['gates'][number] {
  const { step, verdict, tookMs } = entry;
  return { step, verdict, tookMs };
}

function lockOf(entry: Extract<JournalEntry, { type: 'locked' }>): RunState['lock'] {
  const { key, leaseId, createRevision } = entry;
  return { key, leaseId, createRevision };
}

/** A run that is taken up again shows a preview of its own, whose steps count from 1. */
function numberedFrom(state: RunState, steps: readonly Step[]): number {
  return state.state === 'opened' ? 0 : stepsBehind(state, steps);
}

function handledBy(step: Step | undefined): readonly MemberName[] {
  if (actsOnAll(step)) return step.members;
  return takesDown(step) || bringsUp(step) ? [step.member] : [];
}

function writtenBy(step: Step | undefined): readonly WrittenSetting[] {
  if (step?.kind !== 'configure-member') return [];
  return step.changes.map(({ flag, to }) => ({ member: step.member, flag, value: to }));
}

function failedStart(state: RunState, failure: Failure): readonly MemberName[] {
  const step = state.steps.find(({ id }) => id === state.openIntent);
  return failure.code === 'START_FAILED' ? handledBy(step) : [];
}

function isStarted(effects: readonly Effect[], name: MemberName): boolean {
  return effects.some((effect) => effect.kind === 'restarted' && effect.member === name);
}

/** The digests of a member's config file that this run wrote, oldest first. */
export function writtenDigests(state: RunState, member: MemberName): readonly string[] {
  return state.effects.flatMap((effect) => {
    return effect.kind === 'config-written' && effect.member === member ? [effect.digest] : [];
  });
}

/** The digests of a member's config file that hold nothing but its start and what this run wrote. */
export function digestsOfOurs(state: RunState, member: MemberName): readonly string[] {
  const start = state.start.find(({ name }) => name === member)?.configDigest ?? '';
  const written = state.effects.flatMap((effect) => {
    const isOfMember = effect.kind === 'config-written' && effect.member === member;
    return isOfMember && effect.hasOthers !== true ? [effect.digest] : [];
  });
  return start === '' ? written : [start, ...written];
}

/** Dead-man switches that this run has armed and not disarmed, as far as it knows. */
export function armedOf({ effects }: RunState): readonly Extract<Effect, { kind: 'armed' }>[] {
  const armed = new Map<MemberName, Extract<Effect, { kind: 'armed' }>>();
  for (const effect of effects) {
    if (effect.kind === 'armed') armed.set(effect.member, effect);
    if (effect.kind === 'disarmed' || effect.kind === 'went-off') armed.delete(effect.member);
  }
  return [...armed.values()];
}

/** Where the original of a member's config file is kept; undefined when it was never written. */
export function backupPathOf(state: RunState, member: MemberName): string | undefined {
  const write = state.effects.find(
    (effect) => effect.kind === 'config-written' && effect.member === member,
  );
  return write?.kind === 'config-written' ? write.backupPath : undefined;
}

/** Files that this run put on a member's host and has not removed since: path to digest. */
export function installedFiles(state: RunState, member: MemberName): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const effect of state.effects) {
    if (effect.kind === 'file-installed' && effect.member === member)
      files.set(effect.path, effect.digest);
    if (effect.kind === 'file-removed' && effect.member === member) files.delete(effect.path);
  }
  return files;
}
