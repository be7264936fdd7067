/** Turns a strategy's name into a migrated cluster and what that cost the clients at work on it. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { type LeaseReport, startLeaseKeeper } from '../../src/lab/lease-keeper.ts';
import { countRestarts } from '../../src/lab/restart-counter.ts';
import type { Strategy } from '../../src/model/desired.ts';
import type { CommandEnd } from './command.ts';
import { type Rig, withRig } from './lab-rig.ts';
import { tlsTrouble } from './tls-trouble.ts';
import { turns } from './turns.ts';

export interface Migrated {
  readonly run: CommandEnd;
  readonly leases: LeaseReport;
  /** Of all members together. */
  readonly restarts: number;
  /** Lines of the members' own logs, from the run alone, that tell of a refused or broken TLS link. */
  readonly tlsLines: readonly string[];
}

/** Two labs with clients keep two cores busy; more would measure the machine. */
const LABS_AT_ONCE = 2;
const inTurn = turns(LABS_AT_ONCE);

/** The whole rollout by the built command, with a writer and one lease through every member. */
export function migrate(
  strategy: Strategy,
  story: (rig: Rig, migrated: Migrated) => Promise<void>,
): Promise<void> {
  const plan = (text: string): string => {
    return text.replace('strategy: documented', `strategy: ${strategy}`);
  };
  return inTurn(() => withRig({ plan }, async (rig) => story(rig, await underClients(rig))));
}

async function underClients(rig: Rig): Promise<Migrated> {
  const before = await logs(rig);
  const keeper = startLeaseKeeper({ endpoints: rig.endpoints });
  const counter = await countRestarts(rig.lab.members);
  const run = await rig.run('run', '--yes');
  const counts = await counter.stop();
  const leases = await keeper.stop();
  const after = await logs(rig);
  const lines = after.flatMap((text, at) => text.slice(before[at]?.length).split('\n'));
  return {
    run,
    leases,
    restarts: [...counts.values()].reduce((sum, count) => sum + count, 0),
    tlsLines: lines.filter(tlsTrouble),
  };
}

function logs(rig: Rig): Promise<readonly string[]> {
  return Promise.all(
    rig.lab.members.map(({ folder }) => readFile(path.join(folder, 'etcd.log'), 'utf8')),
  );
}
