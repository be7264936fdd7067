/** configure-member: settings written to the member's configuration; they take effect at its restart. */

import { withChanges } from '../settings.ts';
import type { ConfigureMember, StepLaw } from '../step.ts';
import { memberOf, withMember } from '../world.ts';

export const configureMember: StepLaw<ConfigureMember> = {
  say: (step) => {
    return step.restoresOriginal
      ? `put the original settings of ${step.member} back`
      : `write ${String(step.changes.length)} settings of ${step.member}`;
  },
  place: (step) => step.member,
  needs: () => [],
  apply: (world, step) => {
    const member = memberOf(world, step.member);
    const settings = withChanges(member.disk.settings, step.changes);
    return withMember(world, { ...member, disk: { ...member.disk, settings } });
  },
  // One rename makes the whole edit, so there is nothing between before and after.
  halfway: () => [],
  undo: (_before, step) => {
    return step.restoresOriginal ? 'write our settings again' : 'put the file kept beside it back';
  },
};
