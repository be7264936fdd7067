/** Turns two plans of one run into the numbers that their steps have: what is only planned again keeps its own. */

import type { Step } from './step.ts';

interface Numbered {
  readonly steps: readonly Step[];
  readonly stepsBehind?: number;
}

/** How many steps stand before the new plan: 0 unless it is what is left of the earlier one. */
export function stepsBehind(earlier: Numbered, now: readonly Step[]): number {
  const more = earlier.steps.length - now.length;
  const isRest =
    more >= 0 && now.every((step, index) => step.id === earlier.steps[more + index]?.id);
  return isRest ? (earlier.stepsBehind ?? 0) + more : 0;
}
