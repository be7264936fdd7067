/** cut-off: no member that is up loses touch with the majority. */

import { dialMatrix } from '../../model/dial.ts';
import type { Invariant } from '../../model/invariant.ts';
import { linkedMajority } from '../../model/steps/settle.ts';
import { upMembers } from '../../model/world.ts';

export const cutOff: Invariant = {
  name: 'cut-off',
  severity: 'fatal',
  rule: 'no up member is cut off from the linked majority',
  check: (moment) => {
    const majority = linkedMajority(moment.world);
    if (majority === undefined) return [];
    return upMembers(moment.world)
      .filter((member) => !majority.has(member.name))
      .map((member) => {
        const others = [...majority];
        const reasons = others.slice(0, 2).map((other) => {
          const answer = dialMatrix(moment.world).get(`${member.name}>${other}`);
          return answer === undefined || answer.can === 'yes' ? '' : answer.because;
        });
        return {
          subject: member.name,
          but: `${member.name} could neither dial nor be dialed by ${others.join(', ')}: ${reasons.filter(Boolean).join('; ')}`,
          so: `${member.name} would be up and isolated; its clients time out and the cluster loses tolerance`,
          remedy: `make one direction between ${member.name} and the others dialable first`,
        };
      });
  },
};
