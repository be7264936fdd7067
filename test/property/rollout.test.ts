/**
 * Goal: the laws of planning hold for any half-migrated cluster. Method: clusters of one to five members,
 * each plain, trusting or converted, led by anyone, in any order, by any strategy; a failing case prints
 * its seed.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DesiredSpec, STRATEGIES } from '../../src/model/desired.ts';
import { dial, dialMatrix } from '../../src/model/dial.ts';
import { memberName } from '../../src/model/ids.ts';
import { applyStep } from '../../src/model/laws.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { linkedMajority } from '../../src/model/steps/settle.ts';
import { type World, allPairs, isUp, pairKey } from '../../src/model/world.ts';
import { desiredFor } from '../support/rollouts.ts';
import { planBack, planOn } from '../support/small-clusters.ts';
import { httpWorld, memberNames, withDown, withTls, withTrust } from '../support/worlds.ts';

type Stage = 'plain' | 'trusting' | 'converted';

interface Case {
  readonly world: World;
  readonly desired: DesiredSpec;
  /** The same members in another order of the plan file. */
  readonly shuffled: DesiredSpec;
}

const strategies = STRATEGIES.filter((strategy) => strategy !== 'rebuild');
const stages: readonly Stage[] = ['plain', 'trusting', 'converted'];

const cases: fc.Arbitrary<Case> = fc.constantFrom(1, 2, 3, 5).chain((size) => {
  const names = memberNames(size).map(memberName);
  return fc
    .record({
      stages: fc.array(fc.constantFrom(...stages), { minLength: size, maxLength: size }),
      leader: fc.constantFrom(...names, undefined),
      strategy: fc.constantFrom(...strategies),
      order: fc.option(fc.shuffledSubarray(names, { minLength: size, maxLength: size })),
      planFile: fc.shuffledSubarray(names, { minLength: size, maxLength: size }),
      isSeen: fc.boolean(),
    })
    .map((given) => {
      const mixed = names.reduce<World>((world, name, index) => {
        const stage = given.stages[index];
        if (stage === 'plain') return world;
        return stage === 'trusting' ? withTrust(world, name) : withTls(world, name);
      }, httpWorld(size));
      const unobserved = given.isSeen ? [] : allPairs(names);
      const world = { ...mixed, leader: given.leader, unobserved };
      const desired = desiredFor(world, {
        strategy: given.strategy,
        order: given.order ?? undefined,
      });
      const members = given.planFile.flatMap((name) =>
        desired.members.filter((member) => member.name === name),
      );
      return { world, desired, shuffled: { ...desired, members } };
    });
});

function endOf(rollout: Rollout): World {
  return rollout.steps.reduce(applyStep, rollout.start);
}

/** What the laws speak of: settings, lists and processes, not what was probed or who leads. */
function gist(world: World): unknown {
  return world.members.map(({ name, disk, process }) => {
    return { name, settings: disk.settings, process, urls: world.record[name] };
  });
}

describe('a plan', () => {
  it('is the same, byte for byte, when it is made twice', () => {
    fc.assert(
      fc.property(cases, ({ world, desired }) => {
        expect(JSON.stringify(planOn(world, desired))).toBe(JSON.stringify(planOn(world, desired)));
      }),
    );
  });

  it('does not depend on the order of the members in the plan file', () => {
    fc.assert(
      fc.property(cases, ({ world, desired, shuffled }) => {
        const [one, other] = [planOn(world, shuffled), planOn(world, desired)];
        expect(one.steps.map(({ id }) => id)).toEqual(other.steps.map(({ id }) => id));
        expect(JSON.stringify(one.steps)).toBe(JSON.stringify(other.steps));
      }),
    );
  });

  it('leads to its goal, and from there nothing is left to do', () => {
    fc.assert(
      fc.property(cases, ({ world, desired }) => {
        const rollout = planOn(world, desired);
        const end = endOf(rollout);
        for (const { member, urls } of rollout.goal) expect(end.record[member]).toEqual(urls);
        expect([...dialMatrix(end).values()].every(({ can }) => can === 'yes')).toBe(true);
        expect(planOn({ ...end, unobserved: [] }, desired).steps).toEqual([]);
      }),
    );
  });

  it('has ids that are unlike each other, and groups that are not parted', () => {
    fc.assert(
      fc.property(cases, ({ world, desired }) => {
        const { steps } = planOn(world, desired);
        expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
        const runs = steps.flatMap(({ group }, index) => {
          return group === undefined || steps[index - 1]?.group === group ? [] : [group];
        });
        expect(new Set(runs).size).toBe(runs.length);
      }),
    );
  });
});

describe('certificates', () => {
  it('are on every host before any member is restarted, stopped or told of', () => {
    fc.assert(
      fc.property(cases, ({ world, desired }) => {
        const { steps } = planOn(world, desired);
        const last = steps.findLastIndex(({ kind }) => kind === 'install-certificates');
        const kinds = ['restart-member', 'stop-member', 'configure-member', 'advertise-peer'];
        const first = steps.findIndex((step) => {
          // What a person has stopped, or a mix has cut off, is brought back first.
          return kinds.includes(step.kind) && step.phase !== 'repair';
        });
        expect(first === -1 || last < first).toBe(true);
      }),
    );
  });
});

describe('the way back', () => {
  it('from the end of a plan brings back its start', () => {
    fc.assert(
      fc.property(cases, ({ world, desired }) => {
        const end = { ...endOf(planOn(world, desired)), unobserved: [] };
        const home = endOf(planBack(world, end, desired));
        expect(gist(home)).toEqual(gist(world));
      }),
    );
  });

  it('from the start itself moves at most a leader that not all can dial', () => {
    fc.assert(
      fc.property(cases, ({ world, desired }) => {
        const { steps } = planBack(world, { ...world, unobserved: [] }, desired);
        expect(steps.filter(({ kind }) => kind !== 'transfer-leader')).toEqual([]);
      }),
    );
  });
});

describe('the answers of a world', () => {
  it('are those that each dial gives by itself, whatever was asked of other worlds before', () => {
    fc.assert(
      fc.property(cases, fc.nat(4), fc.nat(1), ({ world, desired }, downAt, isBlocked) => {
        const worlds = [world];
        for (const step of planOn(world, desired).steps) {
          worlds.push(applyStep(worlds.at(-1) ?? world, step));
        }
        const victim = world.members[downAt % world.members.length]?.name ?? 'm1';
        const blocked = isBlocked === 1 ? allPairs(['m1', victim]) : [];
        for (const each of worlds.flatMap((one) => [one, withDown({ ...one, blocked }, victim)])) {
          const fresh = structuredClone(each);
          const alone = fresh.members.flatMap((from) =>
            fresh.members
              .filter((to) => to !== from && isUp(from) && isUp(to))
              .map((to) => [pairKey(from.name, to.name), dial(fresh, from, to)] as const),
          );
          expect(Object.fromEntries(dialMatrix(each))).toEqual(Object.fromEntries(alone));
          expect([...(linkedMajority(each) ?? [])]).toEqual([...(linkedMajority(fresh) ?? [])]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
