/** Turns the text of known_hosts files into the keys that are on file for one host. */

import { createHash, createHmac } from 'node:crypto';

export interface HostKey {
  /** `ssh-ed25519`, as the key itself says. */
  readonly type: string;
  readonly blob: Buffer;
}

export interface KeysOnFile {
  readonly trusted: readonly HostKey[];
  readonly revoked: readonly HostKey[];
  /** A line says that a certificate authority vouches for this host, which ssh2 cannot check. */
  readonly hasAuthority: boolean;
}

const DEFAULT_PORT = 22;
const MARKER = /^@(revoked|cert-authority)[ \t]+/;
const HASHED = /^\|1\|([A-Za-z0-9+/=]+)\|([A-Za-z0-9+/=]+)$/;

/**
 * The rules of sshd(8): `host` for port 22, else `[host]:port`; patterns, negation, hashed names. As ssh does,
 * a line without a port serves another port too when no line is for that port. A line that is not one is skipped.
 */
export function keysOnFile(texts: readonly string[], host: string, port: number): KeysOnFile {
  const exact = keysFor(texts, knownName(host, port));
  if (port === DEFAULT_PORT || exact.trusted.length > 0) return exact;
  const plain = keysFor(texts, knownName(host, DEFAULT_PORT));
  return {
    trusted: plain.trusted,
    revoked: [...exact.revoked, ...plain.revoked],
    hasAuthority: exact.hasAuthority || plain.hasAuthority,
  };
}

/** How a known_hosts line names the host. */
export function knownName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === DEFAULT_PORT ? name : `[${name}]:${String(port)}`;
}

/** One line to append: plain, so that a person can read what was pinned. */
export function knownHostsLine(host: string, port: number, key: HostKey): string {
  return `${knownName(host, port)} ${key.type} ${key.blob.toString('base64')}\n`;
}

/** The key that a server shows; its first string is its type. */
export function hostKey(blob: Buffer): HostKey {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  return { type: blob.toString('latin1', 4, 4 + length), blob };
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint({ blob }: HostKey): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

export function isSameKey(a: HostKey, b: HostKey): boolean {
  return a.blob.equals(b.blob);
}

function keysFor(texts: readonly string[], name: string): KeysOnFile {
  const trusted: HostKey[] = [];
  const revoked: HostKey[] = [];
  let hasAuthority = false;
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const entry = entryOf(line);
    if (entry === undefined || !isNamed(entry.names, name)) continue;
    if (entry.marker === 'cert-authority') hasAuthority = true;
    else (entry.marker === 'revoked' ? revoked : trusted).push(entry.key);
  }
  return { trusted, revoked, hasAuthority };
}

interface Entry {
  readonly marker: string | undefined;
  readonly names: string;
  readonly key: HostKey;
}

function entryOf(line: string): Entry | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const marker = MARKER.exec(text);
  const [names, type, base64] = text.slice(marker?.[0].length ?? 0).split(/[ \t]+/);
  if (names === undefined || type === undefined || base64 === undefined) return undefined;
  const key = hostKey(Buffer.from(base64, 'base64'));
  return key.type === type ? { marker: marker?.[1], names, key } : undefined;
}

/** One negated pattern that fits takes the whole line away. */
function isNamed(names: string, name: string): boolean {
  const hashed = HASHED.exec(names);
  if (hashed !== null) return isHashOf(hashed[1] ?? '', hashed[2] ?? '', name);
  const patterns = names.toLowerCase().split(',');
  if (patterns.some((one) => one.startsWith('!') && fits(one.slice(1), name))) return false;
  return patterns.some((one) => !one.startsWith('!') && fits(one, name));
}

function isHashOf(salt: string, hash: string, name: string): boolean {
  const made = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return made.equals(Buffer.from(hash, 'base64'));
}

/** Only `*` and `?` mean something; brackets are part of the name. */
function fits(pattern: string, name: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
}
