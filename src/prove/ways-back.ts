/** Turns the worlds of a walk into the count of worlds on the ways back from them, or into why one has none. */

import { numberOf } from '../base/canonical.ts';
import { type Result, err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { Invariant } from '../model/invariant.ts';
import { say } from '../model/laws.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Step } from '../model/step.ts';
import type { World } from '../model/world.ts';
import { worldKey } from '../model/world-key.ts';
import { refusalOf, shortest } from './counterexample.ts';
import { type Walk, explore } from './explore.ts';
import { judge, unmetNeeds } from './judge.ts';

/** The rollout back from a world to where the run began. */
export type RollbackFrom = (world: World) => Result<Rollout, readonly Failure[]>;

export interface WaysBackInput {
  readonly accept: readonly string[];
  readonly rules: readonly Invariant[];
  readonly rollbackFrom: RollbackFrom;
  /** What the run's own start broke: a way back may end as the run began. */
  readonly before: ReadonlySet<string>;
}

/** From every world between two steps a rollout back exists and keeps the same rules. */
export function proveWaysBack(
  rollout: Rollout,
  walk: Walk,
  input: WaysBackInput,
): Result<number, Failure> {
  const walked: Walked = { counts: new Map(), rests: new Map() };
  let worldCount = 0;
  for (const [index, world] of walk.worlds.entries()) {
    const back = input.rollbackFrom(world);
    const failure = back.ok ? undefined : back.error[0];
    if (!back.ok)
      return err(noWayBack(rollout, index, { but: failure?.but ?? 'no steps lead back' }));
    const count = proveOne(back.value, input, walked);
    if (!count.ok) return err(noWayBack(rollout, index, count.error));
    worldCount += count.value;
  }
  return ok(worldCount);
}

/** What stands against a way back. */
type Broken = Pick<Failure, 'but' | 'story'>;

/** What was walked and broke no rule: the count of its worlds, by the world and the steps ahead. */
interface Walked {
  readonly counts: Map<string, number>;
  /** A number for each different rest of steps. */
  readonly rests: Map<string, number>;
}

/**
 * Ways back join: from one world later the same steps lead on from the same worlds. What a rule says of a
 * moment follows from its world, its step and the next one, the step's window, (rule groups) from whether
 * the step's group stood earlier, and (rule back-at-start) from the goal; all of that is in the key of a
 * world and the steps ahead. So where such a rest was walked once and nothing in it broke a rule, with or
 * without leave, nothing can break one now, whatever way led there. A rule that looked further back would
 * have to add to the key.
 */
function proveOne(
  back: Rollout,
  { rules, accept, before }: WaysBackInput,
  { counts, rests }: Walked,
): Result<number, Broken> {
  const ahead = restsOf(back, rests);
  const keyOf = (world: World, index: number): string =>
    `${String(ahead[index] ?? '')} ${worldKey(world)}`;
  const walk = explore(back, false, (world, index) => counts.has(keyOf(world, index)));
  const unmet = unmetNeeds(back, walk);
  if (unmet !== undefined) return err({ but: unmet.but });
  const { open, lastBreach } = judge(back, walk.moments, rules, accept, before);
  const worst = shortest(open);
  if (worst !== undefined) {
    const { where, but, story } = refusalOf(worst, back);
    const lines = ['on the way back from there:', ...(story?.lines ?? [])];
    return err({
      but: `the way back breaks a rule ${where}: ${but}`,
      ...(story === undefined ? {} : { story: { ...story, lines } }),
    });
  }
  const reached = walk.worlds.length - 1;
  const last = walk.worlds[reached];
  const isWhole = reached === back.steps.length;
  const known = last === undefined || isWhole ? 0 : (counts.get(keyOf(last, reached)) ?? 0);
  let behind = walk.moments.length;
  for (let index = reached - 1; index > lastBreach && index >= 0; index--) {
    // Moments stand in the order of their steps.
    while (behind > 0 && (walk.moments[behind - 1]?.index ?? -1) >= index) behind -= 1;
    const world = walk.worlds[index];
    const count = walk.moments.length - behind + known;
    if (world !== undefined) counts.set(keyOf(world, index), count);
  }
  return ok(walk.moments.length + known);
}

/** For each step a number of it and all behind it: equal numbers, equal steps. */
function restsOf({ steps, windows, goal }: Rollout, rests: Map<string, number>): readonly number[] {
  const seen = new Set<string>();
  const keys = steps.map((step, index) => {
    const { group } = step;
    const isParted = group !== undefined && group !== steps[index - 1]?.group && seen.has(group);
    if (group !== undefined) seen.add(group);
    return `${String(isParted)} ${stepKey(step)}`;
  });
  let rest = 0;
  const numbers = [...keys].reverse().map((key) => {
    const text = `${String(rest)} ${String(numberOf(windows))} ${String(numberOf(goal))} ${key}`;
    rest = rests.get(text) ?? rests.size + 1;
    rests.set(text, rest);
    return rest;
  });
  return numbers.reverse();
}

/** All of a step but what only people read; of its group see above, and of its gate what it sees. */
function stepKey({ after, ...step }: Step): string {
  const seen = after?.checks.join() ?? '';
  switch (step.kind) {
    case 'configure-member':
      return `${seen} ${step.kind} ${step.member} ${step.phase} ${String(numberOf(step.changes))} ${String(step.restoresOriginal)}`;
    case 'restart-member':
    case 'stop-member':
    case 'start-member':
      return `${seen} ${step.kind} ${step.member} ${step.phase}`;
    default:
      return `${seen} ${JSON.stringify({ ...step, id: '', why: '', group: '' })}`;
  }
}

function noWayBack(rollout: Rollout, index: number, { but, story }: Broken): Failure {
  const step = rollout.steps[index - 1];
  return {
    code: 'UNSAFE_ROLLOUT',
    where:
      index === 0
        ? 'at the start'
        : `after step ${String(index)} of ${String(rollout.steps.length)}`,
    would: step === undefined ? 'begin the rollout' : say(step),
    but: `${but} (rule way-back)`,
    so: 'a failure there could not be undone; nothing has been changed',
    remedy: 'bring the cluster to a healthy state first, then plan again',
    ...(story === undefined ? {} : { story }),
  };
}
