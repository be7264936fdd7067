/** The vocabulary of the run's statechart: its actors, guards and actions, by the names that the chart uses. */

import { assign, fromPromise, setup } from 'xstate';
import {
  type Answer,
  type Context,
  MAX_REPLANS,
  type MachineInput,
  type MachineOutput,
  type RunActors,
  answerOf,
  bothFailures,
  isAtEnd,
  isBarred,
  isInsideGroup,
  isStillParted,
  leavesStopped,
  partsGroup,
  stepAt,
  touches,
} from './machine-types.ts';

/** The context goes to every hand. */
function hand(name: keyof RunActors): ReturnType<typeof fromPromise<Answer, Context>> {
  return fromPromise<Answer, Context>(() => Promise.reject(new Error(`no hand for ${name}`)));
}

export const runSetup = setup({
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
    isAtEnd: ({ context }) => isAtEnd(context),
    isBarred: ({ context }) => isBarred(context),
    isStopping: ({ context }) => context.stopRequested !== 'no' && !isInsideGroup(context),
    hasGate: ({ context }) => stepAt(context)?.after !== undefined,
    changesMaterial: ({ context }) =>
      stepAt(context)?.kind === 'issue-certificates' && context.replans < MAX_REPLANS,
    hasPassed: ({ context }) => context.gated?.verdict.kind === 'pass',
    hasFailedByUs: ({ context }) =>
      context.gated?.verdict.kind === 'fail' && context.gated.verdict.fault === 'ours',
    hasMovedMeanwhile: ({ context }) =>
      context.gated?.moved !== undefined &&
      context.direction === 'forward' &&
      !context.repairsOnly &&
      !partsGroup(context) &&
      context.replans < MAX_REPLANS,
    mayStopHere: ({ context }) => !isInsideGroup(context),
    mayStopAfter: ({ context }) => !partsGroup(context),
    isRepaired: ({ context }) => context.repairsOnly && isAtEnd(context),
    leavesStopped: ({ context }) => leavesStopped(context) && !context.repairsOnly,
    isUntouched: ({ context }) => !context.hasTouched,
    goesBack: ({ context }) => context.onFailure === 'rollback' && context.direction === 'forward',
  },
  actions: {
    advance: assign({
      index: ({ context }) => context.index + 1,
      lastDone: ({ context }) => stepAt(context),
      isParted: ({ context }) => isStillParted(context),
    }),
    touch: assign({ hasTouched: ({ context }) => context.hasTouched || touches(context) }),
    keepFailure: assign({
      failure: ({ event, context }) => answerOf(event).failure ?? context.failure,
    }),
    keepFirstFailure: assign({
      failure: ({ event, context }) => bothFailures(context.failure, answerOf(event).failure),
    }),
    keepGateFailure: assign({ failure: ({ context }) => context.gated?.failure }),
    keepEffects: assign({ effects: ({ event }) => answerOf(event).effects ?? [] }),
    keepGate: assign({ gated: ({ event }) => answerOf(event).gated }),
    keepWhy: assign({
      because: ({ event }) => answerOf(event).because ?? '',
      isParted: ({ context }) => isInsideGroup(context),
    }),
    keepWhyOfGate: assign({
      lastDone: ({ context }) => stepAt(context),
      because: ({ context }) => context.gated?.moved ?? '',
    }),
    newMaterial: assign({
      lastDone: ({ context }) => stepAt(context),
      because: 'the certificates are made: the same steps with the real leaves',
    }),
    countReplan: assign({ replans: ({ context }) => context.replans + 1 }),
    takePlan: assign({
      proven: ({ event, context }) => answerOf(event).proven ?? context.proven,
      index: 0,
      // Whatever stood against the way on stands no longer.
      failure: ({ context: { direction, repairsOnly, failure } }) =>
        direction === 'forward' && !repairsOnly ? undefined : failure,
    }),
    turnBack: assign({
      direction: 'rollback' as const,
      because: ({ context: { failure } }) =>
        failure === undefined
          ? 'undo after a failure'
          : `undo after ${failure.code}: ${failure.but}`,
    }),
    repairOnly: assign({
      repairsOnly: true,
      because: 'what this run has stopped is started first',
    }),
    rememberStop: assign({
      stopRequested: ({ event }) =>
        event.type === 'PAUSE' ? ('pause' as const) : ('interrupt' as const),
    }),
    atEnd: assign({
      outcome: ({ context }) =>
        context.direction === 'rollback' ? ('rolled-back' as const) : ('done' as const),
    }),
    asPaused: assign({ outcome: 'paused' as const }),
    asRefused: assign({ outcome: 'refused' as const }),
    asStopped: assign({
      outcome: ({ context }) =>
        context.stopRequested === 'pause' ? ('paused' as const) : ('interrupted' as const),
    }),
  },
});
