/**
 * Goal: an election may put the leader anywhere, at any point. Method: in every world of every strategy, mishaps
 * included, each up member leads in turn. Rules that do not ask who leads must say the same; and from each
 * world between two steps the rest that is planned for that leader, as a run does, must be proven.
 */

import { afterAll, describe, expect, it } from 'vitest';
import type { Moment } from '../../src/model/invariant.ts';
import { type World, allPairs, upMembers } from '../../src/model/world.ts';
import { explore } from '../../src/prove/explore.ts';
import { INVARIANTS } from '../../src/prove/rules.ts';
import { ROLLING } from '../support/exhaustive.ts';
import { desiredFor } from '../support/rollouts.ts';
import { judgeAll, planOn } from '../support/small-clusters.ts';
import { httpWorld } from '../support/worlds.ts';

/** Who leads decides how these two are kept, by a hand-over; no other rule may read it. */
const OF_THE_LEADER = ['leader', 'hand-over'];
const OTHERS = INVARIANTS.filter(({ name }) => !OF_THE_LEADER.includes(name));

const counted = { worlds: 0, plans: 0 };

afterAll(() => {
  process.stdout.write(
    `leader anywhere: ${String(counted.worlds)} worlds with another leader, ${String(counted.plans)} rollouts planned and proven from one\n`,
  );
});

describe.each([3, 5])('%i members', (size) => {
  it.each(ROLLING)('%s: what holds in a world holds whoever leads it', (strategy) => {
    const world = httpWorld(size);
    const rollout = planOn(world, desiredFor(world, { strategy }));
    const sayings = (moment: Moment): readonly string[] =>
      OTHERS.flatMap((rule) =>
        rule.check(moment, rollout).map(({ but }) => `${rule.name}: ${but}`),
      );
    for (const moment of explore(rollout, true).moments) {
      const before = sayings(moment);
      for (const each of ledByEach(moment.world)) {
        counted.worlds += 1;
        expect(sayings({ ...moment, world: each })).toEqual(before);
      }
    }
  });

  it.each(ROLLING)('%s: the rest is planned and proven from there', (strategy) => {
    const world = httpWorld(size);
    const desired = desiredFor(world, { strategy });
    const { worlds } = judgeAll(planOn(world, desired), undefined, desired);
    // Five members: every third world, three and five differ in how many may be down.
    for (const between of worlds.filter((_, index) => size < 5 || index % 3 === 0)) {
      for (const each of ledByEach(between)) {
        const unobserved = allPairs(each.members.map(({ name }) => name));
        const found = { ...each, unobserved };
        const { worlds: rest } = judgeAll(planOn(found, desired), undefined, desired);
        counted.plans += 1;
        expect(planOn(rest.at(-1) ?? found, desired).steps).toEqual([]);
      }
    }
  });
});

function ledByEach(world: World): readonly World[] {
  return upMembers(world).map(({ name }) => ({ ...world, leader: name }));
}
