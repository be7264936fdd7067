/**
 * The statechart of a run: which hand moves when, and what follows from each answer. Pure: the effects
 * are actors that the driver provides, and every journal entry is written by a state of its own.
 *
 * A running run is `deciding -> looking -> intending -> performing -> recordingDone -> gating -> deciding`;
 * everything else is what happens when an answer is not the good one.
 */

import { createActor, fromPromise, toPromise } from 'xstate';
import { runSetup } from './machine-setup.ts';
import {
  type Answer,
  type Context,
  type MachineInput,
  type RunActors,
  type RunningMachine,
  answerOf,
} from './machine-types.ts';

const input = ({ context }: { context: Context }): Context => context;

export const runMachine = runSetup.createMachine({
  id: 'run',
  initial: 'acquiring',
  context: ({ input: given }) => ({
    ...given,
    index: 0,
    lastDone: undefined,
    isParted: false,
    repairsOnly: false,
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
        { guard: 'isRepaired', target: 'closing', actions: 'asPaused' },
        { guard: 'isAtEnd', target: 'closing', actions: 'atEnd' },
        { guard: 'isStopping', target: 'closing', actions: 'asStopped' },
        { guard: 'isBarred', target: 'closing', actions: 'asPaused' },
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
          {
            guard: 'isOurs',
            target: 'recordingFailed',
            actions: ['keepFailure', 'keepEffects'],
          },
          { target: 'recordingPause', actions: ['keepFailure', 'keepEffects'] },
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
        onDone: [{ guard: 'isGood', target: 'parting' }, { target: 'lost' }],
      },
    },
    parting: {
      always: [
        { guard: 'leavesStopped', target: 'planning', actions: 'repairOnly' },
        { target: 'closing', actions: 'asPaused' },
      ],
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
          {
            guard: 'hasMovedMeanwhile',
            target: 'planning',
            actions: ['keepGateFailure', 'keepWhyOfGate'],
          },
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
        { guard: 'leavesStopped', target: 'planning', actions: 'repairOnly' },
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
