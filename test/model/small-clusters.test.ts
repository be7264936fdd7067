/**
 * Goal: the planner and the judge agree on every small cluster. Method: all sizes up to five, each
 * leader, several orders; and each world that lies between two steps of such a rollout is a start.
 */

import { afterAll, describe, expect, it } from 'vitest';
import type { DesiredSpec } from '../../src/model/desired.ts';
import { memberName } from '../../src/model/ids.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { type World, allPairs } from '../../src/model/world.ts';
import { isAtGoal } from '../../src/plan/plan-rollback.ts';
import { explore } from '../../src/prove/explore.ts';
import { judgeAll, planBack, planOn } from '../support/small-clusters.ts';
import { desiredFor } from '../support/rollouts.ts';
import { httpWorld, memberNames } from '../support/worlds.ts';

const counted = { rollouts: 0, worlds: 0, waysBack: 0 };

afterAll(() => {
  const { rollouts, worlds, waysBack } = counted;
  process.stdout.write(
    `small clusters: ${String(rollouts)} rollouts, ${String(worlds)} worlds forward, ${String(waysBack)} on ways back\n`,
  );
});

function count(proven: ProvenRollout): ProvenRollout {
  counted.rollouts += 1;
  counted.worlds += proven.proof.worldCount;
  counted.waysBack += proven.proof.rollbackWorldCount;
  return proven;
}

/** By name, backwards, and rotated: enough to put the leader first, in the middle and last. */
function ordersOf(size: number): readonly DesiredSpec['order'][] {
  const names = memberNames(size).map(memberName);
  const rotated = [...names.slice(1), ...names.slice(0, 1)];
  const all = [undefined, names, [...names].reverse(), rotated];
  return size === 1 ? [undefined] : size === 2 ? all.slice(0, 3) : all;
}

function leaders(size: number): readonly World['leader'][] {
  return [...memberNames(size).map(memberName), undefined];
}

const CASES = [1, 2, 3, 5].flatMap((size) => {
  // Five members differ from three in how many may be down at once, not in who leads.
  const few = size < 5;
  const orders = few ? ordersOf(size) : ordersOf(size).slice(0, 2);
  const leading = few ? leaders(size) : leaders(size).filter((name) => name !== 'm2');
  return leading.flatMap((leader) => orders.map((order) => ({ size, leader, order })));
});

function startOf(size: number, leader: World['leader']): World {
  return { ...httpWorld(size), leader };
}

describe('documented, from http', () => {
  it.each(CASES)(
    '$size members, $leader leads, order $order: proven to the goal and back',
    (each) => {
      const start = startOf(each.size, each.leader);
      const desired = desiredFor(start, { order: each.order });
      const proven = count(judgeAll(planOn(start, desired), start, desired));
      const end = proven.worlds.at(-1);
      expect(end).toBeDefined();
      if (end === undefined) return;
      expect(isAtGoal(end, proven.rollout.goal)).toBe(true);
      expect(planOn(end, desired).steps).toEqual([]);
      const back = count(judgeAll(planBack(start, end, desired), undefined, desired));
      const home = back.worlds.at(-1);
      expect(home?.record).toEqual(start.record);
      expect(home?.members.map(({ disk }) => disk.settings)).toEqual(
        start.members.map(({ disk }) => disk.settings),
      );
      expect(home?.members.map((member) => member.process)).toEqual(
        start.members.map((member) => member.process),
      );
    },
  );
});

describe('documented, from every world in the middle of a rollout or of its way back', () => {
  const mixes = [1, 2, 3, 5].flatMap((size) => {
    const start = startOf(size, memberName('m1'));
    const desired = desiredFor(start);
    const forward = planOn(start, desired);
    const end = judgeAll(forward, undefined, desired).worlds.at(-1) ?? start;
    const rollouts = size < 5 ? [forward, planBack(start, end, desired)] : [forward];
    return rollouts.flatMap((rollout) =>
      middles(rollout).map(({ world, at }) => ({ size, start, desired, world, at })),
    );
  });

  it.each(mixes)('$size members, $at: on to the goal', ({ size, start, desired, world }) => {
    const back = size < 5 ? start : undefined;
    const onward = count(judgeAll(planOn(asFound(world), desired), back, desired));
    const end = onward.worlds.at(-1);
    expect(end === undefined || planOn(end, desired).steps.length).toBe(0);
    expect(end === undefined || isAtGoal(end, onward.rollout.goal)).toBe(true);
  });

  it.each(mixes)('$size members, $at: back to the start', ({ start, desired, world }) => {
    const back = count(judgeAll(planBack(start, asFound(world), desired), undefined, desired));
    const home = back.worlds.at(-1);
    expect(home?.record).toEqual(start.record);
    expect(home?.members.map(({ disk }) => disk.settings)).toEqual(
      start.members.map(({ disk }) => disk.settings),
    );
  });
});

/** Each world before a step, and what an interruption in the step's middle can leave. */
function middles(rollout: Rollout): readonly { readonly world: World; readonly at: string }[] {
  return explore(rollout, false).moments.flatMap(({ world, kind, index, step }) => {
    if (kind !== 'before' && kind !== 'halfway') return [];
    const where = kind === 'before' ? 'before' : 'in the middle of';
    const at = `${where} step ${String(index + 1)} of the ${rollout.direction}, ${step?.id ?? ''}`;
    return [{ world, at }];
  });
}

/** As resume finds it: no link has been probed by the new process yet. */
function asFound(world: World): World {
  return { ...world, unobserved: allPairs(world.members.map(({ name }) => name)) };
}
