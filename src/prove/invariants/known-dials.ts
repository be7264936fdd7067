/** known-dials: nothing that a dial depends on is unknown. */

import { openPairs } from '../../model/dial.ts';
import type { Invariant } from '../../model/invariant.ts';

export const knownDials: Invariant = {
  name: 'known-dials',
  severity: 'fatal',
  rule: 'every dial can be judged from what was observed',
  check: (moment) => {
    return openPairs(moment.world).flatMap(({ pair, answer }) => {
      if (answer.can !== 'unknown') return [];
      const [from, to] = pair.split('>');
      return [
        {
          subject: pair,
          but: `whether ${from ?? ''} could dial ${to ?? ''} cannot be told: unknown is ${answer.because}`,
          so: 'an unknown is never taken for good',
          remedy:
            'see the reason: a CA file touched since its process started is known again after a restart of that member; an address is covered for certain by an IP SAN in the leaf',
        },
      ];
    });
  },
};
