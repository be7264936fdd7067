/**
 * Goal: from wherever a rescue ends or dies there is a way on that can be proven, back included. Method: dead
 * clusters for all its means, each point of the rescue, and each member that could be elected there.
 */

import { describe, expect, it } from 'vitest';
import { started } from '../../src/model/steps/restart-member.ts';
import { type World, isUp } from '../../src/model/world.ts';
import { prove } from '../../src/prove/prove.ts';
import { ROLLING } from '../support/exhaustive.ts';
import { BY_AUTO_TLS, type DeadCluster, deadClusters, rescueEnds } from '../support/rescue-ends.ts';
import { desiredFor } from '../support/rollouts.ts';
import { backTo, planOn } from '../support/small-clusters.ts';

const STRATEGIES: string[] = [...ROLLING];

/** The first strategy that is proven from this world; what the last one was refused for, when none is. */
function wayOn(world: World): string {
  let refusal = '';
  for (const strategy of ROLLING) {
    const desired = desiredFor(world, { strategy });
    const proven = prove(planOn(world, desired), {
      accept: [],
      rollbackFrom: backTo(world, desired),
    });
    if (proven.ok) return strategy;
    refusal = `${proven.error.where}: ${proven.error.but}`;
  }
  return refusal;
}

function wholeEnds(dead: DeadCluster): readonly World[] {
  return rescueEnds(dead).flatMap(({ world, isWhole }) => (isWhole ? [world] : []));
}

/** Stopped members come back by hand; without quorum they are a rescue's own matter. */
function withAllUp(world: World): World {
  return world.members.reduce((each, member) => {
    return isUp(member) ? each : started(each, member.name);
  }, world);
}

const all = deadClusters(3);
const rollable = all.filter(({ name }) => name !== BY_AUTO_TLS);

describe('where a rescue of three members ends', () => {
  it.each(rollable)('$name: a strategy is proven from there, and back to there', (dead) => {
    const ends = wholeEnds(dead);
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) {
      if (end.members.every(isUp)) {
        expect(wayOn(end)).toBeOneOf(STRATEGIES);
        continue;
      }
      const again = wholeEnds({ ...dead, world: withAllUp(end) });
      for (const world of again) expect(wayOn(world)).toBeOneOf(STRATEGIES);
    }
  });

  it('peer-auto-tls: no strategy leads on, and the refusal names what its peers see', () => {
    const dead = all.find(({ name }) => name === BY_AUTO_TLS);
    const ends = dead === undefined ? [] : wholeEnds(dead);
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) expect(wayOn(end)).toContain('self-signed');
  });
});

describe('where a rescue of three members dies', () => {
  it.each(rollable)('$name: from the end of another one a strategy is proven', (dead) => {
    for (const { world, isWhole } of rescueEnds(dead)) {
      if (isWhole) continue;
      const [end] = wholeEnds({ ...dead, world: withAllUp(world) });
      expect(end === undefined ? '' : wayOn(end)).toBeOneOf(STRATEGIES);
    }
  });
});

describe('where a rescue of five members ends', () => {
  it.each(deadClusters(5).filter(({ name }) => name !== BY_AUTO_TLS))(
    '$name: a strategy is proven from there, and back to there',
    (dead) => {
      const [end] = wholeEnds(dead);
      expect(end).toBeDefined();
      if (end === undefined) return;
      const [again] = wholeEnds({ ...dead, world: withAllUp(end) });
      expect(again === undefined ? '' : wayOn(again)).toBeOneOf(STRATEGIES);
    },
  );
});
