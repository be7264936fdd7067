/** groups: the steps of one group stand together. */

import type { Invariant } from '../../model/invariant.ts';

export const groups: Invariant = {
  name: 'groups',
  severity: 'fatal',
  rule: 'the steps of one group are not parted',
  check: (moment, rollout) => {
    const { step, index } = moment;
    if (moment.kind !== 'before' || step?.group === undefined || moment.mishap !== undefined)
      return [];
    if (index === 0 || rollout.steps[index - 1]?.group === step.group) return [];
    const earlier = rollout.steps.slice(0, index).some((each) => each.group === step.group);
    if (!earlier) return [];
    return [
      {
        subject: step.group,
        but: `the steps of group ${step.group} are parted by others`,
        so: 'a stop in between would leave a member half switched',
        remedy: 'put the steps of the group next to each other',
      },
    ];
  },
};
