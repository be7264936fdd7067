/** issue-certificates: the CA and a leaf for each member, made on the operator's machine. */

import type { IssueCertificates, StepLaw } from '../step.ts';

export const issueCertificates: StepLaw<IssueCertificates> = {
  say: (step) => {
    const isForClients = step.side === 'clients';
    const whom = [...step.members, ...(isForClients ? ['peershift itself'] : [])].join(', ');
    const leaves = isForClients
      ? `issue certificates for client traffic for ${whom}`
      : `issue a peer leaf for ${whom}`;
    const authority = isForClients ? 'a CA for clients, of its own,' : 'a CA';
    return step.makesAuthority ? `make ${authority} and ${leaves}` : leaves;
  },
  place: () => 'here',
  needs: () => [],
  apply: (world) => world,
  halfway: () => [],
  undo: () => 'nothing to undo: no host has them yet',
};
