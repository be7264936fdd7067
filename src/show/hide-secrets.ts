/**
 * Turns the text of a plan file into the stretches of it that nobody may see: the values under
 * `password`, `passphrase` and keys like them, and the user part of URLs.
 *
 * It is used where the file is wrong, so it cannot ask a YAML reader. Where two readings are possible it
 * hides what either of them would call the value.
 */

import { isSecretKey } from '../base/secret-key.ts';

/** Offsets into the text, the end not included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A word and a colon, quoted or not; in double quotes with escapes it may be any word. */
const KEY = /(?<![\w.-])(?:(["']?)([A-Za-z_][\w.-]{0,63})\1|("(?:[^"\\\n]|\\.){0,200}"))\s*:/g;

const URL_USER = /\/\/[^\s/@]+@/g;

/** In the order in which they stand, none within another. */
export function secretStretches(text: string): readonly Stretch[] {
  const found: Stretch[] = [];
  let coveredTo = 0;
  for (const match of text.matchAll(KEY)) {
    const [whole, , word, escaped] = match;
    const isSecret = word === undefined ? escaped?.includes('\\') === true : isSecretKey(word);
    // Inside a value that is hidden already there are no keys.
    if (!isSecret || match.index < coveredTo) continue;
    const stretch = valueBehind(text, match.index, match.index + whole.length);
    if (stretch.from === stretch.to) continue;
    coveredTo = stretch.to;
    found.push(stretch, ...anchored(text, stretch));
  }
  for (const match of text.matchAll(URL_USER)) {
    found.push({ from: match.index + 2, to: match.index + match[0].length - 1 });
  }
  return merged(found);
}

function merged(found: readonly Stretch[]): readonly Stretch[] {
  const apart: Stretch[] = [];
  for (const stretch of [...found].sort((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last === undefined || stretch.from > last.to) apart.push(stretch);
    else apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
  }
  return apart;
}

/** `password: *word` stands for a value that is written elsewhere, behind `&word`. */
function anchored(text: string, { from, to }: Stretch): readonly Stretch[] {
  const name = /^\*([^\s,[\]{}]+)/.exec(text.slice(from, to))?.[1];
  if (name === undefined) return [];
  const anchor = text.indexOf(`&${name}`);
  if (anchor < 0) return [];
  return [valueBehind(text, anchor, anchor + 1 + name.length)];
}

/** The value behind a key that begins at `key` and whose colon ends at `colon`. */
function valueBehind(text: string, key: number, colon: number): Stretch {
  const lineStart = text.lastIndexOf('\n', key - 1) + 1;
  const from = skip(text, colon, /[ \t]*(?:[&!][^\s,[\]{}]*[ \t]*)*/y);
  const first = text[from];
  const isFlow = isInBrackets(text.slice(lineStart, key));
  if (first === '"' || first === "'") {
    const to = closingQuote(text, from, first);
    return { from, to: isFlow ? to : blockEnd(text, to, key - lineStart) };
  }
  if (first === '{' || first === '[') {
    const to = closingBracket(text, from + 1);
    return { from, to: isFlow ? to : lineEnd(text, to) };
  }
  // A comma ends a plain value in brackets; what the person meant may hold one.
  if (isFlow) return { from, to: Math.max(lineEnd(text, from), closingBracket(text, from) - 1) };
  return { from, to: blockEnd(text, from, key - lineStart) };
}

function skip(text: string, from: number, pattern: RegExp): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

/** Does a bracket of a mapping or list stand open at the end of this part of a line? */
function isInBrackets(before: string): boolean {
  let depth = 0;
  const bare = before.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '""');
  for (const match of bare.matchAll(/(?<=^|[\s:,[{-])[{[]|[}\]]/g)) {
    depth += match[0] === '{' || match[0] === '[' ? 1 : -1;
  }
  return depth > 0;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (quote === '"' && text[at] === '\\') at += 1;
    else if (text[at] === quote && quote === "'" && text[at + 1] === quote) at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

/** Behind the bracket that closes what was opened before `from`; the end of the text when none does. */
function closingBracket(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"' || letter === "'") at = closingQuote(text, at, letter) - 1;
    else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length + 1;
}

const NEXT_KEY = /^\s*(?:- +)?["']?[\w.-]+["']?\s*:(?:\s|$)/;

/** The rest of the line, and the lines that go on with the value: those further in than its key. */
function blockEnd(text: string, from: number, indent: number): number {
  let end = lineEnd(text, from);
  const isOpen = /^(?:[|>][^\n]*|\s*)(?:#[^\n]*)?$/.test(text.slice(from, end));
  let isFirst = isOpen;
  while (end < text.length) {
    const next = lineEnd(text, end + 1);
    const line = text.slice(end + 1, next);
    const isBlank = line.trim() === '';
    const goesOn = isBlank || line.search(/[^ \t]/) > indent;
    // A value that was indented too little is a mistake, and a secret all the same.
    const isLost = isFirst && !isBlank && !NEXT_KEY.test(line);
    if (!goesOn && !isLost) break;
    if (!isBlank) isFirst = false;
    end = next;
  }
  return end;
}
