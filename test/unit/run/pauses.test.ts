/** Where a run pauses because a person asked for it, read from real rollouts. */

import { describe, expect, it } from 'vitest';
import { parseDayWindow } from '../../../src/base/day-window.ts';
import type { Rollout } from '../../../src/model/rollout.ts';
import {
  type PauseRequest,
  pauseBefore,
  pausesOf,
  windowFailure,
} from '../../../src/run/pauses.ts';
import { planOn } from '../../support/small-clusters.ts';
import { desiredFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const WORLD = httpWorld(3);
const ROLLOUT = planOn(WORLD, desiredFor(WORLD, { strategy: 'documented' }));
const DUAL = planOn(WORLD, desiredFor(WORLD, { strategy: 'dual-url' }));

describe('a pause', () => {
  it('after a member comes behind its last restart, and not behind an earlier one', () => {
    const [at] = placesOf(ROLLOUT, { after: 'm3' });
    const restarts = indexes(
      ROLLOUT,
      (step) => step.kind === 'restart-member' && step.member === 'm3',
    );
    expect(restarts).toHaveLength(2);
    expect(at).toBe((restarts[1] ?? 0) + 1);
    expect(placesOf(ROLLOUT, { after: 'm3' })).toHaveLength(1);
  });

  it('after a step comes behind it, whether it is named by its number or its id', () => {
    const index = ROLLOUT.steps.findIndex(({ kind }) => kind === 'restart-member');
    const id = ROLLOUT.steps[index]?.id ?? '';
    expect(placesOf(ROLLOUT, { after: String(index + 1) })).toEqual([index + 1]);
    expect(placesOf(ROLLOUT, { after: id })).toEqual([index + 1]);
  });

  it('until a member comes before its URL or its settings change, installed files aside', () => {
    const [first] = placesOf(ROLLOUT, { until: 'm3' });
    const step = ROLLOUT.steps[first ?? -1];
    expect(step).toMatchObject({ kind: 'configure-member', member: 'm3', phase: 'trust' });
  });

  it('before a phase comes before its first step', () => {
    const [first] = placesOf(DUAL, { beforePhase: 'strict' });
    expect(DUAL.steps.findIndex(({ phase }) => phase === 'strict')).toBe(first);
  });

  it('after a step comes also where the rest was planned anew behind it', () => {
    const [issue, ...rest] = ROLLOUT.steps;
    const again = { ...ROLLOUT, steps: rest };
    const pauses = pausesOf({ after: '1' }, ROLLOUT);
    if (!pauses.ok) throw new Error(pauses.error.but);
    const standing = { rollout: again, index: 0, lastDone: issue };
    expect(pauseBefore(standing, pauses.value)).toBe(`after ${issue?.id ?? ''}`);
  });

  it('is not asked of a way back', () => {
    const back: Rollout = { ...ROLLOUT, direction: 'rollback' };
    expect(placesOf(back, { after: 'm3', until: 'm2' })).toEqual([]);
  });

  it.each([
    { request: { after: 'm9' }, flag: '--pause-after' },
    { request: { after: '0' }, flag: '--pause-after' },
    { request: { after: '999' }, flag: '--pause-after' },
    { request: { until: 'm9' }, flag: '--until' },
  ])('at a place that the rollout does not have is refused: $request', ({ request, flag }) => {
    const pauses = pausesOf(request, ROLLOUT);
    expect(pauses.ok).toBe(false);
    if (pauses.ok) return;
    expect(pauses.error).toMatchObject({ code: 'ARGUMENTS_INVALID', where: flag });
    expect(pauses.error.but).toContain('m2, m3, m1');
  });

  it('for the hour names the hour, the window, and what goes on inside it', () => {
    const night = parseDayWindow('22:00-05:00');
    if (!night.ok) throw new Error(night.error);
    const [noon, midnight] = [new Date(2026, 10, 22, 12, 5), new Date(2026, 10, 22, 0, 5)];
    expect(windowFailure(night.value, midnight.getTime(), 'here')).toBeUndefined();
    const failure = windowFailure(night.value, noon.getTime(), 'step 4 of 22');
    expect(failure).toMatchObject({ code: 'OUTSIDE_WINDOW', where: 'step 4 of 22' });
    expect(failure?.but).toBe('it is 12:05 here');
    expect(failure?.remedy).toContain('22:00-05:00');
  });
});

function placesOf(rollout: Rollout, request: PauseRequest): readonly number[] {
  const pauses = pausesOf(request, rollout);
  if (!pauses.ok) throw new Error(pauses.error.but);
  return rollout.steps.flatMap((_, index) => {
    const lastDone = rollout.steps[index - 1];
    const standing = { rollout, index, lastDone };
    return pauseBefore(standing, pauses.value) === undefined ? [] : [index];
  });
}

function indexes(
  rollout: Rollout,
  fits: (step: Rollout['steps'][number]) => boolean,
): readonly number[] {
  return rollout.steps.flatMap((step, index) => (fits(step) ? [index] : []));
}
