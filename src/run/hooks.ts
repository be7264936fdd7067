/** Turns the hooks of the plan file into words that the run listens to: before a step, after a gate, on a failure. */

import type { Failure } from '../model/failure.ts';
import { say } from '../model/laws.ts';
import { type Step, memberOfStep } from '../model/step.ts';
import type { Host } from '../ports.ts';
import {
  type Answer,
  type Context,
  type RunActors,
  bad,
  isInsideGroup,
  stepAt,
} from './machine-types.ts';
import type { RunDoors } from './run-doors.ts';

export type HookDoors = Pick<RunDoors, 'desired' | 'journal' | 'marker' | 'events'> & {
  readonly here: Pick<Host, 'exec'>;
};

type Point = 'beforeStep' | 'afterGate' | 'onFailure';

/** A message sent, a dashboard marked, a person's script asked: what takes longer belongs elsewhere. */
const HOOK_MS = 60_000;
/** Of what it says, in a failure or a warning. */
const WORDS_KEPT = 300;

/** The version of what a hook reads; fields are only ever added within one. */
const HOOK_VERSION = 1;

/**
 * The same actors, with the hooks called beside them. beforeStep and afterGate stop the run at the next safe
 * point when they do not exit with 0; onFailure is only told, since a way back must not wait for it.
 */
export function withHooks(actors: RunActors, doors: HookDoors): RunActors {
  const { hooks } = doors.desired;
  let refusal: Failure | undefined;
  let told: Failure | undefined;

  const ask = async (point: Point, context: Context, more: object = {}): Promise<void> => {
    if (hooks[point] === undefined) return;
    const failure = await callHook(doors, point, { ...eventOf(doors, point, context), ...more });
    if (failure === undefined) return;
    const text = `${failure.where}: ${failure.but}`;
    doors.events.emit({ type: 'warning', text });
    if (point !== 'onFailure') refusal ??= failure;
  };
  const tell = async (context: Context, failure: Failure | undefined): Promise<void> => {
    const isKnown = failure?.code === told?.code && failure?.but === told?.but;
    if (failure === undefined || isKnown || failure.code === 'HOOK_FAILED') return;
    told = failure;
    await ask('onFailure', context, { failure });
  };
  const refused = (context: Context): Answer | undefined => {
    if (refusal === undefined || isInsideGroup(context)) return undefined;
    return bad(refusal, 'foreign');
  };
  return {
    ...actors,
    look: async (context, signal) => {
      // Nothing may hold it up: what is armed goes off by itself.
      if (stepAt(context)?.kind === 'disarm-dead-man') return actors.look(context, signal);
      // Before the look, so that what the look has seen is still fresh when the hand moves.
      if (refusal === undefined) await ask('beforeStep', context);
      return refused(context) ?? actors.look(context, signal);
    },
    recordFailed: async (context, signal) => {
      const recorded = await actors.recordFailed(context, signal);
      await tell(context, context.failure);
      return recorded;
    },
    recordGate: async (context, signal) => {
      const recorded = await actors.recordGate(context, signal);
      const { gated } = context;
      if (gated === undefined) return recorded;
      await ask('afterGate', context, { gate: { verdict: gated.verdict, tookMs: gated.tookMs } });
      await tell(context, gated.failure);
      return recorded;
    },
    close: async (context, signal) => {
      await tell(context, context.failure);
      return actors.close(context, signal);
    },
  };
}

function eventOf({ desired, journal }: HookDoors, point: Point, context: Context): object {
  const { run, clusterId } = journal.state();
  const step = stepAt(context);
  return {
    v: HOOK_VERSION,
    point,
    run,
    plan: desired.name,
    planFile: desired.planFile,
    cluster: clusterId,
    direction: context.direction,
    step:
      step === undefined ? undefined : stepFacts(step, journal.state().stepsBehind + context.index),
  };
}

function stepFacts(step: Step, before: number): object {
  const { id, kind, phase } = step;
  return { number: before + 1, id, kind, phase, member: memberOfStep(step), say: say(step) };
}

/** Undefined when it exited with 0 in time. */
async function callHook(
  { desired, here, marker }: HookDoors,
  point: Point,
  event: object,
): Promise<Failure | undefined> {
  const argv = desired.hooks[point] ?? [];
  const stdin = `${JSON.stringify(event)}\n`;
  const ended = await here.exec(argv, { deadlineMs: HOOK_MS, stdin, marker });
  if (!ended.ok) return hookFailure(point, argv, ended.error.but);
  const { exitCode, signal, stdout, stderr } = ended.value;
  if (exitCode === 0) return undefined;
  const how =
    exitCode === undefined
      ? `was ended by ${signal ?? 'a signal'}`
      : `exited with ${String(exitCode)}`;
  const said = (stderr.trim() || stdout.trim()).slice(-WORDS_KEPT);
  return hookFailure(point, argv, `${argv[0] ?? ''} ${how}${said === '' ? '' : `: ${said}`}`);
}

function hookFailure(point: Point, argv: readonly string[], but: string): Failure {
  return {
    code: 'HOOK_FAILED',
    where: `hooks.${point} of the plan file`,
    would: `go on after ${argv.join(' ')}`,
    but,
    so: 'the run stops at this safe point; what was done stands',
    remedy: 'see to what the hook has found, then peershift resume (or peershift rollback)',
  };
}
