/**
 * Turns what stands on a member's disk into the process that the next start makes of it, or into etcd's
 * reason for not starting (embed/config.go, embed/etcd.go; the refusals were seen on 3.3.25 and 3.4.23).
 */

import { type Result, err, ok } from '../base/result.ts';
import type { FileContent } from './certificate.ts';
import { known } from './observed.ts';
import { type ClientSettings, clientSettings } from './client-settings.ts';
import { FLAG, peerSettings } from './settings.ts';
import { isHttps } from './url.ts';
import { isAtLeast } from './version.ts';
import { type Disk, type PeerProcess, type World, oneProcess } from './world.ts';

/** A disk never changes, so what a start makes of it is worked out once. */
const LOADED = new WeakMap<Disk, Loaded>();

interface Loaded {
  readonly version: string;
  readonly result: Result<PeerProcess, string>;
}

export function loadDisk(disk: Disk, version: string): Result<PeerProcess, string> {
  const before = LOADED.get(disk);
  if (before?.version === version) return before.result;
  const result = load(disk, version);
  LOADED.set(disk, { version, result });
  return result;
}

function load(disk: Disk, version: string): Result<PeerProcess, string> {
  const peer = peerSettings(disk.settings);
  const file = (path: string): FileContent => disk.files[path] ?? { kind: 'absent' };
  if ((peer.certFile === undefined) !== (peer.keyFile === undefined)) {
    return err('KeyFile and CertFile must both be present');
  }
  if (peer.certFile !== undefined && peer.keyFile !== undefined) {
    const refusal = pairRefusal(
      peer.certFile,
      file(peer.certFile),
      peer.keyFile,
      file(peer.keyFile),
    );
    if (refusal !== undefined) return err(refusal);
  } else if (peer.listen.some(isHttps) && !peer.hasAutoTls) {
    return err('cannot listen on TLS: KeyFile and CertFile are not presented');
  }
  let pool: readonly string[] = [];
  if (peer.trustedCaFile !== undefined) {
    const content = file(peer.trustedCaFile);
    if (content.kind !== 'pool') return err(`open ${peer.trustedCaFile}: ${unusableText(content)}`);
    pool = content.authorities.map((authority) => authority.fingerprint);
  }
  const client = clientSettings(disk.settings);
  const refusal = client === undefined ? undefined : clientRefusal(client, disk.files);
  if (refusal !== undefined) return err(refusal);
  return ok(
    oneProcess({
      peer,
      pool: known(pool),
      demandsClientCert: demandsClientCert(disk, version),
      ...(client === undefined ? {} : { client }),
    }),
  );
}

/** Do two processes do the same, on the sides that this world is about? */
export function actsAlike({ movesClients }: World, a: PeerProcess, b: PeerProcess): boolean {
  const same = (one: unknown, other: unknown): boolean =>
    JSON.stringify(one) === JSON.stringify(other);
  return same(a.peer, b.peer) && (movesClients !== true || same(a.client, b.client));
}

/** Files of the client side that nobody has looked at are taken to be as good as they were at the last start. */
function clientRefusal(client: ClientSettings, files: Disk['files']): string | undefined {
  const { certFile, keyFile, trustedCaFile, listen } = client;
  if (certFile === undefined || keyFile === undefined) {
    const isHalf = certFile !== keyFile;
    if (isHalf) return 'KeyFile and CertFile must both be present';
    return undefined;
  }
  const [cert, key] = [files[certFile], files[keyFile]];
  if (!listen.some(isHttps) || cert === undefined || key === undefined) return undefined;
  const refusal = pairRefusal(certFile, cert, keyFile, key);
  if (refusal !== undefined || trustedCaFile === undefined) return refusal;
  const pool = files[trustedCaFile];
  if (pool === undefined || pool.kind === 'pool') return undefined;
  return `open ${trustedCaFile}: ${unusableText(pool)}`;
}

/** From 3.4 on a trusted CA file alone makes the listener demand a client certificate (transport `ServerConfig`). */
export function demandsClientCert(disk: Disk, version: string): boolean {
  const peer = peerSettings(disk.settings);
  if (peer.hasAutoTls) return false;
  if (peer.hasClientCertAuth) return true;
  if (!isAtLeast(version, '3.4.0')) return (disk.settings[FLAG.peerCaFile] ?? '') !== '';
  return peer.trustedCaFile !== undefined;
}

function pairRefusal(
  certPath: string,
  cert: FileContent,
  keyPath: string,
  key: FileContent,
): string | undefined {
  if (cert.kind !== 'leaf') return `open ${certPath}: ${unusableText(cert)}`;
  if (key.kind !== 'key') return `open ${keyPath}: ${unusableText(key)}`;
  if (key.keyId !== cert.leaf.keyId) return 'tls: private key does not match public key';
  return undefined;
}

function unusableText(content: FileContent): string {
  switch (content.kind) {
    case 'absent':
      return 'no such file';
    case 'unusable':
      return content.reason;
    case 'leaf':
    case 'pool':
      return 'it holds certificates of another kind';
    case 'key':
      return 'it holds a private key';
  }
}
