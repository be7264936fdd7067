/**
 * arm-dead-man and disarm-dead-man: a timed way back is left on a member's host before its settings change, and
 * taken away behind the gate; `fired` is the world after it went off.
 */

import { durationText } from '../../base/duration.ts';
import { loadDisk } from '../load.ts';
import { type Settings, decidedFlags, oneSettings } from '../settings.ts';
import type { ArmDeadMan, DisarmDeadMan, StepLaw } from '../step.ts';
import { type MemberWorld, type World, memberOf, withMember } from '../world.ts';
import { started, stopped } from './restart-member.ts';

export const armDeadMan: StepLaw<ArmDeadMan> = {
  say: (step) => `arm the dead-man of ${step.member} (${durationText(step.afterMs)})`,
  place: (step) => step.member,
  needs: (world, step) => {
    const { armed } = world;
    if (armed !== undefined)
      return [`the dead-man of ${armed.member} is armed, and one at a time is`];
    const member = memberOf(world, step.member);
    const loaded = loadDisk(diskAfter(member, step.settings), member.version);
    return loaded.ok ? [] : [`${step.member} would not start after its dead-man: ${loaded.error}`];
  },
  apply: (world, { member, settings }) => ({ ...world, armed: { member, settings } }),
  halfway: () => [],
  undo: () => 'disarm it',
};

export const disarmDeadMan: StepLaw<DisarmDeadMan> = {
  say: (step) => `disarm the dead-man of ${step.member}, and read back that it is`,
  place: (step) => step.member,
  needs: () => [],
  apply: disarmed,
  // One rename on the host decides between it and its firing.
  halfway: () => [],
  undo: () => 'nothing to undo',
};

function disarmed(world: World): World {
  const { armed, ...rest } = world;
  return armed === undefined ? world : rest;
}

/** The host has written the settings of before and restarted the member; the same world where none is armed. */
export function fired(world: World): World {
  const { armed } = world;
  if (armed === undefined) return world;
  const member = memberOf(world, armed.member);
  const disk = diskAfter(member, armed.settings);
  const written = withMember(disarmed(world), { ...member, disk });
  return started(stopped(written, member.name), member.name);
}

function diskAfter({ disk }: MemberWorld, settings: Settings): MemberWorld['disk'] {
  const mine = decidedFlags(settings);
  const others = Object.entries(disk.settings).filter(([flag]) => !mine.includes(flag));
  const all = [...others, ...Object.entries(settings)].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...disk, settings: oneSettings(Object.fromEntries(all)) };
}
