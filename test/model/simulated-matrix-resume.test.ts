/**
 * Goal: of every strategy a run may die at any moment. Method: the real engine on a simulated cluster, dead
 * before each journal line and each change outside; `resume` must reach the end of the run that nobody
 * interrupted, and at each act a majority can commit. What is the default has a suite of its own.
 */

import { describe, expect, it } from 'vitest';
import { ROLLING, killedAt, rowOf, watched } from '../support/fault-matrix.ts';
import { endOf, isWhole, outcomeOf, reasonOf, resumed } from '../support/sim-runs.ts';

const rows = await Promise.all(
  ROLLING.filter((each) => each !== 'documented').map((strategy) => rowOf(strategy)),
);

describe.each(rows)('$strategy, killed at any moment', ({ strategy, straight, boundaries }) => {
  it('ends well when it is not', () => {
    expect(reasonOf(straight)).toBe('');
    expect(outcomeOf(straight)).toBe('done');
    expect(isWhole(straight)).toBe(true);
  });

  it.each(boundaries)('before act $index, $act: resume reaches the same end', async (boundary) => {
    const killed = await killedAt(boundary);
    expect(killed.ended).toBeUndefined();
    const again = await resumed(killed, watched(killed.sim, strategy));
    expect(reasonOf(again)).toBe('');
    expect(again.ended?.exit).toBe(0);
    expect(endOf(again)).toEqual(endOf(straight));
    expect(isWhole(again)).toBe(true);
  });
});
