/** The rebuild: proven on its own, from clusters that others left half-migrated, and back from each of its steps. */

import { describe, expect, it } from 'vitest';
import { dialMatrix } from '../../src/model/dial.ts';
import { say } from '../../src/model/laws.ts';
import { quorumOf } from '../../src/model/quorum.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import { stopped } from '../../src/model/steps/restart-member.ts';
import { linkedMajority } from '../../src/model/steps/settle.ts';
import { type World, upMembers } from '../../src/model/world.ts';
import { prove } from '../../src/prove/prove.ts';
import { isWhole } from '../support/exhaustive.ts';
import { mixText, mixedWorldOf, mixesOf } from '../support/mixes.ts';
import { desiredFor } from '../support/rollouts.ts';
import { backTo, planBack, planOn } from '../support/small-clusters.ts';
import { httpWorld } from '../support/worlds.ts';

const DOWNTIME = ['downtime', 'hand-over'];

function provenOn(world: World, start = world, accept = DOWNTIME): ProvenRollout {
  const desired = desiredFor(world, { strategy: 'rebuild' });
  const rollout = planOn(world, desired);
  const proven = prove(rollout, { accept, rollbackFrom: backTo(start, desired) });
  if (!proven.ok) {
    const steps = rollout.steps
      .map((step, index) => `${String(index + 1)} ${say(step)}`)
      .join('\n');
    throw new Error(`${proven.error.where}: ${proven.error.but}\n${steps}`);
  }
  return proven.value;
}

describe('a rebuild', () => {
  it.each([1, 2, 3, 5])('of %i members stops all of them once and breaks no other rule', (size) => {
    const { rollout, worlds, proof } = provenOn(httpWorld(size));
    const stops = rollout.steps.filter(({ kind }) => /restart|stop|start/u.test(kind));
    expect(stops.map(({ kind }) => kind)).toEqual(['restart-together']);
    expect(proof.windows).toEqual([]);
    expect(new Set(proof.accepted.map(({ rule }) => rule))).toEqual(new Set(['downtime']));
    const end = worlds.at(-1);
    expect([...dialMatrix(end ?? httpWorld())].every(([, { can }]) => can === 'yes')).toBe(true);
    expect(Object.values(end?.record ?? {}).flat()).toEqual(
      rollout.goal.flatMap(({ urls }) => urls),
    );
  });

  it('is refused where nobody took the downtime', () => {
    expect(() => provenOn(httpWorld(3), httpWorld(3), [])).toThrow(
      /0 of 3 members would be up|2 of 3|1 of 3/u,
    );
  });

  it('goes back from every world with the settings of the start, whoever is down by then', () => {
    const start = httpWorld(3);
    const { worlds } = provenOn(start);
    const desired = desiredFor(start, { strategy: 'rebuild' });
    for (const world of worlds) {
      const back = prove(planBack(start, world, desired), {
        accept: DOWNTIME,
        rollbackFrom: undefined,
      });
      expect(back.ok).toBe(true);
    }
  });

  it('leads on and back from each world that its stop and start can leave', () => {
    const start = httpWorld(3);
    const { rollout, worlds } = provenOn(start);
    const index = rollout.steps.findIndex(({ kind }) => kind === 'restart-together');
    const [before, after] = [worlds[index] ?? start, worlds[index + 1] ?? start];
    const desired = desiredFor(start, { strategy: 'rebuild' });
    for (const some of [
      [],
      ['m1'],
      ['m2'],
      ['m3'],
      ['m1', 'm2'],
      ['m2', 'm3'],
      ['m1', 'm2', 'm3'],
    ]) {
      for (const world of [some.reduce(stopped, before), some.reduce(stopped, after)]) {
        const on = planOn(world, desired);
        const back = planBack(start, world, desired);
        for (const rollout of [on, back]) {
          const proven = prove(rollout, { accept: DOWNTIME, rollbackFrom: undefined });
          expect(proven.ok ? '' : proven.error.but, some.join()).toBe('');
        }
      }
    }
  });

  it('is proven from every whole mix of two and three members with quorum', () => {
    let count = 0;
    for (const size of [2, 3]) {
      for (const mix of mixesOf(size).filter(isWhole)) {
        const world = mixedWorldOf(mix, 0);
        const up = upMembers(world).length;
        if (up < quorumOf(size) || linkedMajority(world) === undefined) continue;
        expect(() => provenOn(world), mixText(mix, world)).not.toThrow();
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(100);
  });
});
