/**
 * Turns a failure into one that names its cause: the cluster is looked at again, and what the model then
 * says differently from before (a leaf, a name, an address) and what the logs said is put beside it.
 */

import { dialMatrix } from '../model/dial.ts';
import type { Failure } from '../model/failure.ts';
import type { World } from '../model/world.ts';
import { type EvidenceInput, unexplainedQuotes } from './evidence.ts';
import type { RunDoors } from './run-doors.ts';

/** More than this many reasons says less. */
const MAX_REASONS = 4;

export async function diagnosed(
  doors: RunDoors,
  expected: World,
  failure: Failure,
  evidence: EvidenceInput,
): Promise<Failure> {
  const seen = await doors.observe();
  await evidence.logs.collect();
  const reasons = seen.ok ? newReasons(expected, seen.value.world) : [];
  const quotes = unexplainedQuotes({ ...evidence, nowMs: doors.clock.nowMs() });
  const parts = [failure.but, ...reasons.slice(0, MAX_REASONS), ...quotes];
  return { ...failure, but: [...new Set(parts)].join('; ') };
}

/** What stands in the way now and was not expected to. */
function newReasons(expected: World, seen: World): readonly string[] {
  const before = dialMatrix(expected);
  const reasons = [...dialMatrix(seen)].flatMap(([pair, answer]) => {
    return answer.can === 'no' && before.get(pair)?.can === 'yes' ? [answer.because] : [];
  });
  return [...new Set(reasons)];
}
