/** Turns a failure into the five lines that a person reads: code and place, would, but, so, do. */

import type { Failure, FailureStory } from '../model/failure.ts';
import { matrixLines } from './matrix.ts';
import { type Paint, PLAIN } from './paint.ts';
import { hanging, withoutControls } from './wrap.ts';

export type FailureKind = 'refused' | 'failed';

/** Where a terminal beside a runbook still shows whole lines. */
const COLUMNS = 100;
const LABEL_WIDTH = 'refused  '.length;

/** The five lines; a part without text has no line. */
export function failureText(failure: Failure, kind: FailureKind, paint: Paint = PLAIN): string {
  const { code, where, would, but, so, remedy } = failure;
  const label = paint.bold(paint.red(kind)) + ' '.repeat(LABEL_WIDTH - kind.length);
  const place = where === '' ? '' : ` · ${withoutControls(where)}`;
  const parts: readonly (readonly [string, string])[] = [
    ['would', would],
    ['but', but],
    ['so', so],
    ['do', remedy],
  ];
  const lines = parts
    .filter(([, text]) => text.trim() !== '')
    .flatMap(([name, text]) => hanging(`  ${name}`.padEnd(LABEL_WIDTH), text, COLUMNS));
  const story = failure.story === undefined ? [] : storyLines(failure.story, paint);
  return [`${label}${paint.bold(code)}${place}`, ...lines, ...story].join('\n');
}

/** What happens there, step by step, and who can then dial whom. */
function storyLines(story: FailureStory, paint: Paint): readonly string[] {
  const { lines, members, leader, cells } = story;
  const names = members.map((name) => (name === leader ? `${name}*` : name));
  const named = Object.fromEntries(
    Object.entries(cells).map(([pair, cell]) => {
      const ends = pair.split('>').map((end) => (end === leader ? `${end}*` : end));
      return [ends.join('>'), cell];
    }),
  );
  const margin = ' '.repeat(LABEL_WIDTH);
  return [
    '',
    ...lines.flatMap((line) => hanging(margin, line, COLUMNS)),
    '',
    ...matrixLines('from \\ to', names, named, paint).map((line) => `${margin}${line}`),
    ...(leader === undefined ? [] : [`${margin}* leads`]),
  ];
}

/** Several failures in the order given, with an empty line between two. */
export function failuresText(
  failures: readonly Failure[],
  kind: FailureKind,
  paint: Paint = PLAIN,
): string {
  return failures.map((failure) => failureText(failure, kind, paint)).join('\n\n');
}
