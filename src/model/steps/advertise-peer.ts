/** advertise-peer: `member update` replaces what all other members dial from now on. */

import type { AdvertisePeer, StepLaw } from '../step.ts';
import { type World, oneRecord, withUnobserved } from '../world.ts';
import { linkedMajority, settle } from './settle.ts';

export const advertisePeer: StepLaw<AdvertisePeer> = {
  say: (step) => `advertise ${step.to.join(' and ')} for ${step.member}`,
  place: () => 'etcd',
  needs: (world) => {
    return linkedMajority(world) === undefined ? ['a member update needs quorum'] : [];
  },
  apply: (world, step) => {
    const record = recordAfter(world.record, step);
    return settle(withUnobserved({ ...world, record }, step.member, 'in'));
  },
  halfway: () => [],
  undo: (before, step) => `advertise ${(before.record[step.member] ?? []).join(' and ')}`,
};

/** One update is applied while it is planned, and again while it is proven. */
const UPDATED = new WeakMap<AdvertisePeer, { before: World['record']; after: World['record'] }>();

function recordAfter(before: World['record'], step: AdvertisePeer): World['record'] {
  const known = UPDATED.get(step);
  if (known?.before === before) return known.after;
  const after = oneRecord({ ...before, [step.member]: step.to });
  UPDATED.set(step, { before, after });
  return after;
}
