/** advertise-peer: `member update` replaces what all other members dial from now on. */

import { hostPort, parsePeerUrl } from '../url.ts';
import type { AdvertisePeer, StepLaw } from '../step.ts';
import { type World, oneRecord, withUnobserved } from '../world.ts';
import { linkedMajority, settle } from './settle.ts';

export const advertisePeer: StepLaw<AdvertisePeer> = {
  say: (step) => `advertise ${step.to.join(' and ')} for ${step.member}`,
  place: () => 'etcd',
  needs: (world, step) => [
    ...step.to.flatMap((url) => {
      const parsed = parsePeerUrl(url);
      return parsed.ok ? [] : [parsed.error];
    }),
    ...(step.to.length === 0 ? ['the list of peer URLs would be empty'] : []),
    ...duplicates(world, step),
    ...(linkedMajority(world) === undefined ? ['a member update needs quorum'] : []),
  ],
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

function duplicates(world: World, step: AdvertisePeer): readonly string[] {
  const taken = new Set(step.to.map(hostPort));
  return Object.entries(world.record)
    .filter(([name]) => name !== step.member)
    .flatMap(([name, urls]) => {
      return urls
        .filter((url) => taken.has(hostPort(url)))
        .map((url) => `${name} already has ${url}`);
    });
}
