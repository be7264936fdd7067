/** Turns what members logged during a gate into the few lines that a report keeps, the gravest first. */

import type { ToldLine } from './journal.ts';
import { type Judgement, type LogsInput, judgeEach } from './log-each.ts';

/** Of each gate: a journal's line stays far below what one write takes. */
const LINES_KEPT = 8;

/** Lines of no weight (load, progress, the member list) are left out. */
const GRAVITY: readonly Judgement[] = [
  ...(['fatal', 'unexpected', 'transient', 'foreign', 'noise', 'expected'] as const),
];

/** Equal lines of a member with the same judgement are one, counted. */
export function toldLines(input: LogsInput): readonly ToldLine[] {
  const told = new Map<string, ToldLine>();
  for (const { sighting, judgement } of judgeEach(input)) {
    if (!GRAVITY.includes(judgement)) continue;
    const { member, finding, count } = sighting;
    const key = [member, finding.code, judgement].join(' ');
    const known = told.get(key);
    const { essence } = known ?? finding;
    told.set(key, { member, essence, judgement, count: (known?.count ?? 0) + count });
  }
  const rank = ({ judgement }: ToldLine): number => GRAVITY.indexOf(judgement as Judgement);
  return [...told.values()].sort((a, b) => rank(a) - rank(b)).slice(0, LINES_KEPT);
}
