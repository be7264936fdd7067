/** Turns the key that a server shows into yes or no, by the known_hosts files and nothing else. */

import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { systemErrorCode } from '../../base/system-error.ts';
import {
  type HostKey,
  type KeysOnFile,
  fingerprint,
  isSameKey,
  keysOnFile,
  knownHostsLine,
  knownName,
} from './known-hosts.ts';
import type { Route } from './route.ts';
import { type SshTrouble, notSent } from './trouble.ts';

/** What ssh2 can check, best first; SHA-1 signatures (ssh-rsa) are not among them. */
const ALGORITHMS = [
  ...['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ...['rsa-sha2-512', 'rsa-sha2-256'],
] as const;
export type KeyAlgorithm = (typeof ALGORITHMS)[number];

/** One for each kind of key, as a first contact shows them. */
export const KEY_KINDS: readonly (readonly KeyAlgorithm[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
];

export type KeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

export interface KeyBook {
  readonly keys: KeysOnFile;
  /** The kinds on file first: a server that has them shows one of those, and is recognised. */
  readonly algorithms: readonly KeyAlgorithm[];
}

/** Throws when a file is there and cannot be read: nothing may be trusted then. */
export async function keyBook(route: Route): Promise<KeyBook> {
  const texts = await Promise.all(route.knownHostsFiles.map(textOf));
  const keys = keysOnFile(texts, route.known.host, route.known.port);
  const isOnFile = (algorithm: KeyAlgorithm): boolean =>
    keys.trusted.some(({ type }) => (type === 'ssh-rsa' ? 'rsa-sha2' : type) === family(algorithm));
  const first = ALGORITHMS.filter(isOnFile);
  return { keys, algorithms: [...first, ...ALGORITHMS.filter((one) => !isOnFile(one))] };
}

/** A host that is on file with any other key is not new: it has changed. */
export function verdictOn({ trusted, revoked }: KeysOnFile, shown: HostKey): KeyVerdict {
  if (revoked.some((key) => isSameKey(key, shown))) return 'revoked';
  if (trusted.some((key) => isSameKey(key, shown))) return 'known';
  return trusted.length > 0 ? 'changed' : 'unknown';
}

/** Appended with one write, so that two hosts at once do not mix their lines. */
export async function pinKey(pinFile: string, route: Route, key: HostKey): Promise<void> {
  await mkdir(dirname(pinFile), { recursive: true, mode: 0o700 });
  const { host, port } = route.known;
  await appendFile(pinFile, knownHostsLine(host, port, key), { mode: 0o600 });
}

/** The five lines' numbers of a key that is not the known one. */
export function keyTrouble(
  route: Route,
  verdict: Exclude<KeyVerdict, 'known'>,
  shown: readonly HostKey[],
  keys: KeysOnFile,
): SshTrouble {
  const name = knownName(route.known.host, route.known.port);
  const now = shown.map(keyText).join(', ');
  if (verdict === 'revoked') {
    const but = `${name} showed a key that is marked @revoked: ${now}`;
    const remedy = 'do not log in there; ask who runs the host for its new key';
    return notSent('HOST_KEY_CHANGED', but, remedy);
  }
  if (verdict === 'changed') {
    const before = keys.trusted.map(keyText).join(', ');
    const but = `${name} showed another key than the known one: now ${now}; known ${before}`;
    const remedy =
      `ask who runs the host whether its key was renewed; if so, ssh-keygen -R '${name}' and add ` +
      'the new one (one pinned by peershift stands in known_hosts of the state folder)';
    return notSent('HOST_KEY_CHANGED', but, remedy);
  }
  const authority = keys.hasAuthority
    ? '; a @cert-authority line is for it, which is not supported'
    : '';
  return notSent(
    'HOST_KEY_UNKNOWN',
    `${name} is in no known_hosts file${authority}; it shows ${now}`,
    'compare with "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" on its console; then log in once ' +
      'with ssh, or say --accept-new-host-keys to pin it',
  );
}

function keyText(key: HostKey): string {
  return `${key.type} ${fingerprint(key)}`;
}

function family(algorithm: KeyAlgorithm): string {
  return algorithm.startsWith('rsa-sha2') ? 'rsa-sha2' : algorithm;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw error;
  }
}
