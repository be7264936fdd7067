/**
 * Goal: a dead-man that went off, at whatever moment, is drift that is planned from: on to the goal and back to
 * the start, both proven. Method: every armed world of every strategy, forward and on the way back; and a
 * switch that would put the original file back, without trust, is refused with its story.
 */

import { describe, expect, it } from 'vitest';
import { STRATEGIES, type Strategy } from '../../src/model/desired.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { fired } from '../../src/model/steps/arm-dead-man.ts';
import { type World, allPairs } from '../../src/model/world.ts';
import { isAtGoal } from '../../src/plan/plan-rollback.ts';
import { explore } from '../../src/prove/explore.ts';
import { prove } from '../../src/prove/prove.ts';
import { desiredFor, withDeadMan } from '../support/rollouts.ts';
import { judgeAll, planBack, planOn } from '../support/small-clusters.ts';
import { httpWorld } from '../support/worlds.ts';

const ROLLING = STRATEGIES.filter((each) => each !== 'rebuild');
const SIZE = 3;

function forward(strategy: Strategy): { readonly rollout: Rollout; readonly start: World } {
  const start = httpWorld(SIZE);
  return { start, rollout: planOn(start, withDeadMan(desiredFor(start, { strategy }))) };
}

/** As resume finds it: no link has been probed by the new process yet. */
function asFound(world: World): World {
  return { ...world, unobserved: allPairs(world.members.map(({ name }) => name)) };
}

describe.each(ROLLING)('%s with a dead-man', (strategy) => {
  const { rollout, start } = forward(strategy);
  const desired = withDeadMan(desiredFor(start, { strategy }));
  const end = judgeAll(rollout, undefined, desired).worlds.at(-1) ?? start;
  const back = planBack(start, end, desired);

  it('has one around every restart, armed before and disarmed behind its gate, in one group', () => {
    for (const { steps } of [rollout, back]) {
      const restarts = steps.flatMap((step, index) => {
        return step.kind === 'restart-member' || step.kind === 'start-member' ? [index] : [];
      });
      expect(restarts.length).toBeGreaterThan(2);
      for (const index of restarts) {
        const group = steps.filter(({ group: each }) => each === steps[index]?.group);
        const kinds = group.map(({ kind }) => kind);
        const armedAt = kinds.indexOf('arm-dead-man');
        const touch = kinds.findIndex(
          (kind) => kind === 'stop-member' || kind === 'configure-member',
        );
        expect(armedAt).toBeGreaterThanOrEqual(0);
        expect(armedAt).toBeLessThan(touch);
        expect(steps[index + 1]).toMatchObject({ kind: 'disarm-dead-man' });
        expect(steps[index + 1]?.group).toBe(steps[index]?.group);
        expect(steps[index]?.after?.checks).toContain('links');
      }
    }
  });

  it('is proven on the way back as well', () => {
    const home = judgeAll(back, undefined, desired).worlds.at(-1);
    expect(home?.members.map(({ disk }) => disk.settings)).toEqual(
      start.members.map(({ disk }) => disk.settings),
    );
  });

  it('that went off anywhere is gone on with, and gone back from', () => {
    const onTheWay = armedWorldsOf(rollout);
    expect(onTheWay.length).toBeGreaterThan(5);
    for (const world of onTheWay.flatMap((each) => [each, fired(each)])) {
      const found = asFound(world);
      const onward = planOn(found, desired);
      expect(onward.steps[0]?.kind === 'disarm-dead-man').toBe(found.armed !== undefined);
      const goal = judgeAll(onward, undefined, desired).worlds.at(-1);
      expect(goal === undefined || isAtGoal(goal, onward.goal)).toBe(true);
    }
    // What has gone back goes on back.
    for (const world of [...onTheWay, ...armedWorldsOf(back)].flatMap((each) => [
      each,
      fired(each),
    ])) {
      const home = judgeAll(planBack(start, asFound(world), desired), undefined, desired);
      expect(home.worlds.at(-1)?.record).toEqual(start.record);
      expect(home.worlds.at(-1)?.armed).toBeUndefined();
    }
  });
});

function armedWorldsOf(rollout: Rollout): readonly World[] {
  const { moments } = explore(rollout, false);
  return moments.flatMap(({ world }) => (world.armed === undefined ? [] : [world]));
}

describe('a dead-man that would put the original file back', () => {
  it('is refused, with a story that ends with its going off', () => {
    const { rollout } = forward('documented');
    const steps = rollout.steps.map((step) => {
      if (step.kind !== 'arm-dead-man') return step;
      const bare = Object.entries(step.settings).filter(([flag]) => !flag.startsWith('peer-'));
      return { ...step, settings: Object.fromEntries(bare) };
    });
    const proven = prove({ ...rollout, steps }, { accept: [], rollbackFrom: undefined });
    expect(proven.ok).toBe(false);
    if (proven.ok) return;
    expect(proven.error.where).toMatch(
      /, if the dead-man of m\d goes off (and m\d crashes )?there$/u,
    );
    expect(proven.error.but).toMatch(/\(rule (quorum|cut-off)\)$/u);
    expect(proven.error.story?.lines.join('\n')).toMatch(
      /^then the dead-man of m\d goes off: it has its settings of before again$/mu,
    );
  });
});
