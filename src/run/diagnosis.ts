/**
 * Turns a failure into one that names its cause: the cluster is looked at again, and what the model then
 * says differently from before (a leaf, a name, an address) and what the logs said is put beside it.
 */

import { worldDifferences } from '../model/compare.ts';
import { dialMatrix } from '../model/dial.ts';
import type { Failure } from '../model/failure.ts';
import { type Step, touchedBy } from '../model/step.ts';
import type { World } from '../model/world.ts';
import { firingBehind } from './dead-man.ts';
import { type EvidenceInput, unexplainedQuotes } from './evidence.ts';
import { type Hands, evidenceOf } from './handlers/context.ts';
import type { Gated } from './machine-types.ts';
import type { RunDoors } from './run-doors.ts';

/** More than this many reasons says less. */
const MAX_REASONS = 4;

export interface Diagnosis {
  readonly failure: Failure;
  /** What somebody else has changed in the member list, where that and nothing else is not as expected. */
  readonly moved: string | undefined;
}

export async function diagnosed(
  doors: RunDoors,
  expected: World,
  failure: Failure,
  evidence: EvidenceInput,
): Promise<Diagnosis> {
  const seen = await doors.observe();
  await evidence.logs.collect();
  const reasons = seen.ok ? newReasons(expected, seen.value.world) : [];
  const quotes = unexplainedQuotes({ ...evidence, nowMs: doors.clock.nowMs() });
  const parts = [failure.but, ...reasons.slice(0, MAX_REASONS), ...quotes];
  const moved = seen.ok ? listMoved(expected, seen.value.world) : undefined;
  return { failure: { ...failure, but: [...new Set(parts)].join('; ') }, moved };
}

/** A gate that failed, with its cause; as it was where it passed. */
export async function diagnosedGate(hands: Hands, step: Step, gated: Gated): Promise<Gated> {
  if (gated.failure === undefined) return gated;
  const fired = (await firingBehind(hands))?.failure;
  if (fired !== undefined) {
    const verdict = { kind: 'fail', because: fired.but, fault: 'foreign' } as const;
    return { ...gated, verdict, failure: fired };
  }
  const evidence = evidenceOf(hands, touchedBy(step));
  const { failure, moved } = await diagnosed(hands.doors, hands.after, gated.failure, evidence);
  const { verdict } = gated;
  if (moved === undefined || verdict.kind !== 'fail') return { ...gated, failure };
  // A run that goes on tells its failure nowhere else.
  return { ...gated, verdict: { ...verdict, because: failure.but }, failure, moved };
}

function listMoved(expected: World, seen: World): string | undefined {
  const found = worldDifferences(expected, seen).filter(({ kind }) => kind !== 'leader');
  if (found.length === 0 || found.some(({ kind }) => kind !== 'record')) return undefined;
  return found.map(({ text }) => text).join('; ');
}

/** What stands in the way now and was not expected to. */
function newReasons(expected: World, seen: World): readonly string[] {
  const before = dialMatrix(expected);
  const reasons = [...dialMatrix(seen)].flatMap(([pair, answer]) => {
    return answer.can === 'no' && before.get(pair)?.can === 'yes' ? [answer.because] : [];
  });
  return [...new Set(reasons)];
}
