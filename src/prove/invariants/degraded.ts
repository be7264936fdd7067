/** degraded: every ordered pair of up members can dial, or the strategy declared this window and its reasons. */

import { openPairs } from '../../model/dial.ts';
import type { Breach, Invariant, Moment } from '../../model/invariant.ts';

export const degraded: Invariant = {
  name: 'degraded',
  severity: 'fatal',
  rule: 'every ordered pair of up members can dial, except in a declared window and for its reasons',
  check: (moment) => {
    // A crashed member comes back with a stale list and learns the new one from whoever can reach it;
    // only links (quorum, cut-off) are asked of those worlds.
    if (moment.mishap !== undefined) return [];
    return openPairs(moment.world).flatMap(({ pair, answer }): readonly Breach[] => {
      if (answer.can !== 'no' || isDeclared(moment, answer.reason)) return [];
      const [from, to] = pair.split('>');
      return [
        {
          subject: pair,
          but: `${from ?? ''} could not dial ${to ?? ''}: ${answer.because}`,
          so: 'raft snapshots, lease keepalives and version checks in that direction would fail',
          remedy: 'make that direction dialable first',
        },
      ];
    });
  },
};

function isDeclared(moment: Moment, reason: string): boolean {
  return moment.window?.reasons.some((each) => each === reason) ?? false;
}
