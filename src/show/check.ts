/** Turns the items of `check` into one screen: a line for each answer, and what to do under each that is no pass. */

import { CHECK_RULES, type CheckGroup, type CheckItem } from '../model/check.ts';
import { type Rehearsal, rehearsalCells } from '../model/rehearsal.ts';
import { matrixLines } from './matrix.ts';
import { type Paint, PLAIN } from './paint.ts';
import { padTo } from './table.ts';
import { counted } from './words.ts';
import { hanging } from './wrap.ts';

const COLUMNS = 110;
const RULE_WIDTH = Math.max(...Object.keys(CHECK_RULES).map((rule) => rule.length)) + 2;

export interface CheckData {
  readonly items: readonly CheckItem[];
  readonly passed: number;
  readonly warned: number;
  readonly failed: number;
  readonly sentence: string;
}

/** The screen; its last line counts, and says that nothing has been changed. */
export function checkText(
  items: readonly CheckItem[],
  paint: Paint = PLAIN,
  rehearsal?: Rehearsal,
): string {
  const { sentence, failed } = checkJson(items);
  const lines = items.flatMap((item, at) => {
    const group = CHECK_RULES[item.rule];
    const before = items[at - 1];
    const isNew = before === undefined || CHECK_RULES[before.rule] !== group;
    return [...(isNew ? groupLines(group, at, paint) : []), ...itemLines(item, paint)];
  });
  return [
    ...lines,
    ...rehearsalLines(rehearsal, paint),
    '',
    failed === 0 ? paint.green(sentence) : paint.red(sentence),
  ].join('\n');
}

/** Who shook hands with whom; rows dial, columns are dialled. */
function rehearsalLines(rehearsal: Rehearsal | undefined, paint: Paint): readonly string[] {
  if (rehearsal === undefined || rehearsal.pairs.length === 0) return [];
  const names = [...new Set(rehearsal.pairs.flatMap(({ from, to }) => [from, to]))].sort();
  const table = matrixLines('from \\ to', names, rehearsalCells(rehearsal), paint);
  return ['', paint.bold('rehearsal'), ...table.map((line) => `  ${line}`)];
}

export function checkJson(items: readonly CheckItem[]): CheckData {
  const count = (result: CheckItem['result']): number =>
    items.filter((item) => item.result === result).length;
  const [passed, warned, failed] = [count('pass'), count('warn'), count('fail')];
  const parts = [
    `${String(passed)} passed`,
    ...(warned === 0 ? [] : [counted(warned, 'warning')]),
    ...(failed === 0 ? [] : [`${String(failed)} FAILED`]),
  ].join(', ');
  const verdict = failed === 0 ? 'this plan can run' : 'this plan cannot run as things are';
  return {
    items,
    passed,
    warned,
    failed,
    sentence: `${verdict}: ${parts}; nothing has been changed`,
  };
}

function groupLines(group: CheckGroup, at: number, paint: Paint): readonly string[] {
  return [...(at === 0 ? [] : ['']), paint.bold(group)];
}

function itemLines(item: CheckItem, paint: Paint): readonly string[] {
  const mark = { pass: '  pass  ', warn: '  WARN  ', fail: '  FAIL  ' }[item.result];
  const color = { pass: paint.green, warn: paint.yellow, fail: paint.red }[item.result];
  const where = item.where === '' ? '' : `${item.where}: `;
  const head = `${mark}${padTo(item.rule, RULE_WIDTH)}`;
  const lines = hanging(head, `${where}${item.because}`, COLUMNS);
  const blank = ' '.repeat(head.length);
  const remedy = item.remedy === '' ? [] : hanging(`${blank}do: `, item.remedy, COLUMNS);
  return [
    ...lines.map((line, at) => (at === 0 ? line.replace(mark, color(mark)) : line)),
    ...remedy,
  ];
}
