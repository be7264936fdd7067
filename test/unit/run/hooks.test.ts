/** Goal: hooks hear what happens and can stop a run where it is safe, never elsewhere. Method: actors that only take notes. */

import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/base/result.ts';
import type { PeershiftEvent } from '../../../src/model/event.ts';
import type { Failure } from '../../../src/model/failure.ts';
import { EMPTY_RUN } from '../../../src/model/run-state.ts';
import type { ExecOptions, ExecOutcome } from '../../../src/ports.ts';
import { type HookDoors, withHooks } from '../../../src/run/hooks.ts';
import { type Context, GOOD, type RunActors } from '../../../src/run/machine-types.ts';
import { desiredFor, provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const proven = provenFor(httpWorld());
const { steps } = proven.rollout;
const SIGNAL = new AbortController().signal;
const FAILURE = { code: 'STEP_FAILED', but: 'the disk is full' } as Failure;

interface Call {
  readonly argv: readonly string[];
  readonly event: Readonly<Record<string, unknown>>;
}

/** The hooks with this exit code, and everything that was called, in order. */
function makeHooked(exit: number | 'lost', points: readonly string[]) {
  const calls: Call[] = [];
  const order: string[] = [];
  const events: PeershiftEvent[] = [];
  const hooks = Object.fromEntries(points.map((point) => [point, ['/bin/hook', point]]));
  const exec = (argv: readonly string[], { stdin }: ExecOptions) => {
    calls.push({ argv, event: JSON.parse(String(stdin)) as Call['event'] });
    order.push(argv[1] ?? '');
    if (exit === 'lost') return Promise.resolve(err({ but: 'no answer in 60 s' } as Failure));
    const outcome = { exitCode: exit, signal: undefined, stdout: '', stderr: 'not today\n' };
    return Promise.resolve(ok(outcome satisfies ExecOutcome));
  };
  const noting = (name: string) => () => {
    order.push(name);
    return Promise.resolve(GOOD);
  };
  const names = ['look', 'recordFailed', 'recordGate', 'close'];
  const actors = Object.fromEntries(names.map((name) => [name, noting(name)]));
  const doors = {
    desired: { ...desiredFor(httpWorld()), hooks },
    journal: { state: () => EMPTY_RUN },
    marker: 'peershift-test',
    events: { emit: (event: PeershiftEvent) => events.push(event) },
    here: { exec },
  } as unknown as HookDoors;
  return { hooked: withHooks(actors as unknown as RunActors, doors), calls, order, events };
}

function at(index: number, more: Partial<Context> = {}): Context {
  return { proven, index, direction: 'forward', isParted: false, ...more } as Context;
}

/** The second step of a group, and the first that stands alone. */
const inside = steps.findIndex((step, index) => {
  return step.group !== undefined && steps[index - 1]?.group === step.group;
});
const gated = {
  verdict: { kind: 'pass', evidence: 'good' },
  failure: undefined,
  tookMs: 9,
} as const;

describe('hooks', () => {
  it('are not called where the plan names none', async () => {
    const { hooked, order } = makeHooked(0, []);
    await hooked.look(at(0), SIGNAL);
    await hooked.recordGate(at(0, { gated: { ...gated, links: undefined } }), SIGNAL);
    await hooked.recordFailed(at(0, { failure: FAILURE }), SIGNAL);
    expect(order).toEqual(['look', 'recordGate', 'recordFailed']);
  });

  it('hear of each step before it is looked at, with its number, and of each gate after it', async () => {
    const { hooked, calls, order } = makeHooked(0, ['beforeStep', 'afterGate']);
    expect(await hooked.look(at(1), SIGNAL)).toEqual(GOOD);
    await hooked.recordGate(at(1, { gated: { ...gated, links: undefined } }), SIGNAL);
    expect(order).toEqual(['beforeStep', 'look', 'recordGate', 'afterGate']);
    expect(calls[0]?.event).toMatchObject({
      v: 1,
      point: 'beforeStep',
      plan: proven.rollout.planName,
      direction: 'forward',
      step: { number: 2, id: steps[1]?.id, kind: steps[1]?.kind },
    });
    expect(calls[1]?.event).toMatchObject({ gate: { verdict: gated.verdict, tookMs: 9 } });
  });

  it.each([
    [3, 'exited with 3: not today'],
    ['lost', 'no answer in 60 s'],
  ] as const)('that end with %s stop the run before the step', async (exit, but) => {
    const { hooked, order } = makeHooked(exit, ['beforeStep']);
    const answer = await hooked.look(at(0), SIGNAL);
    expect(answer).toMatchObject({ kind: 'bad', fault: 'foreign' });
    expect(answer.failure).toMatchObject({
      code: 'HOOK_FAILED',
      where: 'hooks.beforeStep of the plan file',
    });
    expect(answer.failure?.but).toContain(but);
    expect(order).toEqual(['beforeStep']);
  });

  it('never part a group: it is finished, and then the run stops', async () => {
    expect(inside).toBeGreaterThan(0);
    const { hooked, order, events } = makeHooked(1, ['beforeStep']);
    const within = at(inside, { lastDone: steps[inside - 1] });
    expect(await hooked.look(within, SIGNAL)).toEqual(GOOD);
    expect(events[0]).toMatchObject({ type: 'warning' });
    const alone = steps.findIndex(
      (step, index) => index > inside && step.group !== steps[index - 1]?.group,
    );
    const next = await hooked.look(at(alone, { lastDone: steps[alone - 1] }), SIGNAL);
    expect(next).toMatchObject({ kind: 'bad', failure: { code: 'HOOK_FAILED' } });
    expect(order).toEqual(['beforeStep', 'look']);
  });

  it('that refuse after a gate stop the run before the next step', async () => {
    const { hooked } = makeHooked(1, ['afterGate']);
    await hooked.recordGate(at(1, { gated: { ...gated, links: undefined } }), SIGNAL);
    const next = await hooked.look(at(2), SIGNAL);
    expect(next.failure?.where).toBe('hooks.afterGate of the plan file');
  });

  it('hear of a failure once, and cannot stop the way back', async () => {
    const { hooked, calls } = makeHooked(1, ['onFailure']);
    const failed = at(4, { failure: FAILURE });
    await hooked.recordFailed(failed, SIGNAL);
    await hooked.close(failed, SIGNAL);
    expect(calls.map(({ event }) => event.failure)).toEqual([FAILURE]);
    expect(await hooked.look(at(0, { direction: 'rollback' }), SIGNAL)).toEqual(GOOD);
  });
});
