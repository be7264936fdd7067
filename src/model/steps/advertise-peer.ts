/** advertise-peer: `member update` replaces what all other members dial from now on. */

import { Remembered } from '../../base/canonical.ts';
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

/** One update is applied while it is planned, and again while it is proven, on many paths. */
const UPDATED = new Remembered<World['record'], string, World['record']>();

function recordAfter(before: World['record'], { member, to }: AdvertisePeer): World['record'] {
  return UPDATED.get(before, `${member} ${to.join(' ')}`, () => {
    return oneRecord({ ...before, [member]: to });
  });
}
