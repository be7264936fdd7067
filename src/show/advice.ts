/** Turns the compared strategies into the lines of advice that stand above `strategy` in a plan file. */

import type { Compared, ComparedRollout } from '../model/comparison.ts';
import type { Failure } from '../model/failure.ts';
import { advisedOf } from './compare.ts';
import { counted } from './words.ts';

const WIDTH_HINT = '`peershift preview --compare FILE` shows all of them side by side.';

/** What is advised for this cluster, and against what it is weighed. */
export function adviceLines(rows: readonly Compared[], chosen: string): readonly string[] {
  const advised = advisedOf(rows);
  if (advised === undefined) {
    const [refused] = rows.flatMap((row) => ('refusal' in row ? [row.refusal?.but ?? ''] : []));
    return [
      `None of them can be proven safe on this cluster as it is: ${refused ?? ''}`,
      WIDTH_HINT,
    ];
  }
  const own = rows.find(
    (row): row is ComparedRollout => row.strategy === chosen && !('refusal' in row),
  );
  const against =
    own === undefined || own.strategy === advised.strategy
      ? ''
      : `; ${own.strategy}: ${figures(own)}`;
  return [
    `Advised for this cluster: ${advised.strategy}: ${figures(advised)}${against}.`,
    WIDTH_HINT,
  ];
}

function figures({ restarts, windows, usesSecondPort }: ComparedRollout): string {
  const degraded =
    windows.length === 0
      ? 'no time in which a member cannot dial another'
      : counted(windows.length, 'degraded window');
  return `${counted(restarts, 'restart')}, ${degraded}${usesSecondPort ? ', a second port for good' : ''}`;
}

/** Why there is no advice yet. */
export function noAdviceLines(failures: readonly Failure[]): readonly string[] {
  const [first] = failures;
  const because = first === undefined ? '' : ` (${first.code}: ${first.but})`;
  return [`No advice yet${because}: when \`peershift check FILE\` passes,`, WIDTH_HINT];
}
