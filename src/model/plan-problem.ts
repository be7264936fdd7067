/** One mistake in a plan file, with the place where it stands. */

export interface PlanProblem {
  /** The plan file as the person named it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count; one behind the end of the line at most. */
  readonly col: number;
  /** `members[0].host.port`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}

/** All mistakes of one plan file, in the order in which they stand there. */
export type PlanProblems = readonly PlanProblem[];
