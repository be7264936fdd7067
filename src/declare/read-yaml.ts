/** Turns YAML text into plain values that remember where each of them stands, and syntax mistakes. */

import {
  type Alias,
  Lexer,
  type Node,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml';

import { lineStarts, positionAt } from '../base/source.ts';
import { type Finding, type Path, pathText } from './finding.ts';
import { yamlWords } from './yaml-words.ts';

export interface Place {
  /** Where the value begins; of an empty value where its key begins. */
  readonly offset: number;
  /** Behind the value. */
  readonly end: number;
  /** Where its key begins; undefined for the items of a list. */
  readonly keyOffset: number | undefined;
  /** As written, of a value that is neither list nor mapping. */
  readonly source: string | undefined;
}

export interface YamlReading {
  readonly value: unknown;
  /** Syntax mistakes and duplicate keys. */
  readonly findings: readonly Finding[];
  /** The place of what was written under this path. */
  placeOf(path: Path): Place | undefined;
  /** Line and column, from 1, of an offset. */
  position(offset: number): { readonly line: number; readonly col: number };
}

/** A plan for 9 members has about 4,000 characters; what is far larger is another kind of file. */
const LONGEST_TEXT = 262_144;

/** A plan file nests 5 deep. The YAML reader calls itself for each level: thousands kill the process. */
const DEEPEST_NESTING = 64;

/** Aliases can make a small text a huge value; a plan for 9 members has about 300. */
const MOST_VALUES = 10_000;

const CORE_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** Never throws; the findings say why the value is not whole. Text without a byte order mark. */
export function readYaml(text: string): YamlReading {
  const refusal = tooMuch(text);
  if (refusal !== undefined) {
    const finding = { offset: 0, path: [], message: refusal, hint: 'name a peershift plan file' };
    return reading(text, undefined, [finding], new Map());
  }
  const document = parseDocument(text, {
    uniqueKeys: true,
    strict: true,
    version: '1.2',
    prettyErrors: false,
    logLevel: 'error',
  });
  const findings: Finding[] = [...ownErrors(document.errors), ...document.warnings].map(
    (error) => ({
      offset: error.pos[0],
      path: [],
      ...yamlWords(error.code),
      isHarmless: error.code === 'DUPLICATE_KEY' || error.code === 'TAG_RESOLVE_FAILED',
    }),
  );
  const directive = /^%YAML +(?!1\.2\s)/m.exec(text);
  if (directive !== null && document.directives.yaml.explicit === true) {
    const message = 'a plan file is YAML 1.2';
    findings.push({ offset: directive.index, path: [], message, hint: 'take this line away' });
  }
  const places = new Map<string, Place>();
  const walk = new Walk(text, places, findings);
  const value = walk.read(document.contents, [], undefined);
  return reading(text, value, findings, places);
}

/** Once the parser has lost its way it stumbles over every further token: that says nothing new. */
function ownErrors<E extends { readonly code: string }>(errors: readonly E[]): readonly E[] {
  return errors.filter((error, at) => at === 0 || error.code !== 'UNEXPECTED_TOKEN');
}

function reading(
  text: string,
  value: unknown,
  findings: readonly Finding[],
  places: ReadonlyMap<string, Place>,
): YamlReading {
  // Not the YAML reader's own LineCounter: it misses line ends inside of text that is no YAML.
  const starts = lineStarts(text);
  return {
    value,
    findings,
    placeOf: (path) => places.get(JSON.stringify(path)),
    position: (offset) => positionAt(starts, offset),
  };
}

/** Why the text must not even be given to the YAML reader. The lexer does not call itself. */
function tooMuch(text: string): string | undefined {
  if (text.length > LONGEST_TEXT) return 'this file is too large to be a plan file';
  let open = 0;
  let onLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '{' || token === '[') open += 1;
    else if (token === '}' || token === ']') open = Math.max(0, open - 1);
    else if (token.includes('\n')) onLine = 0;
    // Outside of brackets one line can open many levels: "- - - -".
    else if (open === 0 && (token === '-' || token === '?' || token === ':')) onLine += 1;
    if (open > DEEPEST_NESTING || onLine > DEEPEST_NESTING) {
      return 'this is nested too deeply to be a plan file';
    }
  }
  return undefined;
}

