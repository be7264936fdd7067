/** reissue-leaf: the leaf in use replaced by one for the same key; every handshake from then on shows it. */

import type { ReissueLeaf, StepLaw } from '../step.ts';
import { memberOf, withMember, withUnobserved } from '../world.ts';
import { settle } from './settle.ts';

export const reissueLeaf: StepLaw<ReissueLeaf> = {
  say: ({ member, path }) => {
    return `sign the leaf of ${member} again for the same key and put it in place (${path}), no restart`;
  },
  place: (step) => step.member,
  needs: (world, { member, path, leaf }) => {
    const present = memberOf(world, member).disk.files[path];
    if (present?.kind !== 'leaf')
      return [`${path} of ${member} holds no leaf that could be replaced`];
    if (present.leaf.keyId === leaf.keyId) return [];
    return [`the leaf in ${path} of ${member} is for another key than the new one`];
  },
  apply: (world, { member: name, path, leaf }) => {
    const member = memberOf(world, name);
    const files = { ...member.disk.files, [path]: { kind: 'leaf' as const, leaf } };
    const changed = withMember(world, { ...member, disk: { ...member.disk, files } });
    return settle(withUnobserved(changed, name, 'both'));
  },
  // One rename makes the whole change.
  halfway: () => [],
  undo: (_before, { path }) => `put the leaf kept as ${path}.peershift-<run> back`,
};
