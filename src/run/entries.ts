/** Turns what the machine has proven and judged into the entries that its journal keeps. */

import { digestOf } from '../base/digest.ts';
import { dialsThrough } from '../model/dial-cells.ts';
import type { StepId } from '../model/ids.ts';
import type { JournalBody } from '../model/journal.ts';
import type { Noise } from '../model/log-each.ts';
import type { ProvenRollout } from '../model/proof.ts';
import type { Gated } from './machine-types.ts';

export function plannedEntry(
  { rollout, proof, worlds }: ProvenRollout,
  because: string,
  noise: readonly Noise[] | undefined,
): JournalBody {
  const { rules, worldCount, rollbackWorldCount, assumptions } = proof;
  return {
    type: 'planned',
    direction: rollout.direction,
    because,
    steps: rollout.steps,
    digest: digestOf(rollout.steps),
    accepted: proof.accepted.map((violation) => violation.rule),
    windows: proof.windows,
    dials: dialsThrough(worlds),
    leader: rollout.start.leader,
    proof: { rules, worldCount, rollbackWorldCount, assumptions },
    ...(noise === undefined ? {} : { noise }),
  };
}

export function gateEntry(
  step: StepId,
  { verdict, tookMs, links, lines = [] }: Gated,
): JournalBody {
  const cells = links === undefined ? {} : { links: links.cells };
  const told = lines.length === 0 ? {} : { lines };
  return { type: 'gate', step, verdict, tookMs, ...cells, ...told };
}
