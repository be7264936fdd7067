/** Turns the text of a systemd unit or drop-in into its assignments, as systemd reads them (conf-parser.c). */

export interface UnitAssignment {
  readonly section: string;
  readonly key: string;
  /** Continued lines joined, comments between them left out, white space around it cut. */
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface UnitLines {
  readonly assignments: readonly UnitAssignment[];
  /** Lines that are neither section, assignment nor comment: systemd logs and ignores them. */
  readonly strangers: readonly { readonly text: string; readonly line: number }[];
}

const SPACE = /^[ \t\n\r]+|[ \t\n\r]+$/g;

export function parseUnitLines(text: string): UnitLines {
  const assignments: UnitAssignment[] = [];
  const strangers: { text: string; line: number }[] = [];
  let section = '';
  for (const { text: whole, line } of logicalLines(text)) {
    const trimmed = whole.replace(SPACE, '');
    if (trimmed === '') continue;
    const header = /^\[(.*)\]$/.exec(trimmed)?.[1];
    const equals = trimmed.indexOf('=');
    if (header !== undefined) section = header;
    else if (equals <= 0) strangers.push({ text: trimmed, line });
    else {
      const key = trimmed.slice(0, equals).replace(SPACE, '');
      const value = trimmed.slice(equals + 1).replace(SPACE, '');
      assignments.push({ section, key, value, line });
    }
  }
  return { assignments, strangers };
}

/**
 * A backslash at the very end of a line, itself not escaped, takes the next line in, with a space in its
 * place; comment lines between the two are left out and empty ones end it.
 */
function logicalLines(text: string): readonly { text: string; line: number }[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n\r|\n|\r/);
  const logical: { text: string; line: number }[] = [];
  let open: { text: string; line: number } | undefined;
  for (const [index, each] of lines.entries()) {
    const content = each.replace(/^[ \t]+/, '');
    if (content.startsWith('#') || content.startsWith(';')) continue;
    const start = open ?? { text: '', line: index + 1 };
    if (isContinued(content)) {
      open = { text: `${start.text}${content.slice(0, -1)} `, line: start.line };
    } else {
      logical.push({ text: start.text + content, line: start.line });
      open = undefined;
    }
  }
  return open === undefined ? logical : [...logical, open];
}

function isContinued(line: string): boolean {
  const backslashes = /\\+$/.exec(line)?.[0].length ?? 0;
  return backslashes % 2 === 1;
}
