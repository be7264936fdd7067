/** Turns how a run ended into the exit code of the command that drove it. */

import { type Failure, exitOf } from './model/failure.ts';
import type { RunOutcome } from './model/journal.ts';

const EXIT: Readonly<Record<RunOutcome, number>> = {
  done: 0,
  'rolled-back': 5,
  refused: 3,
  'needs-person': 6,
  paused: 4,
  interrupted: 130,
};

/** A way back that a person asked for and that reached the start is no failure. */
export function exitOfRun(
  outcome: RunOutcome,
  failure: Failure | undefined,
  wasAskedToGoBack: boolean,
): number {
  if (outcome === 'rolled-back' && wasAskedToGoBack) return 0;
  if (outcome === 'refused' && failure !== undefined)
    return Math.max(3, exitOf(failure) === 4 ? 3 : exitOf(failure));
  return EXIT[outcome];
}