class Walk {
  readonly #text: string;
  readonly #places: Map<string, Place>;
  readonly #findings: Finding[];
  /** By anchor, the last node that carried it so far. */
  readonly #anchors = new Map<string, Node>();
  /** The nodes that are being read, from the top: an alias to one of them has no end. */
  readonly #above = new Set<unknown>();
  #count = 0;

  constructor(text: string, places: Map<string, Place>, findings: Finding[]) {
    this.#text = text;
    this.#places = places;
    this.#findings = findings;
  }

  read(node: Node | null | undefined, path: Path, keyOffset: number | undefined): unknown {
    this.#count += 1;
    if (this.#count === MOST_VALUES)
      this.#find(keyOffset ?? 0, path, 'this file has too many values');
    if (this.#count >= MOST_VALUES) return undefined;
    if (node === null || node === undefined) {
      this.#place(path, { offset: keyOffset ?? 0, end: keyOffset ?? 0, keyOffset, source: '' });
      return null;
    }
    const [start = 0, end = 0] = node.range ?? [];
    if (isAlias(node)) return this.#readAlias(node, start, path, keyOffset);
    const { anchor } = node as { readonly anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    const source = isScalar(node) ? this.#text.slice(start, end) : undefined;
    const offset = source === '' ? (keyOffset ?? start) : start;
    this.#place(path, { offset, end, keyOffset, source });
    // An unknown tag is a finding already, and what it makes of the value nobody knows.
    if (node.tag !== undefined && !CORE_TAG.test(node.tag)) return undefined;
    if (isScalar(node)) return node.value;
    this.#above.add(node);
    const value = isMap(node) ? this.#readMap(node, path) : this.#readSeq(node, path);
    this.#above.delete(node);
    return value;
  }

  #readAlias(alias: Alias, offset: number, path: Path, keyOffset: number | undefined): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined || this.#above.has(target)) {
      const why = target === undefined ? 'has no anchor (&name) before it' : 'stands for itself';
      this.#place(path, { offset, end: offset, keyOffset, source: undefined });
      this.#find(offset, path, `this alias (*name) ${why}`, 'write the value itself, or quote it');
      return undefined;
    }
    return this.read(target, path, keyOffset);
  }

  #readMap(node: YAMLMap, path: Path): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const { key, value: item } of node.items) {
      const [keyOffset = 0] = isScalar(key) || isMap(key) || isSeq(key) ? (key.range ?? []) : [];
      const name = isScalar(key) ? key.value : undefined;
      if ((typeof name !== 'string' && typeof name !== 'number') || name === '__proto__') {
        this.#find(keyOffset, path, 'a key must be a plain word', 'write "key: value"');
      } else if (name === '<<') {
        const hint = 'write the keys themselves, or what members share under "defaults:"';
        this.#find(keyOffset, path, 'merge keys (<<) are not part of YAML 1.2', hint);
      } else {
        // The second of two equal keys is a finding already; the first one counts.
        const text = String(name);
        const below = [...path, text];
        if (!Object.hasOwn(value, text)) value[text] = this.read(item as Node, below, keyOffset);
      }
    }
    return value;
  }

  #readSeq(node: Node, path: Path): unknown[] {
    const items = isSeq(node) ? (node as YAMLSeq<Node>).items : [];
    const [start = 0] = node.range ?? [];
    return items.map((item, index) => {
      const value = this.read(item, [...path, index], undefined);
      const place = this.#places.get(JSON.stringify([...path, index]));
      // An empty item has no width and no key: it stands where its list begins.
      if (place?.source === '') this.#place([...path, index], { ...place, offset: start });
      return value;
    });
  }

  #place(path: Path, place: Place): void {
    this.#places.set(JSON.stringify(path), place);
  }

  #find(offset: number, path: Path, message: string, hint?: string): void {
    const where = path.length === 0 ? '' : `${pathText(path)}: `;
    this.#findings.push({ offset, path, message: `${where}${message}`, hint, isHarmless: true });
  }
}
