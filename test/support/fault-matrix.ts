/** Turns a strategy into the moments at which a simulated run of it may die, and says what must hold in each. */

import { STRATEGIES, type Strategy } from '../../src/model/desired.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { LifeOptions } from './sim-life.ts';
import { type Story, runStory } from './sim-runs.ts';

/** `rebuild` has no rolling order. */
export const ROLLING: readonly Strategy[] = STRATEGIES.filter((each) => each !== 'rebuild');

export interface Boundary {
  readonly strategy: Strategy;
  /** Of the act that is not done any more; the one before it was. */
  readonly index: number;
  readonly act: string;
}

export interface Row {
  readonly strategy: Strategy;
  readonly straight: Story;
  /** Before and after each journal line and each change outside, the first line's beginning included. */
  readonly boundaries: readonly Boundary[];
}

/** The run that nobody interrupts, and each moment of it. */
export async function rowOf(strategy: Strategy): Promise<Row> {
  const straight = await runStory({ desired: { strategy } });
  const boundaries = straight.life.acts.map((act, index) => ({ strategy, index, act }));
  return { strategy, straight, boundaries };
}

/** The same run up to that act, under a watch on its quorum. */
export function killedAt({ strategy, index }: Boundary): Promise<Story> {
  return runStory((sim) => ({
    ...watched(sim, strategy),
    onAct: (_act, at) => {
      expectQuorum(sim);
      return at === index ? 'die' : 'go on';
    },
  }));
}

/** Another life of the same plan; each of its acts finds a majority that can commit. */
export function watched(sim: SimCluster, strategy: Strategy): LifeOptions {
  return {
    desired: { strategy },
    onAct: () => {
      expectQuorum(sim);
      return 'go on';
    },
  };
}

/** A write that a majority has acknowledged is lost only with that majority. */
function expectQuorum(sim: SimCluster): void {
  const needed = Math.floor(sim.members.length / 2) + 1;
  const { size } = sim.majority;
  if (size < needed) throw new Error(`only ${String(size)} members can commit`);
}
