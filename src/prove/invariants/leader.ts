/** leader: in a degraded window every up member can dial the leader. */

import type { Invariant } from '../../model/invariant.ts';
import { isUp, memberOf } from '../../model/world.ts';

export const leaderDialable: Invariant = {
  name: 'leader',
  severity: 'fatal',
  rule: 'in a degraded window the leader is a member that every up member can dial',
  check: (moment) => {
    const { leader } = moment.world;
    if (leader === undefined || moment.mishap !== undefined) return [];
    if (!isUp(memberOf(moment.world, leader))) return [];
    const broken = [...moment.matrix].filter(
      ([pair, answer]) => pair.endsWith(`>${leader}`) && answer.can === 'no',
    );
    if (broken.length === 0) return [];
    const who = broken.map(([pair]) => pair.split('>')[0] ?? '').join(', ');
    return [
      {
        subject: leader,
        but: `${leader} leads and ${who} could not dial it`,
        so: `leases kept alive through ${who} would expire: followers forward keepalives to the leader's URL`,
        remedy: `hand leadership from ${leader} to a member that all can dial first`,
      },
    ];
  },
};
