/** downtime: no step of ours takes away quorum by itself (one- and two-member clusters, or a member already down). */

import type { Invariant } from '../../model/invariant.ts';
import { quorumOf } from '../../model/quorum.ts';
import { upMembers } from '../../model/world.ts';

export const downtime: Invariant = {
  name: 'downtime',
  severity: 'costly',
  rule: 'no restart leaves fewer members up than quorum needs',
  check: (moment) => {
    if (moment.mishap !== undefined) return [];
    const total = moment.world.members.length;
    const [up, needed] = [upMembers(moment.world).length, quorumOf(total)];
    if (up >= needed) return [];
    return [
      {
        subject: 'cluster',
        but: `${String(up)} of ${String(total)} ${total === 1 ? 'member' : 'members'} would be up; quorum needs ${String(needed)}`,
        so: 'no client could write until the member is back',
        remedy:
          moment.step?.kind === 'restart-together'
            ? 'pass --accept-downtime to take that pause, or choose a strategy that stops one member at a time'
            : total <= 2
              ? 'pass --accept-downtime to take that pause, or grow the cluster to three members first'
              : 'bring the member that is down back first',
      },
    ];
  },
};
