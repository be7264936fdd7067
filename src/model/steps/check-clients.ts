/** check-clients: who is connected to the client ports is looked at, so that http is closed on nobody. */

import type { CheckClients, StepLaw } from '../step.ts';

export const checkClients: StepLaw<CheckClients> = {
  say: () => 'wait until no client speaks plain http to any member',
  place: () => 'etcd',
  needs: () => [],
  apply: (world) => world,
  halfway: () => [],
  undo: () => 'nothing to undo',
};
