/** Turns a count of voting members into the numbers that decide whether the cluster can write. */

/** The majority of voting members, alive or not: floor(n/2) + 1. */
export function quorumOf(votingCount: number): number {
  return Math.floor(votingCount / 2) + 1;
}

/** How many voting members may be lost with quorum kept, when `upCount` are up now. */
export function failureTolerance(votingCount: number, upCount = votingCount): number {
  return upCount - quorumOf(votingCount);
}
