/** record-cluster: the final initial-cluster in the configuration, for the day the data folder is lost. */

import { withChanges } from '../settings.ts';
import type { RecordCluster, StepLaw } from '../step.ts';
import { memberOf, withMember } from '../world.ts';

export const recordCluster: StepLaw<RecordCluster> = {
  say: (step) => `write the final initial-cluster of ${step.member} (no restart)`,
  place: (step) => step.member,
  needs: () => [],
  apply: (world, step) => {
    const member = memberOf(world, step.member);
    const settings = withChanges(member.disk.settings, step.changes);
    return withMember(world, { ...member, disk: { ...member.disk, settings } });
  },
  halfway: () => [],
  undo: () => 'put the file kept beside it back',
};
