/** Turns the text of etcd's own YAML file (`--config-file`) into its settings with their places. */

import {
  type Node,
  type Pair,
  type YAMLMap,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml';

import { lineStarts, positionAt } from '../../base/source.ts';
import { FLAG, OWNED_FLAGS } from '../../model/settings.ts';

/** The mapping that holds the TLS settings of peers, and its keys as flags (embed/config.go). */
const PEER_BLOCK = 'peer-transport-security';
const PEER_KEYS: Readonly<Record<string, string>> = {
  'cert-file': FLAG.peerCertFile,
  'key-file': FLAG.peerKeyFile,
  'client-cert-file': 'peer-client-cert-file',
  'client-key-file': 'peer-client-key-file',
  'client-cert-auth': FLAG.peerClientCertAuth,
  'trusted-ca-file': FLAG.peerTrustedCaFile,
  'ca-file': FLAG.peerCaFile,
  'auto-tls': FLAG.peerAutoTls,
  'allowed-cn': FLAG.peerCertAllowedCn,
  'allowed-hostname': FLAG.peerCertAllowedHostname,
  'skip-client-san-verification': FLAG.peerSkipClientSanPlain,
};
const CLIENT_BLOCK = 'client-transport-security';
const CLIENT_KEYS: Readonly<Record<string, string>> = {
  'cert-file': 'cert-file',
  'key-file': 'key-file',
  'client-cert-auth': 'client-cert-auth',
  'trusted-ca-file': 'trusted-ca-file',
  'auto-tls': 'auto-tls',
};
const BLOCKS = [
  [PEER_BLOCK, PEER_KEYS],
  [CLIENT_BLOCK, CLIENT_KEYS],
] as const;
/** What etcd reads as true or false; everything else that we write is a string. */
export const YAML_BOOLEANS: readonly string[] = [
  ...[FLAG.peerClientCertAuth, FLAG.peerAutoTls],
  ...[FLAG.clientCertAuth, FLAG.autoTls],
];

export interface YamlSetting {
  readonly flag: string;
  readonly value: string;
  readonly pair: Pair;
  /** Counted from 1. */
  readonly line: number;
}

export interface YamlTree {
  /** Undefined: the file holds no mapping, since it is empty or since it is something else. */
  readonly root: YAMLMap | undefined;
  readonly settings: readonly YamlSetting[];
  readonly problems: readonly string[];
}

/** etcd's file has some 100 keys; the YAML reader calls itself for each level of nesting. */
const LONGEST_TEXT = 262_144;
const DEEPEST_NESTING = 64;

/**
 * Read as etcd's own reader does (YAML 1.1, where `yes` is true); stricter in one thing: keys that
 * stand twice, or that other letters than etcd's own spell, are problems, since its JSON step takes
 * them in an order that nobody should rely on. Never throws.
 */
export function parseYamlTree(text: string): YamlTree {
  const refusal = tooMuch(text);
  if (refusal !== undefined) return { root: undefined, settings: [], problems: [refusal] };
  const starts = lineStarts(text);
  const lineOf = (offset: number): number => positionAt(starts, offset).line;
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const [message = ''] = error.message.split('\n');
    const problem = `line ${String(lineOf(error.pos[0]))} is not YAML: ${message}`;
    return { root: undefined, settings: [], problems: [problem] };
  }
  const { contents } = document;
  if (!isMap(contents)) return { root: undefined, settings: [], problems: rootProblems(contents) };
  const settings = settingsIn(contents, lineOf);
  return { root: contents, settings, problems: treeProblems(text, contents, settings, lineOf) };
}

/** The mapping of a nested block; undefined when the key is absent, empty or no mapping. */
export function blockOf(root: YAMLMap, key: string): YAMLMap | undefined {
  const value = pairOf(root, key)?.value;
  return isMap(value) ? value : undefined;
}

export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyText(pair) === key);
}

/** Where a flag stands: its mapping (undefined: the top one) and its key there. */
export function keyOfFlag(flag: string): { readonly block: string | undefined; key: string } {
  for (const [block, keys] of BLOCKS) {
    const own = Object.entries(keys).find(([, each]) => each === flag)?.[0];
    if (own !== undefined) return { block, key: own };
  }
  return { block: undefined, key: flag };
}

/** Where a node that was read from text begins and ends. */
export function rangeOf(node: unknown): readonly [number, number] {
  const range = (node as Node | null | undefined)?.range;
  return [range?.[0] ?? 0, range?.[1] ?? 0];
}

export function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : undefined;
}

function tooMuch(text: string): string | undefined {
  if (text.length > LONGEST_TEXT) return `it has ${String(text.length)} characters`;
  if (text.includes('\0')) return 'it holds a zero byte, so it is not a text file';
  if (/^(?:[ \t]*[-?][ \t]){65}/m.test(text)) return 'it nests deeper than any file of etcd';
  if (/\r(?!\n)/.test(text)) return 'it has line ends of a bare carriage return';
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > DEEPEST_NESTING) return 'it nests deeper than any file of etcd';
  }
  return undefined;
}

function rootProblems(contents: unknown): readonly string[] {
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  return isEmpty ? [] : ['it is no mapping of settings'];
}

type LineOf = (offset: number) => number;

function settingsIn(root: YAMLMap, lineOf: LineOf): readonly YamlSetting[] {
  return root.items.flatMap((pair) => {
    const key = keyText(pair);
    if (key === PEER_BLOCK) return nested(pair, PEER_KEYS, lineOf);
    if (key === CLIENT_BLOCK) return nested(pair, CLIENT_KEYS, lineOf);
    return key === undefined ? [] : setting(pair, key, lineOf);
  });
}

