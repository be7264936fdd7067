/** Turns a long sentence into lines that fit, and quoted text into text that cannot steer a terminal. */

import { textWidth } from './table.ts';

/** A log line or a file name may be quoted in a failure: nothing in it may move a cursor or ring a bell. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

/** Control characters, newline and tab aside, as `\x1b`. */
export function withoutControls(text: string): string {
  return text.replace(CONTROL, (sign) => {
    return `\\x${(sign.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
}

/** `first` before the first line, blanks of the same width before the others, at most `columns` wide. */
export function hanging(first: string, text: string, columns: number): readonly string[] {
  const margin = textWidth(first);
  const blank = ' '.repeat(margin);
  const lines = withoutControls(text)
    .split('\n')
    .flatMap((line) => wrapped(line, columns - margin));
  return lines.map((line, index) => `${index === 0 ? first : blank}${line}`.trimEnd());
}

/** Broken at spaces only; a line that fits keeps its own spaces, and a word that is too long stays whole. */
function wrapped(line: string, columns: number): readonly string[] {
  if (textWidth(line) <= columns) return [line];
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ').filter((each) => each !== '')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && textWidth(longer) > columns) {
      lines.push(current);
      current = word;
    } else {
      current = longer;
    }
  }
  return [...lines, current];
}
