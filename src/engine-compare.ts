/** Plans and proves every strategy from one look at the cluster, to be shown side by side. */

import { type Result, ok } from './base/result.ts';
import { look, proveSession } from './engine.ts';
import type { Options, Rim } from './engine-types.ts';
import type { Compared } from './model/comparison.ts';
import { STRATEGIES, type Strategy } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import { bringsUp } from './model/step.ts';

const ROLLING = STRATEGIES.filter((strategy) => strategy !== 'rebuild');

/** One row for each rolling strategy; what the proof refuses has its reason. */
export async function compareStrategies(
  rim: Rim,
  options: Options,
): Promise<Result<readonly Compared[], readonly Failure[]>> {
  const session = await look(rim, options);
  if (!session.ok) return session;
  return ok(
    ROLLING.map((strategy: Strategy): Compared => {
      // A plan file names one strategy; everything else of it stays.
      const desired = { ...rim.desired, strategy };
      const proven = proveSession({ ...rim, desired }, options, session.value);
      if (!proven.ok) return { strategy, refusal: proven.error[0] };
      const { rollout, proof } = proven.value;
      return {
        strategy,
        steps: rollout.steps.length,
        restarts: rollout.steps.filter(bringsUp).length,
        windows: proof.windows.map(({ brokenPairs, because }) => ({ brokenPairs, because })),
        usesSecondPort: strategy === 'dual-listener',
        zeroToleranceRestarts: proof.zeroToleranceSteps.length,
      };
    }),
  );
}