function nested(
  pair: Pair,
  flags: Readonly<Record<string, string>>,
  lineOf: LineOf,
): readonly YamlSetting[] {
  if (!isMap(pair.value)) return [];
  return pair.value.items.flatMap((each) => {
    const flag = flags[keyText(each) ?? ''];
    return flag === undefined ? [] : setting(each, flag, lineOf);
  });
}

/** A key without a value is as good as absent: JSON's null leaves etcd's default. */
function setting(pair: Pair, flag: string, lineOf: LineOf): readonly YamlSetting[] {
  const value = valueText(pair.value);
  const line = lineOf(rangeOf(pair.key)[0]);
  return value === undefined ? [] : [{ flag, value, pair, line }];
}

function valueText(node: unknown): string | undefined {
  if (isSeq(node)) {
    const parts = node.items.map(valueText);
    return parts.every((part) => part !== undefined) ? parts.join(',') : undefined;
  }
  if (!isScalar(node)) return undefined;
  const { value } = node;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return value === null || value === undefined ? undefined : (node.source ?? undefined);
}

const OWNED_TOP = OWNED_FLAGS.flatMap((flag) => {
  const { block, key } = keyOfFlag(flag);
  return block === undefined ? [key] : [];
});
const OWNED_NESTED = OWNED_FLAGS.flatMap((flag) => {
  const { block, key } = keyOfFlag(flag);
  return block === undefined ? [] : [key];
});

function treeProblems(
  text: string,
  root: YAMLMap,
  settings: readonly YamlSetting[],
  lineOf: LineOf,
): readonly string[] {
  const at = (pair: Pair): string => `line ${String(lineOf(rangeOf(pair.key)[0]))}:`;
  const peer = pairOf(root, PEER_BLOCK);
  const inside = peer !== undefined && isMap(peer.value) ? peer.value : undefined;
  const isBlockWrong =
    peer !== undefined &&
    inside === undefined &&
    !(isScalar(peer.value) && peer.value.value === null);
  return [
    ...keyProblems(root, [...OWNED_TOP, PEER_BLOCK], at),
    ...(inside === undefined ? [] : keyProblems(inside, OWNED_NESTED, at)),
    ...(peer === undefined ? [] : markProblems(text, peer, PEER_BLOCK, at)),
    ...(isBlockWrong ? [`${at(peer)} ${PEER_BLOCK} is no mapping`] : []),
    ...root.items.flatMap((pair) => ownProblems(text, pair, OWNED_TOP, at)),
    ...(inside?.items ?? []).flatMap((pair) => ownProblems(text, pair, OWNED_NESTED, at)),
    ...settings.flatMap((each) => typeProblems(each)),
  ];
}

type At = (pair: Pair) => string;

/** Of keys that matter: twice, in other letters, or brought in by a merge key. */
function keyProblems(map: YAMLMap, owned: readonly string[], at: At): readonly string[] {
  const seen = new Map<string, Pair>();
  return map.items.flatMap((pair) => {
    const raw: unknown = isScalar(pair.key) ? pair.key.value : undefined;
    if (typeof raw === 'symbol' || raw === '<<') {
      return [`${at(pair)} a merge key (<<) may bring settings in: write them out`];
    }
    if (isAlias(pair.key)) return [`${at(pair)} a key is an alias: write it out`];
    const key = typeof raw === 'string' ? raw : '';
    const meant = owned.find((each) => each === key.toLowerCase());
    if (meant === undefined) return [];
    if (meant !== key) return [`${at(pair)} ${key} is ${meant} for etcd: write it in lower case`];
    const first = seen.get(key);
    seen.set(key, pair);
    return first === undefined ? [] : [`${at(pair)} ${key} stands twice: take one of them away`];
  });
}

function ownProblems(
  text: string,
  pair: Pair,
  owned: readonly string[],
  at: At,
): readonly string[] {
  const key = keyText(pair);
  if (key === undefined || !owned.includes(key)) return [];
  const marks = markProblems(text, pair, key, at);
  if (marks.length > 0) return marks;
  if (isSeq(pair.value)) {
    return [`${at(pair)} ${key} is a list, and etcd takes one text with commas: write it as one`];
  }
  if (!isScalar(pair.value)) return [`${at(pair)} ${key} has no plain value`];
  const isBlock = pair.value.type === 'BLOCK_FOLDED' || pair.value.type === 'BLOCK_LITERAL';
  return isBlock ? [`${at(pair)} ${key} is a text of several lines: write it on one`] : [];
}

/** Anchors, aliases and tags reach beyond their own line. */
function markProblems(text: string, pair: Pair, key: string, at: At): readonly string[] {
  if (isAlias(pair.value)) return [`${at(pair)} ${key} is an alias: write its value out`];
  const [, keyEnd] = rangeOf(pair.key);
  const between = text.slice(keyEnd, rangeOf(pair.value)[0]).replaceAll(/#.*/g, '');
  return /[&!]/.test(between) ? [`${at(pair)} ${key} has an anchor or a tag: take that away`] : [];
}

function typeProblems({ flag, value, pair, line }: YamlSetting): readonly string[] {
  if (!YAML_BOOLEANS.includes(flag) || !isScalar(pair.value)) return [];
  if (typeof pair.value.value === 'boolean') return [];
  return [`line ${String(line)}: etcd takes true or false here, without quotes, not ${value}`];
}
