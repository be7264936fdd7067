/** Turns the mistakes of a plan file into text: place, line, caret, and what to write instead. */

import { lineStarts } from '../base/source.ts';
import type { PlanProblem, PlanProblems } from '../model/plan-problem.ts';
import { type Stretch, secretStretches } from './hide-secrets.ts';

/** A line is shown this wide at most, around the caret; a terminal has about 100 columns. */
const WIDEST_LINE = 160;

/** One paragraph for each problem; no secret of the source is in it. Ends with a newline. */
export function planProblemsText(text: string, problems: PlanProblems): string {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const secrets = secretStretches(source);
  const starts = lineStarts(source);
  return problems.map((problem) => problemText(source, starts, secrets, problem)).join('\n');
}

function problemText(
  source: string,
  starts: readonly number[],
  secrets: readonly Stretch[],
  problem: PlanProblem,
): string {
  const { file, line, col, message, hint } = problem;
  const from = starts[line - 1] ?? source.length;
  const to = (starts[line] ?? source.length + 1) - 1;
  const { shown, caret } = clipped(shownLine(source, { from, to }, secrets, from + col - 1));
  const number = String(line).padStart(5);
  const gutter = ' '.repeat(number.length);
  const lines = [
    `${file}:${String(line)}:${String(col)}  ${printable(message)}`,
    `${number} | ${shown.join('')}`.trimEnd(),
    `${gutter} | ${' '.repeat(widthOf(shown.slice(0, caret)))}^`,
    ...(hint === undefined ? [] : [`${gutter} = ${printable(hint)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

interface ShownLine {
  /** One entry for each letter on the screen. */
  readonly shown: readonly string[];
  /** Index of the entry that the caret stands under. */
  readonly caret: number;
}

function shownLine(
  source: string,
  line: Stretch,
  secrets: readonly Stretch[],
  target: number,
): ShownLine {
  const here = secrets.filter(({ from, to }) => from < line.to && to > line.from);
  const shown: string[] = [];
  let caret: number | undefined;
  let hiddenBy: Stretch | undefined;
  let at = line.from;
  let next = 0;
  while (at < line.to) {
    const letter = String.fromCodePoint(source.codePointAt(at) ?? 0);
    while ((here[next]?.to ?? Infinity) <= at) next += 1;
    const ahead = here[next];
    const secret = ahead !== undefined && at >= ahead.from ? ahead : undefined;
    const isNew = secret !== undefined && hiddenBy === undefined;
    // A caret inside of what is hidden stands under its beginning.
    if (secret !== undefined && !isNew && target === at) caret ??= shown.length - 3;
    if (target >= at && target < at + letter.length) caret ??= shown.length;
    if (isNew) shown.push('*', '*', '*');
    else if (secret === undefined) shown.push(printable(letter));
    hiddenBy = secret;
    at += letter.length;
  }
  if (shown.at(-1) === '') shown.pop();
  return { shown, caret: Math.min(caret ?? shown.length, shown.length) };
}

/** A tab is one column here, and no control character reaches a terminal. */
function printable(text: string): string {
  return text.replace(/\r$/, '').replace(/\t/g, ' ').replace(/\p{C}/gu, '\uFFFD');
}

function clipped({ shown, caret }: ShownLine): ShownLine {
  if (shown.length <= WIDEST_LINE) return { shown, caret };
  const from = Math.max(0, Math.min(caret - WIDEST_LINE / 2, shown.length - WIDEST_LINE));
  const part = shown.slice(from, from + WIDEST_LINE);
  const before = from > 0 ? ['...'] : [];
  const after = from + WIDEST_LINE < shown.length ? ['...'] : [];
  return { shown: [...before, ...part, ...after], caret: caret - from + before.length };
}

const WIDE =
  /^(?:\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Hangul}|\p{EPres}|[\uFF01-\uFF60\u3000-\u303E])/u;

/** Columns on a terminal: East Asian letters and emoji take two, combining marks none. */
function widthOf(letters: readonly string[]): number {
  const widths = letters.map((letter) => {
    if (/^\p{M}+$/u.test(letter)) return 0;
    return WIDE.test(letter) ? 2 : letter.length;
  });
  return widths.reduce((sum, width) => sum + width, 0);
}
