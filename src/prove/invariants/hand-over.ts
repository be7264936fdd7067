/** hand-over: a leader hands over before its own restart. */

import type { Invariant } from '../../model/invariant.ts';
import { takesDown } from '../../model/step.ts';

export const handOver: Invariant = {
  name: 'hand-over',
  severity: 'costly',
  rule: 'a leader hands over before its own restart',
  check: (moment) => {
    const { step, world } = moment;
    if (moment.kind !== 'before' || !takesDown(step)) return [];
    if (world.leader !== step.member || world.members.length < 2) return [];
    return [
      {
        subject: step.member,
        but: `${step.member} leads and would be restarted without handing over`,
        so: 'an avoidable election: no writes for one to two election timeouts, and requests in flight time out after 7 s',
        remedy: `transfer leadership away from ${step.member} first`,
      },
    ];
  },
};
