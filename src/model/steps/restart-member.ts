/** restart-member: stop and start; the settings on disk take effect. */

import { Remembered } from '../../base/canonical.ts';
import { loadDisk } from '../load.ts';
import type { RestartMember, StepLaw } from '../step.ts';
import { type MemberWorld, type World, memberOf, withMember, withUnobserved } from '../world.ts';
import { settle } from './settle.ts';

export const restartMember: StepLaw<RestartMember> = {
  say: (step) => `restart ${step.member}`,
  place: (step) => step.member,
  needs: (world, step) => startRefusal(memberOf(world, step.member)),
  apply: (world, step) => started(stopped(world, step.member), step.member),
  halfway: (world, step) => [stopped(world, step.member)],
  undo: (_before, step) => `put the original settings of ${step.member} back and restart it`,
};

/** The world while the member is down; leadership goes to nobody in particular. */
export function stopped(world: World, name: string): World {
  const members = STOPPED.get(world.members, name, () => {
    return withMember(world, { ...memberOf(world, name), process: undefined }).members;
  });
  return { ...world, members, leader: world.leader === name ? undefined : world.leader };
}

/** The world after a start from disk with the member's own, possibly stale, list. */
export function started(world: World, name: string): World {
  const members = STARTED.get(world.members, name, () => {
    const member = memberOf(world, name);
    const loaded = loadDisk(member.disk, member.version);
    return loaded.ok ? withMember(world, { ...member, process: loaded.value }).members : NOBODY;
  });
  return members === NOBODY ? world : settle(withUnobserved({ ...world, members }, name, 'both'));
}

/** A proof stops and starts the same members of the same clusters on thousands of paths. */
const STOPPED = new Remembered<World['members'], string, World['members']>();
const STARTED = new Remembered<World['members'], string, World['members']>();
/** It does not start. */
const NOBODY: World['members'] = [];

export function startRefusal(member: MemberWorld): readonly string[] {
  const loaded = loadDisk(member.disk, member.version);
  return loaded.ok ? [] : [`${member.name} would not start: ${loaded.error}`];
}
