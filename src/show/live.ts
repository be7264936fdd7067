/** Turns the events of a run, one by one, into what a person who watches it wants to see now. */

import type { DialsAfter } from '../model/dial-cells.ts';
import type { PeershiftEvent } from '../model/event.ts';
import type { StepId } from '../model/ids.ts';
import type { WriteSample } from '../model/journal.ts';
import type { Phase, Step } from '../model/step.ts';
import { type KnownSteps, knownAfter } from './progress.ts';

export interface Live {
  readonly known: KnownSteps;
  readonly phases: readonly Phase[];
  readonly members: readonly string[];
  readonly dials: readonly DialsAfter[];
  /** Of the known steps. */
  readonly doneCount: number;
  readonly startedMs: number | undefined;
  readonly inHand: { readonly id: StepId; readonly sinceMs: number } | undefined;
  readonly gate: LiveGate | undefined;
  readonly writes: WriteSample | undefined;
  readonly longestStillMs: number;
  /** How long each kind of step, and each kind of gate, took in this run so far. */
  readonly paces: Readonly<Record<string, Pace>>;
  /** Somebody wants it to end: in words. */
  readonly asked: string | undefined;
  readonly isOver: boolean;
}

export interface LiveGate {
  readonly step: StepId;
  readonly sinceMs: number;
  readonly timeoutMs: number | undefined;
  readonly waitsFor: string;
  readonly unseen: readonly string[];
}

export interface Pace {
  readonly count: number;
  readonly sumMs: number;
}

export const NOT_YET: Live = {
  known: { steps: [] },
  phases: [],
  members: [],
  dials: [],
  doneCount: 0,
  startedMs: undefined,
  inHand: undefined,
  gate: undefined,
  writes: undefined,
  longestStillMs: 0,
  paces: {},
  asked: undefined,
  isOver: false,
};

/** What is to be seen after the event, which came at `nowMs`. */
export function liveAfter(live: Live, event: PeershiftEvent, nowMs: number): Live {
  switch (event.type) {
    case 'opened':
      return { ...live, members: event.start.map(({ name }) => name), startedMs: nowMs };
    case 'resumed':
      return { ...live, startedMs: nowMs };
    case 'planned':
      return planned(live, event);
    case 'intended':
      return { ...live, inHand: { id: event.step, sinceMs: nowMs }, gate: undefined };
    case 'done':
      return done(live, event.step, nowMs);
    case 'failed':
      return { ...live, inHand: undefined, gate: undefined };
    case 'gate':
      return gated(live, event.step, event.tookMs);
    case 'gate-waits':
    case 'gate-looked':
      return waits(live, event, nowMs);
    case 'writes':
      return {
        ...live,
        writes: event,
        longestStillMs: Math.max(live.longestStillMs, event.stillMs),
      };
    case 'stopping':
      return {
        ...live,
        asked: 'stopping: the step in hand is finished first; q again stops at once',
      };
    case 'pausing':
      return { ...live, asked: `pausing ${event.because}` };
    case 'closed':
      return { ...live, isOver: true, inHand: undefined, gate: undefined };
    default:
      return live;
  }
}

function planned(live: Live, event: Extract<PeershiftEvent, { type: 'planned' }>): Live {
  const known = knownAfter(live.known, event);
  const isRest = (known.stepsBehind ?? 0) > 0;
  const phases = isRest ? live.phases : [...new Set(event.steps.map(({ phase }) => phase))];
  const pairs = Object.keys(event.dials?.[0]?.cells ?? {});
  const named = [...new Set(pairs.map((pair) => pair.split('>')[0] ?? ''))];
  return {
    ...live,
    known,
    phases,
    members: live.members.length === 0 ? named : live.members,
    dials: event.dials ?? [],
    doneCount: 0,
    inHand: undefined,
    gate: undefined,
  };
}

function done(live: Live, id: StepId, nowMs: number): Live {
  const index = live.known.steps.findIndex((step) => step.id === id);
  const step = live.known.steps[index];
  const took = live.inHand?.id === id ? nowMs - live.inHand.sinceMs : undefined;
  const paces =
    took === undefined || step === undefined ? live.paces : paced(live, step.kind, took);
  const inHand = step?.after === undefined ? undefined : live.inHand;
  return { ...live, doneCount: Math.max(live.doneCount, index + 1), paces, inHand };
}

function gated(live: Live, id: StepId, tookMs: number): Live {
  const step = live.known.steps.find((each) => each.id === id);
  const paces = step === undefined ? live.paces : paced(live, gateKind(step), tookMs);
  return { ...live, paces, inHand: undefined, gate: undefined };
}

function paced({ paces }: Live, kind: string, tookMs: number): Live['paces'] {
  const { count = 0, sumMs = 0 } = paces[kind] ?? {};
  return { ...paces, [kind]: { count: count + 1, sumMs: sumMs + tookMs } };
}

/** Gates that ask for the same take about the same time. */
export function gateKind({ after }: Step): string {
  return `gate ${after?.checks.join(' ') ?? ''}`;
}

type Waiting = Extract<PeershiftEvent, { type: 'gate-waits' | 'gate-looked' }>;

function waits(live: Live, event: Waiting, nowMs: number): Live {
  const { step, waitsFor, elapsedMs } = event;
  const before = live.gate?.step === step ? live.gate : undefined;
  const looked = event.type === 'gate-looked' ? event : undefined;
  const gate = {
    step,
    waitsFor,
    sinceMs: nowMs - elapsedMs,
    timeoutMs: looked?.timeoutMs ?? before?.timeoutMs,
    unseen: looked?.unseen ?? before?.unseen ?? [],
  };
  return { ...live, gate };
}
