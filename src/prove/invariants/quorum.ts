/** quorum: a linked majority wherever the same members with perfect links would have one. */

import { answersOf, isLinkedAt } from '../../model/dial.ts';
import type { Invariant, Moment } from '../../model/invariant.ts';
import { quorumOf } from '../../model/quorum.ts';
import { linkedGroups } from '../../model/steps/settle.ts';
import { isUp, upMembers } from '../../model/world.ts';

export const quorum: Invariant = {
  name: 'quorum',
  severity: 'fatal',
  rule: 'a linked majority wherever the same members with perfect links have one',
  check: (moment) => {
    const total = moment.world.members.length;
    const needed = quorumOf(total);
    const up = upMembers(moment.world).length;
    if (up < needed) return [];
    const largest = Math.max(0, ...linkedGroups(moment.world).map((group) => group.size));
    if (largest >= needed) return [];
    return [
      {
        subject: 'cluster',
        but: `${String(up)} of ${String(total)} members are up and the largest linked group has ${String(largest)}: ${cutPairs(moment)}`,
        so: `the cluster would lose quorum (${String(needed)} of ${String(total)} needed) and stop accepting writes`,
        remedy: 'make the named pairs dialable first, then plan again',
      },
    ];
  },
};

/** The pairs that cannot dial each other in either direction, with one reason each. */
function cutPairs({ world }: Moment): string {
  const answers = answersOf(world);
  const { members, rows } = answers;
  const cut = members.flatMap((a, i) => {
    return members.flatMap((b, j) => {
      if (i >= j || !isUp(a) || !isUp(b) || isLinkedAt(answers, i, j)) return [];
      const answer = rows[i * members.length + j];
      return [
        `${a.name} and ${b.name} (${answer?.can === 'yes' || answer === undefined ? '' : answer.because})`,
      ];
    });
  });
  return cut.length === 0 ? 'no pair is cut' : `cut: ${cut.join('; ')}`;
}
