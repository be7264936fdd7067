/** Turns a log line into what it tells of who is who: the speaker's own ID and name, and the members it knows. */

import { jsonFields } from '../../base/json.ts';
import { normalAddress } from '../certificate.ts';
import { type MemberId, memberIdFromHex } from '../ids.ts';

export interface KnownMember {
  readonly id?: MemberId;
  readonly name?: string;
  readonly urls: readonly string[];
}

export interface Identity {
  readonly selfId?: MemberId;
  readonly selfName?: string;
  /** Of the etcd that speaks: `3.5.16`. */
  readonly version?: string;
  readonly members: readonly KnownMember[];
}

/** Undefined for the many lines that tell nothing of the kind. `text` is etcd's own line. */
export function identityOf(text: string): Identity | undefined {
  const brace = text.indexOf('{"');
  const isZap = brace >= 0 && text.includes('"msg":');
  return isZap ? fromZap(text.slice(brace)) : fromText(text);
}

// ---------------------------------------------------------------- capnslog and raft

type Reading = readonly [RegExp, (match: RegExpExecArray) => Partial<Identity>];

/** A raft state machine begins its lines with its own ID. */
const RAFT =
  /(?:^| INFO: | raft: )(?:raft\.node: |newRaft )?([0-9a-f]{8,16}) (?:\[|became|switched|is starting|lost leader|elected leader|received)/u;

/** etcdserver/{raft,server}.go, embed/etcd.go, etcdserver/api/membership/cluster.go and raft of 3.2 to 3.4. */
const READINGS: readonly Reading[] = [
  [/(?:^|: )(?:re)?starting member ([0-9a-f]{1,16}) in cluster/u, self],
  [RAFT, self],
  [/(?:^|: )name = (\S+)$/u, ([, name = '']) => ({ selfName: name })],
  [/\bpublished \{Name:(\S+) ClientURLs:/u, ([, name = '']) => ({ selfName: name })],
  [/(?:^|: )etcd Version: (\S+)$/u, ([, version = '']) => ({ version })],
  [
    /(?:^|: )(?:added|updated) member ([0-9a-f]{1,16}) \[([^\]]*)\] (?:to|in) cluster/u,
    ([, id = '', urls = '']) => ({ members: [{ ...idOf(id), urls: urls.split(' ') }] }),
  ],
  [/(?:^|: )initial cluster = (\S+)$/u, ([, list = '']) => ({ members: namedMembers(list) })],
];

function self([, id = '']: RegExpExecArray): Partial<Identity> {
  return { selfId: memberIdFromHex(id) };
}

function fromText(text: string): Identity | undefined {
  for (const [pattern, read] of READINGS) {
    const match = pattern.exec(text);
    if (match !== null) return { members: [], ...read(match) };
  }
  return undefined;
}

// ---------------------------------------------------------------- zap

const TELLS =
  /"(?:local-member-id|name|initial-cluster|added-peer-id|updated-remote-peer-id|etcd-version|args|local-member-attributes)":/u;

function fromZap(text: string): Identity | undefined {
  if (!TELLS.test(text)) return undefined;
  const fields = jsonFields(text);
  if (fields === undefined) return undefined;
  const word = (key: string): string | undefined =>
    typeof fields[key] === 'string' ? fields[key] : undefined;
  const message = word('msg') ?? '';
  const selfId = word('local-member-id');
  const selfName = nameOf(fields, message, word);
  const version = word('etcd-version');
  const peer = word('added-peer-id') ?? word('updated-remote-peer-id');
  const urls = listOf(fields['added-peer-peer-urls'] ?? fields['updated-remote-peer-urls']);
  return {
    ...(isId(selfId) ? { selfId: memberIdFromHex(selfId) } : {}),
    ...(selfName === undefined ? {} : { selfName }),
    ...(version === undefined ? {} : { version }),
    members: [
      ...namedMembers(word('initial-cluster') ?? ''),
      ...(peer === undefined || urls.length === 0 ? [] : [{ ...idOf(peer), urls }]),
    ],
  };
}

function nameOf(
  fields: Readonly<Record<string, unknown>>,
  message: string,
  word: (key: string) => string | undefined,
): string | undefined {
  if (/^(?:starting an etcd server|clos(?:ing|ed) etcd server)/u.test(message)) return word('name');
  const args = listOf(fields['args']);
  const at = args.indexOf('--name');
  if (at >= 0) return args[at + 1];
  return /\{Name:(\S+) ClientURLs:/u.exec(word('local-member-attributes') ?? '')?.[1];
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{1,16}$/u.test(text);
}

function idOf(text: string): { readonly id?: MemberId } {
  return isId(text) ? { id: memberIdFromHex(text) } : {};
}

/** `m1=http://h:1,m2=http://h:2` */
function namedMembers(list: string): readonly KnownMember[] {
  return list.split(',').flatMap((entry) => {
    const [name = '', url = ''] = entry.split('=');
    return name === '' || url === '' ? [] : [{ name, urls: [url] }];
  });
}

/** The host of a URL as a log prints it, path and all; undefined for what is no URL. */
export function hostOf(url: string): string | undefined {
  const host = /^https?:\/\/(\[[^\]]+\]|[^/:\s]+)/u.exec(url)?.[1];
  return host === undefined
    ? undefined
    : normalAddress(host.replace(/^\[|\]$/gu, '').toLowerCase());
}

/** `10.0.0.1:2380` of a URL: where it leads, whichever the scheme. */
export function authorityOf(url: string): string {
  return url
    .replace(/^https?:\/\//u, '')
    .replace(/\/.*$/u, '')
    .toLowerCase();
}
