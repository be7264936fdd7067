/**
 * Turns the TLS files that settings and plan name into facts: what etcd would find in each of them.
 */

import { sha256 } from '../base/digest.ts';
import type { FileContent, FileFact } from '../model/certificate.ts';
import { FLAG, type Settings } from '../model/settings.ts';
import type { Host, HostFile, Pki } from '../ports.ts';
import { readKeyOnHost } from './key-on-host.ts';

export type FileRole = 'ca' | 'leaf' | 'key';

export interface NamedFile {
  readonly path: string;
  readonly role: FileRole;
}

/** Who etcd runs as; undefined when nobody knows, as of a stopped member. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

export interface CertificateDoors {
  readonly host: Host;
  readonly pki: Pki;
  /** A private key is judged where it is, and never read from here. */
  readonly keysStay?: boolean;
}

/** A file as first read: leaves and pools wait for the CA certificates of all hosts. */
export interface ReadFile {
  readonly path: string;
  readonly digest: string | undefined;
  readonly modifiedAtMs: number | undefined;
  readonly mode?: number;
  readonly content: FileContent | WaitingText;
}

interface WaitingText {
  readonly kind: 'waiting';
  readonly role: 'ca' | 'leaf';
  readonly text: string;
}

const ROLES: readonly (readonly [string, FileRole])[] = [
  [FLAG.peerCertFile, 'leaf'],
  [FLAG.peerKeyFile, 'key'],
  [FLAG.peerTrustedCaFile, 'ca'],
  [FLAG.peerCaFile, 'ca'],
];

const CLIENT_ROLES: typeof ROLES = [
  [FLAG.certFile, 'leaf'],
  [FLAG.keyFile, 'key'],
  [FLAG.trustedCaFile, 'ca'],
];

/** The TLS files that these settings name: those of the peer side, and of the client side where clients are moved. */
export function namedFiles(
  settings: Settings | undefined,
  movesClients = false,
): readonly NamedFile[] {
  return [...ROLES, ...(movesClients ? CLIENT_ROLES : [])].flatMap(([flag, role]) => {
    const path = settings?.[flag];
    return path === undefined || path === '' ? [] : [{ path, role }];
  });
}

/**
 * First pass: each path once, in order of path; the text of a private key does not leave this
 * function.
 */
export async function readFiles(
  doors: CertificateDoors,
  named: readonly NamedFile[],
  user: ServiceUser | undefined,
): Promise<readonly ReadFile[]> {
  const paths = [...new Set(named.map((file) => file.path))].sort();
  return Promise.all(
    paths.map(async (path) => {
      const roles = new Set(named.filter((file) => file.path === path).map((file) => file.role));
      return readFile(doors, path, [...roles], user);
    }),
  );
}

async function readFile(
  doors: CertificateDoors,
  path: string,
  [role, otherRole]: readonly FileRole[],
  user: ServiceUser | undefined,
): Promise<ReadFile> {
  if (!path.startsWith('/')) {
    return unread(path, 'the path is relative, and to which folder only the service knows');
  }
  if (doors.keysStay === true && role === 'key' && otherRole === undefined) {
    const refusal = user === undefined ? undefined : await readRefusal(doors.host, path, user);
    const key = await readKeyOnHost(doors.host, path);
    return key.content.kind === 'key' && refusal !== undefined
      ? { ...key, content: unusable(refusal) }
      : key;
  }
  const read = await doors.host.readFile(path);
  if (!read.ok) return unread(path, `peershift cannot read it: ${read.error.but}`);
  const file = read.value;
  if (file === undefined) {
    return { path, digest: undefined, modifiedAtMs: undefined, content: { kind: 'absent' } };
  }
  const { mode, modifiedAtMs } = file;
  const seen = { path, digest: sha256(file.bytes), modifiedAtMs, mode };
  if (role === undefined || otherRole !== undefined) {
    return { ...seen, content: unusable('it is named as two kinds of file at once') };
  }
  const refusal = user === undefined ? undefined : await readRefusal(doors.host, path, user);
  if (refusal !== undefined) return { ...seen, content: unusable(refusal) };
  return { ...seen, content: firstContent(doors.pki, role, file) };
}

async function readRefusal(
  host: Host,
  path: string,
  { uid, gid }: ServiceUser,
): Promise<string | undefined> {
  const user = `user ${String(uid)}, group ${String(gid)}`;
  const answer = await host.isReadableBy(path, uid, gid);
  if (!answer.ok)
    return `whether the service's ${user} can read it is not known: ${answer.error.but}`;
  return answer.value ? undefined : `permission denied for the service's ${user}`;
}

function firstContent(pki: Pki, role: FileRole, file: HostFile): FileContent | WaitingText {
  // A byte order mark stays: etcd does not see a BEGIN behind it.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(file.bytes);
  if (role !== 'key') return { kind: 'waiting', role, text };
  const keyId = pki.readKeyId(text);
  return keyId.ok ? { kind: 'key', keyId: keyId.value } : unusable(keyId.error);
}

/** The CA texts among files that were read. */
export function authorityTextsOf(files: readonly ReadFile[]): readonly string[] {
  return files.flatMap(({ content }) => {
    return content.kind === 'waiting' && content.role === 'ca' ? [content.text] : [];
  });
}

/** Second pass: leaves are judged against the CA certificates that were seen anywhere. */
export function fileFacts(
  pki: Pki,
  files: readonly ReadFile[],
  authorityTexts: readonly string[],
): readonly FileFact[] {
  return files.map((file) => {
    const { content } = file;
    if (content.kind !== 'waiting') return { ...file, content };
    return { ...file, content: secondContent(pki, content, authorityTexts) };
  });
}

function secondContent(
  pki: Pki,
  { role, text }: WaitingText,
  authorityTexts: readonly string[],
): FileContent {
  if (role === 'leaf') {
    const leaf = pki.readLeaf(text, authorityTexts);
    return leaf.ok ? { kind: 'leaf', leaf: leaf.value } : unusable(leaf.error);
  }
  const authorities = pki.readCertificates(text);
  return authorities.ok
    ? { kind: 'pool', authorities: authorities.value }
    : unusable(authorities.error);
}

function unread(path: string, reason: string): ReadFile {
  return { path, digest: undefined, modifiedAtMs: undefined, content: unusable(reason) };
}

function unusable(reason: string): { readonly kind: 'unusable'; readonly reason: string } {
  return { kind: 'unusable', reason };
}
