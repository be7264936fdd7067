/**
 * urls: a member update brings only what etcd can live with. The server does not check it: one URL that
 * `types.NewURLs` refuses makes every other member panic, again at each of its starts.
 */

import type { Invariant } from '../../model/invariant.ts';
import type { AdvertisePeer } from '../../model/step.ts';
import { hostPort, parsePeerUrl } from '../../model/url.ts';
import type { World } from '../../model/world.ts';

export const urls: Invariant = {
  name: 'urls',
  severity: 'fatal',
  rule: 'a member update brings well-formed URLs that no other member has',
  check: ({ kind, step, world, mishap }) => {
    if (kind !== 'before' || mishap !== undefined || step?.kind !== 'advertise-peer') return [];
    const problems = [...malformed(step), ...taken(world, step)];
    if (problems.length === 0) return [];
    return [
      {
        subject: step.member,
        but: problems.join('; '),
        so: 'etcd takes such an update without a word, and then the other members panic or dial the wrong one',
        remedy: `give ${step.member} URLs of the form scheme://host:port that are its own`,
      },
    ];
  },
};

function malformed({ to }: AdvertisePeer): readonly string[] {
  if (to.length === 0) return ['the list of peer URLs would be empty'];
  return to.flatMap((url) => {
    const parsed = parsePeerUrl(url);
    return parsed.ok ? [] : [parsed.error];
  });
}

function taken({ record }: World, { member, to }: AdvertisePeer): readonly string[] {
  const wanted = new Set(to.map(hostPort));
  return Object.entries(record)
    .filter(([name]) => name !== member)
    .flatMap(([name, present]) => {
      return present
        .filter((url) => wanted.has(hostPort(url)))
        .map((url) => `${name} already has ${url}`);
    });
}
