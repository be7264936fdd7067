/**
 * Turns the text of an env file into its assignments with their places, as systemd reads an
 * EnvironmentFile (src/basic/env-file.c), and says where `sh` would read the same line differently.
 */

export type QuoteStyle = 'bare' | 'double' | 'single' | 'mixed';

export interface Assignment {
  readonly name: string;
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
  /** The first character of its line, of its name and of its value. */
  readonly start: number;
  readonly nameStart: number;
  readonly valueStart: number;
  /** Of the newline that ends it, or the end of the text. */
  readonly end: number;
  readonly style: QuoteStyle;
  readonly isClosed: boolean;
}

/** A comment, or a line that is no assignment. */
export interface OtherLine {
  readonly text: string;
  readonly line: number;
  readonly end: number;
}

export interface EnvLines {
  readonly assignments: readonly Assignment[];
  readonly comments: readonly OtherLine[];
  readonly strangers: readonly OtherLine[];
}

const WHITESPACE = ' \t\n\r';
const NEWLINE = '\n\r';
const COMMENT = '#;';
/** What a backslash takes its meaning from inside double quotes, for sh and systemd alike. */
const ESCAPABLE = '"\\`$';
/** `export ` is sh's word; systemd ignores such a line. */
const NAME = /^(export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*$/;

export function parseEnvLines(text: string): EnvLines {
  const assignments: Assignment[] = [];
  const comments: OtherLine[] = [];
  const strangers: OtherLine[] = [];
  let at = 0;
  let line = 1;
  const advance = (to: number): void => {
    line += text.slice(at, to).split('\n').length - 1;
    at = to;
  };
  for (;;) {
    advance(skip(text, at, (c) => WHITESPACE.includes(c)));
    if (at >= text.length) return { assignments, comments, strangers };
    const lineEnd = skip(text, at, (c) => !NEWLINE.includes(c));
    const equals = text.indexOf('=', at);
    const name = NAME.exec(text.slice(at, equals));
    if (COMMENT.includes(text.charAt(at))) {
      comments.push({ text: text.slice(at, lineEnd), line, end: lineEnd });
      advance(lineEnd);
    } else if (equals < 0 || equals >= lineEnd) {
      strangers.push({ text: text.slice(at, lineEnd), line, end: lineEnd });
      advance(lineEnd);
    } else {
      const value = scanValue(text, equals + 1);
      if (name === null) {
        strangers.push({ text: text.slice(at, value.end), line, end: value.end });
      } else {
        const start = lineStart(text, at);
        const nameStart = at + (name[1]?.length ?? 0);
        const place = { name: name[2] ?? '', line, start, nameStart, valueStart: equals + 1 };
        assignments.push({ ...place, ...value });
      }
      advance(value.end);
    }
  }
}

interface ScannedValue {
  readonly value: string;
  readonly end: number;
  readonly style: QuoteStyle;
  readonly isClosed: boolean;
}

/**
 * systemd's states: quotes count only before the first bare character (`a"b"` keeps its quotes), a
 * backslash outside quotes takes the next character as it is and a newline away, trailing white space of
 * a bare value is cut.
 */
function scanValue(text: string, from: number): ScannedValue {
  let at = from;
  let value = '';
  let kept = 0;
  const parts: QuoteStyle[] = [];
  let isBare = false;
  const ended = (isClosed: boolean): ScannedValue => ({
    value: isBare ? value.slice(0, Math.max(kept, trimmedLength(value))) : value,
    end: Math.min(at, text.length),
    style: parts.length > 1 ? 'mixed' : (parts[0] ?? 'bare'),
    isClosed,
  });
  while (at < text.length) {
    const c = text.charAt(at);
    if (NEWLINE.includes(c)) return ended(true);
    if (!isBare && (c === '"' || c === "'")) {
      const quoted = c === '"' ? scanDouble(text, at + 1) : scanSingle(text, at + 1);
      parts.push(c === '"' ? 'double' : 'single');
      value += quoted.value;
      kept = value.length;
      at = quoted.end;
      if (!quoted.isClosed) return ended(false);
    } else if (!isBare && WHITESPACE.includes(c)) {
      at += 1;
    } else {
      if (!isBare) parts.push('bare');
      isBare = true;
      if (c === '\\') {
        const next = text.charAt(at + 1);
        if (!NEWLINE.includes(next)) value += next;
        kept = value.length;
        at += 2;
      } else {
        value += c;
        at += 1;
      }
    }
  }
  return ended(true);
}

interface Quoted {
  readonly value: string;
  /** Behind the closing quote. */
  readonly end: number;
  readonly isClosed: boolean;
}

function scanSingle(text: string, from: number): Quoted {
  const close = text.indexOf("'", from);
  if (close < 0) return { value: text.slice(from), end: text.length, isClosed: false };
  return { value: text.slice(from, close), end: close + 1, isClosed: true };
}

function scanDouble(text: string, from: number): Quoted {
  let value = '';
  for (let at = from; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '"') return { value, end: at + 1, isClosed: true };
    if (c !== '\\') {
      value += c;
      continue;
    }
    at += 1;
    const next = text.charAt(at);
    if (ESCAPABLE.includes(next)) value += next;
    else if (next !== '\n') value += `\\${next}`;
  }
  return { value, end: text.length, isClosed: false };
}

function skip(text: string, from: number, fits: (character: string) => boolean): number {
  let at = from;
  while (at < text.length && fits(text.charAt(at))) at += 1;
  return at;
}

function lineStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && !NEWLINE.includes(text.charAt(start - 1))) start -= 1;
  return start;
}

function trimmedLength(value: string): number {
  return value.replace(/[ \t\n\r]+$/, '').length;
}
