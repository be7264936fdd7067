/** configure-member: settings written to the member's configuration; they take effect at its restart. */

import { Remembered } from '../../base/canonical.ts';
import { withChanges } from '../settings.ts';
import type { ConfigureMember, StepLaw } from '../step.ts';
import { type World, memberOf, withMember } from '../world.ts';

export const configureMember: StepLaw<ConfigureMember> = {
  say: (step) => {
    return step.restoresOriginal
      ? `put the original settings of ${step.member} back`
      : `write ${String(step.changes.length)} settings of ${step.member}`;
  },
  place: (step) => step.member,
  needs: () => [],
  apply: (world, step) => {
    const configured = CONFIGURED.get(world.members, step.changes, () => new Map());
    const members = configured.get(step.member) ?? membersAfter(world, step);
    configured.set(step.member, members);
    return { ...world, members };
  },
  // One rename makes the whole edit, so there is nothing between before and after.
  halfway: () => [],
  undo: (_before, step) => {
    return step.restoresOriginal ? 'write our settings again' : 'put the file kept beside it back';
  },
};

/** One write is applied while it is planned, and again while it is proven, on many paths. */
const CONFIGURED = new Remembered<
  World['members'],
  ConfigureMember['changes'],
  Map<string, World['members']>
>();

function membersAfter(world: World, { member: name, changes }: ConfigureMember): World['members'] {
  const member = memberOf(world, name);
  const settings = withChanges(member.disk.settings, changes);
  return withMember(world, { ...member, disk: { ...member.disk, settings } }).members;
}
