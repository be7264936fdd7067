/** Walks every world of a rollout: before and after each step, half done, and with each member crashed or back. */

import type { Mishap, Moment } from '../model/invariant.ts';
import { applyStep, gatePassed, lawOf } from '../model/laws.ts';
import type { Rollout } from '../model/rollout.ts';
import { fired } from '../model/steps/arm-dead-man.ts';
import { started, stopped } from '../model/steps/restart-member.ts';
import type { Step } from '../model/step.ts';
import { type World, upMembers } from '../model/world.ts';

export interface Walk {
  /** `worlds[i]` is what step i expects; the last one is the end, or where the walk stopped. */
  readonly worlds: readonly World[];
  readonly moments: readonly Moment[];
}

/**
 * `withMishaps`: also the worlds in which a member crashes, and those in which it is back. The walk stops
 * where all that lies ahead of step `index` in this world was walked before.
 */
export function explore(
  rollout: Rollout,
  withMishaps: boolean,
  wasWalked: (world: World, index: number) => boolean = () => false,
): Walk {
  const worlds: World[] = [rollout.start];
  const moments: Moment[] = [momentOf(rollout, rollout.start, -1, 'start')];
  if (withMishaps) moments.push(...crashes(rollout, rollout.start, -1, 'start'));
  let world = rollout.start;
  for (const [index, step] of rollout.steps.entries()) {
    if (wasWalked(world, index)) return { worlds, moments };
    moments.push(momentOf(rollout, world, index, 'before'));
    for (const half of lawOf(step).halfway(world, step)) {
      moments.push(momentOf(rollout, half, index, 'halfway'));
      if (withMishaps) moments.push(...crashes(rollout, half, index, 'halfway'));
    }
    const after = applyStep(world, step);
    moments.push(momentOf(rollout, after, index, 'after'));
    if (withMishaps && changesWorld(step)) moments.push(...crashes(rollout, after, index, 'after'));
    world = gatePassed(after, step);
    worlds.push(world);
  }
  moments.push(momentOf(rollout, world, rollout.steps.length - 1, 'end'));
  return { worlds, moments };
}

function changesWorld(step: Step): boolean {
  return step.kind !== 'take-snapshot' && step.kind !== 'issue-certificates';
}

/**
 * Each up member crashes and stays down, or comes back from its disk with the list it had. Where a dead-man is
 * armed it goes off; whoever has lost touch with the host leaves that world behind, so the others may crash in
 * it as well.
 */
function crashes(
  rollout: Rollout,
  world: World,
  index: number,
  kind: Moment['kind'],
): readonly Moment[] {
  const found = (at: World, mishap: Mishap): Moment => ({
    ...momentOf(rollout, at, index, kind),
    mishap,
  });
  const plain = crashesIn(world).map(([at, mishap]) => found(at, mishap));
  const { armed } = world;
  if (armed === undefined) return plain;
  const after = fired(world);
  const others = crashesIn(after).filter(([, { member }]) => member !== armed.member);
  return [
    ...plain,
    found(after, { member: armed.member, isBack: true, fired: armed.member }),
    ...others.map(([at, mishap]) => found(at, { ...mishap, fired: armed.member })),
  ];
}

function crashesIn(world: World): readonly (readonly [World, Mishap])[] {
  return upMembers(world).flatMap(({ name }): readonly (readonly [World, Mishap])[] => {
    const down = stopped(world, name);
    return [
      [down, { member: name, isBack: false }],
      [started(down, name), { member: name, isBack: true }],
    ];
  });
}

function momentOf(rollout: Rollout, world: World, index: number, kind: Moment['kind']): Moment {
  const step = rollout.steps[index];
  // The window of a step covers the worlds that it makes, and the one that the next step starts from.
  const window =
    kind === 'end' || kind === 'start'
      ? undefined
      : rollout.windows.find((each) => each.phase === step?.phase);
  return { world, index, step, kind, mishap: undefined, window };
}
