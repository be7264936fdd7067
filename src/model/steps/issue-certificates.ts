/** issue-certificates: the CA and a leaf for each member, made on the operator's machine. */

import type { IssueCertificates, StepLaw } from '../step.ts';

export const issueCertificates: StepLaw<IssueCertificates> = {
  say: (step) => {
    const leaves = `issue a peer leaf for ${step.members.join(', ')}`;
    return step.makesAuthority ? `make a CA and ${leaves}` : leaves;
  },
  place: () => 'here',
  needs: () => [],
  apply: (world) => world,
  halfway: () => [],
  undo: () => 'nothing to undo: no host has them yet',
};
