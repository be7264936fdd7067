/** Turns clusters of three to nine http members into the processor time that proving each strategy takes. */

import { prove as proveRollout } from '../../src/prove/prove.ts';
import { ROLLING } from '../support/exhaustive.ts';
import { desiredFor, plannedFor } from '../support/rollouts.ts';
import { backTo } from '../support/small-clusters.ts';
import { httpWorld } from '../support/worlds.ts';
import type { Bench, Figure } from './benches.ts';
import { median } from './watched.ts';

/** All strategies of nine members. */
const BOUND_MS = 250;
const ROUNDS = 15;

export const prove: Bench = {
  measures:
    'processor time to prove a rollout forward and back from every step, median of warm rounds',
  run: () => Promise.resolve({ figures: [3, 5, 7, 9].flatMap(figuresOf) }),
};

function figuresOf(size: number): readonly Figure[] {
  const rounds = Array.from({ length: ROUNDS }, () => ROLLING.map((each) => measured(size, each)));
  const each = ROLLING.map((strategy, at): Figure => {
    const value = median(rounds.map((round) => round[at] ?? 0));
    return { name: `${String(size)} members, ${strategy}`, value, unit: 'ms' };
  });
  const sums = rounds.map((round) => round.reduce((sum, ms) => sum + ms, 0));
  const all = { name: `${String(size)} members, all strategies`, value: median(sums), unit: 'ms' };
  const first = {
    name: `${String(size)} members, all, first round`,
    value: sums[0] ?? 0,
    unit: 'ms',
  };
  return [...each, size === 9 ? { ...all, bound: BOUND_MS } : all, first];
}

/** Other worlds each time: nothing that was worked out in an earlier round is found again by identity. */
function measured(size: number, strategy: (typeof ROLLING)[number]): number {
  const world = httpWorld(size);
  const desired = desiredFor(world, { strategy });
  const rollout = plannedFor(world, desired);
  const before = process.cpuUsage();
  const proven = proveRollout(rollout, {
    accept: [],
    rollbackFrom: backTo(rollout.start, desired),
  });
  const { user, system } = process.cpuUsage(before);
  if (!proven.ok) throw new Error(`${strategy}: ${proven.error.but}`);
  return (user + system) / 1000;
}
