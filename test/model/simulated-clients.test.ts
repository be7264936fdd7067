/**
 * Goal: peershift may die at any moment while it moves the clients. Method: the real engine on a simulated
 * cluster; everything in memory is dropped before each single act, and `resume` must reach the end of the
 * run that nobody interrupted, `rollback` its start, byte for byte.
 */

import { describe, expect, it } from 'vitest';

import type { DesiredSpec } from '../../src/model/desired.ts';
import { clientSpec, plainClients } from '../support/client-scope.ts';
import type { LifeOptions } from '../support/sim-life.ts';
import {
  type Story,
  endOf,
  isWhole,
  outcomeOf,
  reasonOf,
  resumed,
  rolledBack,
  runStory,
  startOf,
} from '../support/sim-runs.ts';
import { SimCluster } from '../support/sim-cluster.ts';

const world = plainClients();
const { clients, scope, cluster } = clientSpec(world);
const tls = {
  ca: '/home/op/pki/client-ca.pem',
  cert: '/home/op/pki/operator.pem',
  key: '/home/op/pki/operator-key.pem',
};
const MOVES: Partial<DesiredSpec> = {
  scope,
  cluster: { ...cluster, tls },
  ...(clients === undefined ? {} : { clients }),
};
const LIFE: LifeOptions = { desired: MOVES };

function dying(index: number): LifeOptions {
  return { ...LIFE, onAct: (_act, at) => (at === index ? 'die' : 'go on') };
}

const straight = await runStory(LIFE, world);
const START = startOf(new SimCluster(world));
/** Every act that is none of the journal's own: between two lines of it nothing changes. */
const acts = straight.life.acts.flatMap((act, index) => {
  return act.startsWith('journal') && index % 3 > 0 ? [] : [{ act, index }];
});

const everyOther = acts.filter((_act, at) => at % 2 === 1);

function clientSides({ sim }: Story): unknown {
  return sim.world.members.map(({ process }) => process?.client);
}

describe('a run that moves the clients, and that nobody interrupts', () => {
  it('ends with https alone and certificates asked for, and each member restarted twice', () => {
    expect(reasonOf(straight)).toBe('');
    expect(straight.ended?.exit).toBe(0);
    expect(JSON.stringify(clientSides(straight))).not.toContain('http:');
    const starts = straight.life.acts.filter((act) => act.startsWith('start'));
    expect(starts.sort()).toEqual([
      'start m1',
      'start m1',
      'start m2',
      'start m2',
      'start m3',
      'start m3',
    ]);
  });

  it('changes nothing of the peers', () => {
    const peers = straight.sim.world.members.map(({ process }) => process?.peer);
    expect(peers).toEqual(world.members.map(({ process }) => process?.peer));
    expect(straight.sim.updates).toEqual([]);
  });
});

describe('killed at any moment of it', () => {
  it.each(acts)('before act $index, $act: resume reaches the same end', async ({ index }) => {
    const again = await resumed(await runStory(dying(index), world), LIFE);
    expect(reasonOf(again)).toBe('');
    expect(again.ended?.exit).toBe(0);
    expect(endOf(again)).toEqual(endOf(straight));
    expect(clientSides(again)).toEqual(clientSides(straight));
  });

  it.each(everyOther)(
    'before act $index, $act: rollback brings the start back',
    async ({ index }) => {
      const killed = await runStory(dying(index), world);
      if (killed.state.runs.size === 0 || killed.state.entriesOf().length === 0) return;
      const back = await rolledBack(killed, LIFE);
      expect(reasonOf(back)).toBe('');
      expect(startOf(back.sim)).toEqual(START);
      expect(isWhole(back)).toBe(true);
    },
  );
});

describe('clients that do not move', () => {
  it('make the run pause with both schemes served, and it goes on when they have', async () => {
    const plain = { remote: '10.0.0.9:1', local: '10.0.0.2:2379', speaks: 'plain' as const };
    const held = await runStory((sim) => {
      sim.clients = [plain];
      return LIFE;
    }, world);
    expect(held.ended?.exit).toBe(4);
    expect(reasonOf(held)).toContain('CLIENTS_STILL_PLAIN: it still waits for 1 client');
    expect(outcomeOf(held)).toBe('paused');
    expect(held.sim.world.members.map(({ process }) => process?.client?.listen.length)).toEqual([
      2, 2, 2,
    ]);

    held.sim.clients = [];
    const again = await resumed(held, LIFE);
    expect(again.ended?.exit).toBe(0);
    expect(clientSides(again)).toEqual(clientSides(straight));
  });
});
