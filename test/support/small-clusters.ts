/** Turns a simulated world into rollouts forward and back, and each rollout into a proven one or an error. */

import type { DesiredSpec } from '../../src/model/desired.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import type { World } from '../../src/model/world.ts';
import { orderOf } from '../../src/plan/order.ts';
import { type RollbackInput, planRollback } from '../../src/plan/plan-rollback.ts';
import { planRollout } from '../../src/plan/plan-rollout.ts';
import { owned } from '../../src/plan/target.ts';
import { prove } from '../../src/prove/prove.ts';
import { CLUSTER_ID } from './observed.ts';
import { materialFor } from './rollouts.ts';

/** What the planner makes of this world; it must make something. */
export function planOn(world: World, desired: DesiredSpec): Rollout {
  const planned = planRollout({
    desired,
    world,
    material: { ...materialFor(world), mustMakeAuthority: false },
    clusterId: CLUSTER_ID,
    hasBackup: true,
  });
  if (!planned.ok) throw new Error(planned.error.map((failure) => failure.but).join('; '));
  return planned.value;
}

/** The steps from `from` back to `start`. */
export function planBack(start: World, from: World, desired: DesiredSpec): Rollout {
  const planned = planRollback(wayBack(start, from, desired));
  if (!planned.ok) throw new Error(planned.error.map((failure) => failure.but).join('; '));
  return planned.value;
}

/** The planner of ways back to this start. */
export function backTo(
  start: World,
  desired: DesiredSpec,
): (from: World) => ReturnType<typeof planRollback> {
  const base = wayBack(start, start, desired);
  return (world) => planRollback({ ...base, world });
}

/** Proven, with its ways back to `start` where that is given; a refusal is thrown with its words. */
export function judgeAll(
  rollout: Rollout,
  start: World | undefined,
  desired: DesiredSpec,
): ProvenRollout {
  const accept = rollout.start.members.length <= 2 ? ['downtime', 'hand-over'] : [];
  const rollbackFrom = start === undefined ? undefined : backTo(start, desired);
  const proven = prove(rollout, { accept, rollbackFrom });
  if (!proven.ok) {
    const { where, would, but } = proven.error;
    throw new Error(`${where}, would ${would}: ${but}\n${storyOf(rollout)}`);
  }
  return proven.value;
}

/** The steps, one a line. */
function storyOf(rollout: Rollout): string {
  return rollout.steps.map((step, index) => `${String(index + 1)} ${step.id}`).join('\n');
}

function wayBack(start: World, from: World, desired: DesiredSpec): RollbackInput {
  return {
    world: from,
    goal: start.members.map(({ name, disk }) => ({
      member: name,
      urls: start.record[name] ?? [],
      settings: owned(disk.settings),
    })),
    order: orderOf(desired, start),
    gates: desired.gates,
    strategy: desired.strategy,
    planName: desired.name,
    clusterId: CLUSTER_ID,
    installed: {},
  };
}
