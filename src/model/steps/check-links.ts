/** check-links: every ordered pair is probed afresh, so that nothing rests on a link that was not seen. */

import type { CheckLinks, StepLaw } from '../step.ts';

export const checkLinks: StepLaw<CheckLinks> = {
  say: () => 'probe every peer link afresh',
  place: () => 'etcd',
  needs: () => [],
  apply: (world) => world,
  halfway: () => [],
  undo: () => 'nothing to undo',
};
