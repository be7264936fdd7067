/** Turns a world, and a step about to be taken there, into the moment that a rule is asked about. */

import type { Invariant, Moment } from '../../src/model/invariant.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import type { Step } from '../../src/model/step.ts';
import type { World } from '../../src/model/world.ts';
import { plannedFor } from './rollouts.ts';
import { httpWorld } from './worlds.ts';

export function momentOf(world: World, changes: Partial<Moment> = {}): Moment {
  const none = { index: 0, step: undefined, mishap: undefined, window: undefined };
  return { world, kind: 'after', ...none, ...changes };
}

/** A rollout of these steps alone. */
export function rolloutOf(steps: readonly Step[] = []): Rollout {
  return { ...plannedFor(httpWorld(3)), steps };
}

/** What the rule holds against the moment: `subject: but`, a line each. */
export function breaches(
  rule: Invariant,
  moment: Moment,
  rollout = rolloutOf(),
): readonly string[] {
  return rule.check(moment, rollout).map(({ subject, but }) => `${subject}: ${but}`);
}

/** Before this step, in this world. */
export function before(world: World, step: Step): Moment {
  return momentOf(world, { kind: 'before', step });
}
