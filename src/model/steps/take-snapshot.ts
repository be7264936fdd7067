/** take-snapshot: the backup before the first change. */

import type { StepLaw, TakeSnapshot } from '../step.ts';

export const takeSnapshot: StepLaw<TakeSnapshot> = {
  say: () => 'save a snapshot of the store',
  place: () => 'here',
  needs: () => [],
  apply: (world) => world,
  halfway: () => [],
  undo: () => 'nothing to undo',
};
