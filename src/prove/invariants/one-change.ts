/** one-change: a member update was read back from the members before the next one is sent. */

import type { Invariant } from '../../model/invariant.ts';

export const oneChange: Invariant = {
  name: 'one-change',
  severity: 'fatal',
  rule: 'one membership change at a time: each is read back before the next',
  check: ({ kind, step, index, mishap }, { steps }) => {
    if (kind !== 'after' || mishap !== undefined || step?.kind !== 'advertise-peer') return [];
    if (step.after?.checks.includes('list') === true) return [];
    const next = steps.slice(index + 1).find((each) => {
      return each.kind === 'advertise-peer' || each.after?.checks.includes('list') === true;
    });
    if (next?.kind !== 'advertise-peer') return [];
    return [
      {
        subject: step.member,
        but: `the update of ${next.member} would be sent before that of ${step.member} was read back`,
        so: 'etcd drops a change that comes while another is under way, and the list would not be the one that the next steps rest on',
        remedy: `a gate with the check \`list\` belongs behind the update of ${step.member}`,
      },
    ];
  },
};
