/** Goal: of a way back what needs no API is planned alone, with its own gate, and is proven. */

import { describe, expect, it } from 'vitest';
import type { Strategy } from '../../../src/model/desired.ts';
import { FLAG } from '../../../src/model/settings.ts';
import type { Rollout } from '../../../src/model/rollout.ts';
import { type World, allPairs } from '../../../src/model/world.ts';
import { orderOf } from '../../../src/plan/order.ts';
import { planBlindBack } from '../../../src/plan/plan-blind.ts';
import { owned } from '../../../src/plan/target.ts';
import { prove } from '../../../src/prove/prove.ts';
import { desiredFor, provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const start = httpWorld(3);

/** As the API's silence leaves it: no leader is known, no link was seen. */
function worldAfter(strategy: Strategy, phase: string): World {
  const { rollout, worlds } = provenFor(start, desiredFor(start, { strategy }), 'forward only');
  const last = rollout.steps.findLastIndex((step) => step.phase === phase);
  const world = worlds[last + 1];
  if (world === undefined || last < 0) throw new Error(`no phase ${phase}`);
  return { ...world, leader: undefined, unobserved: allPairs(['m1', 'm2', 'm3']) };
}

function blindFrom(world: World, strategy: Strategy): Rollout {
  const desired = desiredFor(start, { strategy });
  const planned = planBlindBack({
    world,
    goal: start.members.map(({ name, disk }) => {
      return { member: name, urls: start.record[name] ?? [], settings: owned(disk.settings) };
    }),
    order: orderOf(desired, start),
    gates: desired.gates,
    strategy,
    planName: desired.name,
    clusterId: 'c1',
    installed: {},
  });
  if (!planned.ok) throw new Error(planned.error[0]?.but);
  return planned.value;
}

const kinds = ({ steps }: Rollout): readonly string[] => steps.map(({ kind }) => kind);

describe('without an API', () => {
  it.each(['switch', 'announce'])('dual-url goes back by listeners alone, after %s', (phase) => {
    const rollout = blindFrom(worldAfter('dual-url', phase), 'dual-url');
    const perMember = ['configure-member', 'restart-member'];
    const members = phase === 'switch' ? 3 : 0;
    expect(kinds(rollout)).toEqual([
      'check-links',
      ...Array.from({ length: members }, () => perMember).flat(),
    ]);
    const proven = prove(rollout, { accept: [], rollbackFrom: undefined });
    if (!proven.ok) throw new Error(`${proven.error.where}: ${proven.error.but}`);
    const end = proven.value.worlds.at(-1);
    expect(end?.members.map(({ process }) => process?.peer.listen.join())).toEqual([
      'http://10.0.0.1:2380',
      'http://10.0.0.2:2380',
      'http://10.0.0.3:2380',
    ]);
    expect(end?.record).toEqual(rollout.start.record);
  });

  it('asks in each gate for processes, peer ports and logs, and for nothing of the API', () => {
    const { steps } = blindFrom(worldAfter('dual-url', 'switch'), 'dual-url');
    const gates = steps.flatMap(({ after }) => (after === undefined ? [] : [after.checks]));
    expect(gates.length).toBe(4);
    for (const checks of gates) expect(checks).toEqual(['peer-ports', 'logs']);
  });

  it('stops before the first member update: from strict on there is nothing but a look', () => {
    expect(kinds(blindFrom(worldAfter('dual-url', 'strict'), 'dual-url'))).toEqual(['check-links']);
    const rollout = blindFrom(worldAfter('documented', 'members'), 'documented');
    expect(kinds(rollout)).toEqual(['check-links']);
  });

  it('has as its goal what it reaches, with both URLs, and says what cannot be seen', () => {
    const { goal, assumptions } = blindFrom(worldAfter('dual-url', 'switch'), 'dual-url');
    expect(goal[0]?.urls).toEqual(['http://10.0.0.1:2380', 'https://10.0.0.1:2380']);
    expect(goal[0]?.settings[FLAG.listenPeerUrls]).toBe('http://10.0.0.1:2380');
    expect(assumptions.join()).toContain('data and health cannot be seen');
  });
});
