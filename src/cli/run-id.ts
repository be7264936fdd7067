/** Makes the name of a new run from the clock and a little chance. */

import { randomBytes } from 'node:crypto';

import { type RunId, runId } from '../model/ids.ts';

/** `20261122-054119-k3f9`: sorts by time, and two in one second do not meet. */
export function freshRunId(given?: string): RunId {
  if (given !== undefined) return runId(given);
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return runId(`${stamp}-${randomBytes(3).toString('hex')}`);
}
