/** restart-member: stop and start; the settings on disk take effect. */

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
  const member = memberOf(world, name);
  const down = withMember(world, { ...member, process: undefined });
  return { ...down, leader: world.leader === name ? undefined : world.leader };
}

/** The world after a start from disk with the member's own, possibly stale, list. */
export function started(world: World, name: string): World {
  const member = memberOf(world, name);
  const loaded = loadDisk(member.disk, member.version);
  if (!loaded.ok) return world;
  const up = withMember(world, { ...member, process: loaded.value });
  return settle(withUnobserved(up, name, 'both'));
}

export function startRefusal(member: MemberWorld): readonly string[] {
  const loaded = loadDisk(member.disk, member.version);
  return loaded.ok ? [] : [`${member.name} would not start: ${loaded.error}`];
}
