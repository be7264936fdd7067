/** Turns one change of a setting in etcd's YAML file into a change of its text and of no other byte. */

import { type Pair, type YAMLMap, isMap, isScalar } from 'yaml';

import { type Result, err, ok } from '../../base/result.ts';
import {
  YAML_BOOLEANS,
  blockOf,
  keyOfFlag,
  keyText,
  pairOf,
  parseYamlTree,
  rangeOf,
} from './yaml-tree.ts';

/**
 * The text with one flag set to a value, or without it when that is undefined; why not otherwise. A value is
 * replaced where it stands, in the quotes that it had; a new key goes behind the last one of its mapping.
 */
export function withYamlSetting(
  text: string,
  flag: string,
  to: string | undefined,
): Result<string, string> {
  const { root } = parseYamlTree(text);
  const { block, key } = keyOfFlag(flag);
  const map = root === undefined || block === undefined ? root : blockOf(root, block);
  const pair = map === undefined ? undefined : pairOf(map, key);
  if (to === undefined) {
    return map === undefined || pair === undefined ? ok(text) : without(text, map, pair);
  }
  const inFlow = isFlow(root) || isFlow(map);
  const value = { flag, text: to, inFlow };
  if (pair !== undefined) return ok(replaced(text, pair, value));
  if (map !== undefined) return withEntry(text, map, (at) => `${at.quote(key)}: ${scalar(value)}`);
  if (root === undefined) return ok(appended(text, linesFor(block, key, value, '')));
  const parent = block === undefined ? undefined : pairOf(root, block);
  if (parent !== undefined) return filled(text, parent, key, value);
  if (isFlow(root)) {
    return withEntry(
      text,
      root,
      (at) => `${at.quote(block ?? key)}: {${at.quote(key)}: ${scalar(value)}}`,
    );
  }
  return withEntry(text, root, (at) => linesFor(block, key, value, at.indent).join(at.eol));
}

interface NewValue {
  readonly flag: string;
  readonly text: string;
  readonly inFlow: boolean;
}

interface Place {
  readonly indent: string;
  readonly eol: string;
  readonly quote: (key: string) => string;
}

const STEP = '  ';

function isFlow(map: YAMLMap | undefined): boolean {
  return map?.flow === true;
}

function scalar({ flag, text, inFlow }: NewValue): string {
  if (YAML_BOOLEANS.includes(flag) && /^(true|false)$/.test(text)) return text;
  return inFlow || !isPlain(text) ? doubleQuoted(text) : text;
}

/** Safe as it stands in a block, and no number, boolean or date: it has a letter first or a slash. */
function isPlain(value: string): boolean {
  if (/^(?:y|yes|n|no|on|off|true|false|null)$/i.test(value)) return false;
  return /^[A-Za-z/][\w./@%+=,:[\]-]*$/.test(value) && !value.endsWith(':');
}

/** JSON's quotes are YAML's. */
function doubleQuoted(value: string): string {
  return JSON.stringify(value);
}

function replaced(text: string, pair: Pair, value: NewValue): string {
  const [start, end] = rangeOf(pair.value);
  const type = isScalar(pair.value) ? pair.value.type : undefined;
  const isBoolean = YAML_BOOLEANS.includes(value.flag);
  const written =
    isBoolean || type === 'PLAIN'
      ? scalar(value)
      : type === 'QUOTE_SINGLE'
        ? `'${value.text.replaceAll("'", "''")}'`
        : doubleQuoted(value.text);
  if (start !== end) return text.slice(0, start) + written + text.slice(end);
  // An empty value: nothing stands behind the colon.
  const at = colonEnd(text, pair);
  return `${text.slice(0, at)} ${written}${text.slice(at)}`;
}

function colonEnd(text: string, pair: Pair): number {
  const colon = text.indexOf(':', rangeOf(pair.key)[1]);
  return colon < 0 ? rangeOf(pair.value)[0] : colon + 1;
}

