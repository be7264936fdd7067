/** startable: whatever a member is left with on its disk, it can start from it. */

import type { Invariant } from '../../model/invariant.ts';
import { loadDisk } from '../../model/load.ts';

export const startable: Invariant = {
  name: 'startable',
  severity: 'fatal',
  rule: 'every member can start from what stands on its disk',
  check: (moment) => {
    if (moment.mishap !== undefined) return [];
    return moment.world.members.flatMap((member) => {
      const loaded = loadDisk(member.disk, member.version);
      if (loaded.ok) return [];
      return [
        {
          subject: member.name,
          but: `etcd on ${member.name} would refuse to start: ${loaded.error}`,
          so: `a restart or crash of ${member.name} would leave it down`,
          remedy: `mend the named file on ${member.name}`,
        },
      ];
    });
  },
};
