/** Turns the strategies' rollouts on one cluster into a table, and into the advice which one to take. */

import type { Compared, ComparedRollout } from '../model/comparison.ts';
import type { Strategy } from '../model/desired.ts';
import { type Paint, PLAIN } from './paint.ts';
import { tableLines } from './table.ts';
import { counted } from './words.ts';
import { hanging } from './wrap.ts';

/** The way back before the last phase, in words; what the rows cannot count. */
const WAY_BACK: Readonly<Record<Strategy, string>> = {
  documented: 'a member update and a restart each',
  'dual-url': 'until strict: the old listener, no API and no quorum needed',
  'dual-listener': 'until http is closed: a member update alone',
  'trust-first': 'a member update and a restart each',
  'fewest-restarts': 'a member update and a restart each',
  rebuild: 'another stop of all members, with the settings of before',
};

/** The best first: no window before a window, no second port before one, then fewer restarts. */
const PREFERENCE: readonly Strategy[] = [
  'dual-url',
  'trust-first',
  'dual-listener',
  'documented',
  'fewest-restarts',
];

const COLUMNS = 110;

export function advisedOf(rows: readonly Compared[]): ComparedRollout | undefined {
  const possible = rows.flatMap((row) => ('refusal' in row ? [] : [row]));
  const rank = (row: ComparedRollout): number =>
    (row.windows.length > 0 ? 100 : 0) + PREFERENCE.indexOf(row.strategy);
  return [...possible].sort((a, b) => rank(a) - rank(b))[0];
}

export function compareText(
  rows: readonly Compared[],
  chosen: Strategy,
  paint: Paint = PLAIN,
): string {
  const head = ['strategy', 'restarts', 'windows', 'worst window', 'second port', 'way back'];
  const table = tableLines([head, ...rows.map((row) => cells(row))]);
  const refused = rows.flatMap((row) => {
    return 'refusal' in row ? hanging(`${row.strategy}: `, row.refusal?.but ?? '', COLUMNS) : [];
  });
  return [
    ...table,
    ...(refused.length === 0 ? [] : ['', ...refused]),
    '',
    ...advice(rows, chosen, paint),
  ].join('\n');
}

function cells(row: Compared): readonly string[] {
  if ('refusal' in row)
    return [row.strategy, '-', '-', `refused: ${row.refusal?.code ?? ''}`, '-', '-'];
  const worst = Math.max(0, ...row.windows.map((window) => window.brokenPairs.length));
  return [
    row.strategy,
    String(row.restarts),
    row.windows.length === 0 ? 'none' : String(row.windows.length),
    worst === 0 ? '-' : `${counted(worst, 'pair')} cannot dial`,
    row.usesSecondPort ? 'for good' : 'no',
    WAY_BACK[row.strategy],
  ];
}

function advice(rows: readonly Compared[], chosen: Strategy, paint: Paint): readonly string[] {
  const advised = advisedOf(rows);
  if (advised === undefined)
    return [paint.red('no strategy can be proven safe on this cluster as it is')];
  const why =
    advised.windows.length === 0
      ? 'every member can dial every other at every point, so leases, raft snapshots and version checks never miss a direction'
      : 'it is what can be proven on this cluster as it is';
  const port = advised.usesSecondPort ? '' : ', and no second port';
  return [
    ...hanging('advised     ', `${advised.strategy}: ${why}${port}`, COLUMNS),
    `plan file   ${chosen}${chosen === advised.strategy ? '' : ` (change \`strategy\` to take the advice)`}`,
    'nothing has been changed',
  ];
}
