/** leader: in a degraded window every up member can dial the leader. */

import { openPairs } from '../../model/dial.ts';
import type { Invariant, Moment } from '../../model/invariant.ts';
import type { Rollout } from '../../model/rollout.ts';
import { type Step, takesDown } from '../../model/step.ts';
import { isUp, memberOf } from '../../model/world.ts';

export const leaderDialable: Invariant = {
  name: 'leader',
  severity: 'fatal',
  rule: 'in a degraded window the leader is a member that every up member can dial',
  check: (moment, rollout) => {
    const { leader } = moment.world;
    if (leader === undefined || moment.mishap !== undefined) return [];
    if (!isUp(memberOf(moment.world, leader))) return [];
    const broken = openPairs(moment.world).filter(
      ({ pair, answer }) => pair.endsWith(`>${leader}`) && answer.can === 'no',
    );
    if (broken.length === 0) return [];
    if (isLeaving(moment, rollout, leader)) return [];
    const leaving = nextDown(moment, rollout);
    if (broken.every(({ pair }) => pair === `${leaving ?? ''}>${leader}`)) return [];
    const who = broken.map(({ pair }) => pair.split('>')[0] ?? '').join(', ');
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

/** The member that the very next step stops: that it cannot dial the new leader harms nobody. */
function nextDown(moment: Moment, rollout: Rollout): string | undefined {
  const next = nextStep(moment, rollout);
  return takesDown(next) ? next.member : undefined;
}

/** The very next step hands leadership away from it: a member that just came back can have it no sooner. */
function isLeaving(moment: Moment, rollout: Rollout, leader: string): boolean {
  const next = nextStep(moment, rollout);
  return next?.kind === 'transfer-leader' && next.from === leader;
}

function nextStep(moment: Moment, rollout: Rollout): Step | undefined {
  if (moment.kind === 'start') return undefined;
  return moment.kind === 'before' ? moment.step : rollout.steps[moment.index + 1];
}