function linesFor(
  block: string | undefined,
  key: string,
  value: NewValue,
  indent: string,
): readonly string[] {
  if (block === undefined) return [`${key}: ${scalar(value)}`];
  return [`${block}:`, `${indent}${STEP}${key}: ${scalar(value)}`];
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** For a file without any setting: comments, a document mark, nothing. */
function appended(text: string, lines: readonly string[]): string {
  const eol = eolOf(text);
  const end = /(?:^|\n)\.\.\.[ \t]*(?:\r?\n|$)/.exec(text);
  const at = end === null ? text.length : end.index + (text.charAt(end.index) === '\n' ? 1 : 0);
  const before = text.slice(0, at);
  const glue = before === '' || before.endsWith('\n') || before === '\uFEFF' ? '' : eol;
  return `${before}${glue}${lines.join(eol)}${eol}${text.slice(at)}`;
}

/** `peer-transport-security:` with nothing in it, or with `null` or `{}` written out. */
function filled(text: string, parent: Pair, key: string, value: NewValue): Result<string, string> {
  const [start, end] = rangeOf(parent.value);
  const keyStart = rangeOf(parent.key)[0];
  const { indent, isLineStart } = indentAt(text, keyStart);
  if (value.inFlow || start !== end) {
    const entry = `{${value.inFlow ? doubleQuoted(key) : key}: ${scalar({ ...value, inFlow: true })}}`;
    const at = start === end ? colonEnd(text, parent) : start;
    return ok(
      `${text.slice(0, at)}${start === end ? ' ' : ''}${entry}${text.slice(Math.max(at, end))}`,
    );
  }
  if (!isLineStart) return err(`${keyText(parent) ?? key} does not begin its line`);
  const line = `${indent}${STEP}${key}: ${scalar(value)}`;
  return ok(insertedBehind(text, colonEnd(text, parent), line));
}

function indentAt(text: string, at: number): { indent: string; isLineStart: boolean } {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(lineStart, at).replace(/^\uFEFF/, '');
  return { indent: before, isLineStart: /^ *$/.test(before) };
}

function withEntry(
  text: string,
  map: YAMLMap,
  entry: (at: Place) => string,
): Result<string, string> {
  const eol = eolOf(text);
  const last = map.items.at(-1);
  if (isFlow(map)) {
    const quoted = map.items.some((pair) => isScalar(pair.key) && pair.key.type !== 'PLAIN');
    const words = entry({ indent: '', eol, quote: quoted ? doubleQuoted : (key) => key });
    if (last === undefined) {
      const at = rangeOf(map)[0] + 1;
      return ok(text.slice(0, at) + words + text.slice(at));
    }
    const at = endOf(text, last);
    return ok(`${text.slice(0, at)}, ${words}${text.slice(at)}`);
  }
  const [first] = map.items;
  if (first === undefined || last === undefined) return err('a mapping has no keys');
  const { indent, isLineStart } = indentAt(text, rangeOf(first.key)[0]);
  if (!isLineStart) return err('its first key does not begin its line');
  const words = entry({ indent, eol, quote: (key) => key });
  return ok(insertedBehind(text, endOf(text, last), indent + words));
}

/** Behind the line in which `at` stands, its comment included. */
function insertedBehind(text: string, at: number, line: string): string {
  const eol = eolOf(text);
  const lineEnd = text.charAt(at - 1) === '\n' ? at : nextLine(text, at);
  const before = text.slice(0, lineEnd);
  return `${before}${before.endsWith('\n') ? '' : eol}${line}${eol}${text.slice(lineEnd)}`;
}

function nextLine(text: string, at: number): number {
  const feed = text.indexOf('\n', at);
  return feed < 0 ? text.length : feed + 1;
}

/** Behind the last character of a pair: of a nested mapping that of its last pair. */
function endOf(text: string, pair: Pair): number {
  const { value } = pair;
  if (isMap(value) && value.flow !== true) {
    const last = value.items.at(-1);
    if (last !== undefined) return endOf(text, last);
  }
  const [start, end] = rangeOf(value);
  if (start === end) return colonEnd(text, pair);
  return typeof value === 'object' && !isScalar(value) ? trimmedEnd(text, start, end) : end;
}

/** A block sequence's range takes in the white space behind it. */
function trimmedEnd(text: string, start: number, end: number): number {
  return start + text.slice(start, end).trimEnd().length;
}

function without(text: string, map: YAMLMap, pair: Pair): Result<string, string> {
  const index = map.items.indexOf(pair);
  const keyStart = rangeOf(pair.key)[0];
  if (isFlow(map)) {
    const next = map.items[index + 1];
    const previous = map.items[index - 1];
    if (next !== undefined) return ok(text.slice(0, keyStart) + text.slice(rangeOf(next.key)[0]));
    const from = previous === undefined ? keyStart : endOf(text, previous);
    return ok(text.slice(0, from) + text.slice(endOf(text, pair)));
  }
  const { isLineStart } = indentAt(text, keyStart);
  if (!isLineStart) return err('a key that has to go does not begin its line');
  const lineStart = text.lastIndexOf('\n', keyStart - 1) + 1;
  const bom = text.startsWith('\uFEFF') && lineStart === 0 ? 1 : 0;
  const end = endOf(text, pair);
  const lineEnd = text.charAt(end - 1) === '\n' ? end : nextLine(text, end);
  return ok(text.slice(0, lineStart + bom) + text.slice(lineEnd));
}
