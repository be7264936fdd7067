/**
 * Goal: of every strategy a run that died can be brought back to its start. Method: the real engine on a
 * simulated cluster, dead before each journal line and each change outside; `rollback` must leave every
 * config file as it was, byte for byte, every URL and no file of ours. What is the default has its own suite.
 */

import { describe, expect, it } from 'vitest';
import { ROLLING, killedAt, rowOf, watched } from '../support/fault-matrix.ts';
import { SimCluster } from '../support/sim-cluster.ts';
import { isWhole, outcomeOf, reasonOf, rolledBack, startOf } from '../support/sim-runs.ts';
import { httpWorld } from '../support/worlds.ts';

const start = startOf(new SimCluster(httpWorld(3)));
const rows = await Promise.all(
  ROLLING.filter((each) => each !== 'documented').map((strategy) => rowOf(strategy)),
);

describe.each(rows)('$strategy, rolled back', ({ strategy, boundaries }) => {
  // Before the first line is durable there is no run, and nothing was touched.
  it.each(boundaries.slice(1))('after a death before act $index, $act', async (boundary) => {
    const killed = await killedAt(boundary);
    expect(killed.ended).toBeUndefined();
    const back = await rolledBack(killed, watched(killed.sim, strategy));
    expect(reasonOf(back)).toBe('');
    expect(back.ended?.exit).toBe(0);
    expect(outcomeOf(back)).toBe('rolled-back');
    expect(startOf(back.sim)).toEqual(start);
    expect(isWhole(back)).toBe(true);
  });
});
