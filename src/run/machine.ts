/**
 * The statechart of a run: which hand moves when, and what follows from each answer. Pure: the effects
 * are actors that the driver provides, and every journal entry is written by a state of its own.
 *
 * A running run is `deciding -> looking -> intending -> performing -> recordingDone -> gating -> deciding`;
 * everything else is what happens when an answer is not the good one.
 */

import { assign, createActor, fromPromise, setup, toPromise } from 'xstate';
import {
  type Answer,
  type Context,
  MAX_REPLANS,
  type MachineInput,
  type MachineOutput,
  type RunActors,
  type RunningMachine,
  answerOf,
  isInsideGroup,
  partsGroup,
  stepAt,
  touches,
} from './machine-types.ts';

function hand(name: keyof RunActors): ReturnType<typeof fromPromise<Answer, Context>> {
  return fromPromise<Answer, Context>(() => Promise.reject(new Error(`no hand for ${name}`)));
}

const input = ({ context }: { context: Context }): Context => context;

export const runMachine = setup({
  types: {
    context: {} as Context,
    input: {} as MachineInput,
    output: {} as MachineOutput,
    events: {} as { type: 'STOP' } | { type: 'PAUSE' },
  },
  actors: {
    acquire: hand('acquire'),
    recordPlan: hand('recordPlan'),
    look: hand('look'),
    intend: hand('intend'),
    perform: hand('perform'),
    recordDone: hand('recordDone'),
    recordFailed: hand('recordFailed'),
    gate: hand('gate'),
    recordGate: hand('recordGate'),
    planAgain: hand('planAgain'),
    close: hand('close'),
  },
  guards: {
    isGood: ({ event }) => answerOf(event).kind === 'good',
    hasMoved: ({ event, context }) =>
      answerOf(event).kind === 'moved' && context.replans < MAX_REPLANS,
    isOurs: ({ event }) => answerOf(event).fault === 'ours',
    isAtEnd: ({ context }) => context.index >= context.proven.rollout.steps.length,
    isStopping: ({ context }) => context.stopRequested !== 'no' && !isInsideGroup(context),
    hasGate: ({ context }) => stepAt(context)?.after !== undefined,
    changesMaterial: ({ context }) => stepAt(context)?.kind === 'issue-certificates',
    hasPassed: ({ context }) => context.gated?.verdict.kind === 'pass',
    hasFailedByUs: ({ context }) =>
      context.gated?.verdict.kind === 'fail' && context.gated.verdict.fault === 'ours',
    mayStopHere: ({ context }) => !isInsideGroup(context),
    mayStopAfter: ({ context }) => !partsGroup(context),
    isUntouched: ({ context }) => !context.hasTouched,
    goesBack: ({ context }) => context.onFailure === 'rollback' && context.direction === 'forward',
  },
  actions: {
    advance: assign({ index: ({ context }) => context.index + 1 }),
    touch: assign({ hasTouched: ({ context }) => context.hasTouched || touches(context) }),
    keepFailure: assign({
      failure: ({ event, context }) => answerOf(event).failure ?? context.failure,
    }),
    keepFirstFailure: assign({
      failure: ({ event, context }) => context.failure ?? answerOf(event).failure,
    }),
    keepGateFailure: assign({ failure: ({ context }) => context.gated?.failure }),
    keepEffects: assign({ effects: ({ event }) => answerOf(event).effects ?? [] }),
    keepGate: assign({ gated: ({ event }) => answerOf(event).gated }),
    keepWhy: assign({ because: ({ event }) => answerOf(event).because ?? '' }),
    newMaterial: assign({
      because: 'the certificates are made: the same steps with the real leaves',
    }),
    countReplan: assign({ replans: ({ context }) => context.replans + 1 }),
    takePlan: assign({
      proven: ({ event, context }) => answerOf(event).proven ?? context.proven,
      index: 0,
    }),
    turnBack: assign({
      direction: 'rollback' as const,
      because: ({ context }) => `undo after ${context.failure?.code ?? 'a failure'}`,
    }),
    rememberStop: assign({
      stopRequested: ({ event }) =>
        event.type === 'PAUSE' ? ('pause' as const) : ('interrupt' as const),
    }),
    atEnd: assign({
      outcome: ({ context }) =>
        context.direction === 'forward' ? ('done' as const) : ('rolled-back' as const),
    }),
    asPaused: assign({ outcome: 'paused' as const }),
    asRefused: assign({ outcome: 'refused' as const }),
    asStopped: assign({
      outcome: ({ context }) =>
        context.stopRequested === 'pause' ? ('paused' as const) : ('interrupted' as const),
    }),
  },
}).createMachine({
  id: 'run',
  initial: 'acquiring',
  context: ({ input: given }) => ({
    ...given,
    index: 0,
    direction: given.proven.rollout.direction,
    replans: 0,
    stopRequested: 'no',
    effects: [],
    gated: undefined,
    failure: undefined,
    outcome: 'paused',
  }),
  output: ({ context }) => ({ outcome: context.outcome, failure: context.failure }),
  on: { STOP: { actions: 'rememberStop' }, PAUSE: { actions: 'rememberStop' } },
  states: {
    acquiring: {
      invoke: {
        src: 'acquire',
        input,
        onDone: [
          { guard: 'isGood', target: 'recordingPlan' },
          { target: 'closing', actions: ['keepFailure', 'asRefused'] },
        ],
      },
    },
    recordingPlan: {
      invoke: {
        src: 'recordPlan',
        input,
        onDone: [
          { guard: 'isGood', target: 'deciding' },
          { target: 'lost', actions: 'keepFailure' },
        ],
      },
    },
    deciding: {
      always: [
        { guard: 'isAtEnd', target: 'closing', actions: 'atEnd' },
        { guard: 'isStopping', target: 'closing', actions: 'asStopped' },
        { target: 'looking' },
      ],
    },
    looking: {
      on: {
        STOP: [
          { guard: 'mayStopHere', target: 'closing', actions: ['rememberStop', 'asStopped'] },
          { actions: 'rememberStop' },
        ],
      },
      invoke: {
        src: 'look',
        input,
        onDone: [
          { guard: 'isGood', target: 'intending' },
          { guard: 'hasMoved', target: 'planning', actions: 'keepWhy' },
          { guard: 'isOurs', target: 'undoing', actions: 'keepFailure' },
          { target: 'closing', actions: ['keepFailure', 'asPaused'] },
        ],
      },
    },
    intending: {
      description: 'the intent, durable before the hand moves',
      invoke: {
        src: 'intend',
        input,
        onDone: [
          { guard: 'isGood', target: 'performing' },
          { target: 'lost', actions: 'keepFailure' },
        ],
      },
    },
    performing: {
      entry: 'touch',
      invoke: {
        src: 'perform',
        input,
        onDone: [
          { guard: 'isGood', target: 'recordingDone', actions: 'keepEffects' },
          { guard: 'isOurs', target: 'recordingFailed', actions: 'keepFailure' },
          { target: 'recordingPause', actions: 'keepFailure' },
        ],
      },
    },
    recordingDone: {
      invoke: {
        src: 'recordDone',
        input,
        onDone: [
          {
            guard: ({ event }) => answerOf(event).kind !== 'good',
            target: 'lost',
            actions: 'keepFailure',
          },
          { guard: 'hasGate', target: 'gating' },
          { guard: 'changesMaterial', target: 'planning', actions: 'newMaterial' },
          { target: 'deciding', actions: 'advance' },
        ],
      },
    },
    recordingFailed: {
      invoke: {
        src: 'recordFailed',
        input,
        onDone: [{ guard: 'isGood', target: 'undoing' }, { target: 'lost' }],
      },
    },
    recordingPause: {
      invoke: {
        src: 'recordFailed',
        input,
        onDone: [{ guard: 'isGood', target: 'closing', actions: 'asPaused' }, { target: 'lost' }],
      },
    },
    gating: {
      description: 'evidence, before anything rests on the step',
      on: {
        STOP: [
          { guard: 'mayStopAfter', target: 'closing', actions: ['rememberStop', 'asStopped'] },
          { actions: 'rememberStop' },
        ],
      },
      invoke: { src: 'gate', input, onDone: { target: 'recordingGate', actions: 'keepGate' } },
    },
    recordingGate: {
      invoke: {
        src: 'recordGate',
        input,
        onDone: [
          {
            guard: ({ event }) => answerOf(event).kind !== 'good',
            target: 'lost',
            actions: 'keepFailure',
          },
          { guard: 'hasPassed', target: 'deciding', actions: 'advance' },
          { guard: 'hasFailedByUs', target: 'undoing', actions: 'keepGateFailure' },
          { target: 'closing', actions: ['keepGateFailure', 'asPaused'] },
        ],
      },
    },
    planning: {
      entry: 'countReplan',
      invoke: {
        src: 'planAgain',
        input,
        onDone: [
          { guard: 'isGood', target: 'recordingPlan', actions: 'takePlan' },
          { target: 'closing', actions: ['keepFirstFailure', 'asPaused'] },
        ],
      },
    },
    undoing: {
      always: [
        { guard: 'isUntouched', target: 'closing', actions: 'asRefused' },
        { guard: 'goesBack', target: 'planning', actions: 'turnBack' },
        { target: 'closing', actions: 'asPaused' },
      ],
    },
    lost: {
      description: 'the journal cannot be written: stop at once',
      entry: 'asPaused',
      always: 'closing',
    },
    closing: {
      invoke: { src: 'close', input, onDone: 'ended' },
    },
    ended: { type: 'final' },
  },
});

/** The chart with its hands, started; `ended` rejects only for a bug. */
export function startMachine(actors: RunActors, given: MachineInput): RunningMachine {
  const hands = Object.fromEntries(
    Object.entries(actors).map(([name, work]: [string, RunActors[keyof RunActors]]) => {
      return [
        name,
        fromPromise<Answer, Context>(({ input: context, signal }) => work(context, signal)),
      ];
    }),
  ) as unknown as Parameters<typeof runMachine.provide>[0]['actors'];
  const actor = createActor(runMachine.provide({ actors: hands ?? {} }), { input: given });
  // Without an observer of its own xstate throws an error globally; `ended` carries it.
  actor.subscribe({ error: () => undefined });
  actor.start();
  return {
    ended: toPromise(actor),
    stop: (how) => {
      actor.send({ type: how });
    },
  };
}
