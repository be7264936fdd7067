/** Turns a private key that stays on its host into the id of its public half, by the host's own openssl. */

import { sha256 } from '../base/digest.ts';
import type { FileFact } from '../model/certificate.ts';
import type { Host } from '../ports.ts';

/** Reading one small file on a busy host. */
const DEADLINE_MS = 10_000;

const NO_SUCH_COMMAND = 127;

/** Nothing of the private half leaves the host: only the public half and a digest come back. */
export async function readKeyOnHost(host: Host, path: string): Promise<FileFact> {
  const facts = { path, digest: undefined, modifiedAtMs: undefined };
  const refused = (reason: string): FileFact => ({
    ...facts,
    content: { kind: 'unusable', reason },
  });
  const ask = (argv: readonly string[]): ReturnType<Host['exec']> =>
    host.exec(argv, { deadlineMs: DEADLINE_MS });
  const there = await ask(['test', '-e', path]);
  if (!there.ok) return refused(`it cannot be looked at: ${there.error.but}`);
  if (there.value.exitCode !== 0) return { ...facts, content: { kind: 'absent' } };
  const [digest, encrypted, half] = await Promise.all([
    ask(['sha256sum', '--', path]),
    ask(['grep', '-q', 'ENCRYPTED', '--', path]),
    // An empty password: an encrypted key is refused instead of asked about.
    ask(['openssl', 'pkey', '-in', path, '-passin', 'pass:', '-pubout']),
  ]);
  if (encrypted.ok && encrypted.value.exitCode === 0) {
    return refused('its key is encrypted, and etcd cannot read encrypted keys');
  }
  if (!half.ok || half.value.exitCode === NO_SUCH_COMMAND) {
    return refused('its host has no openssl to show the public half, and the key stays there');
  }
  if (half.value.exitCode !== 0) {
    return refused("its private key is damaged, or of a kind that the host's openssl cannot read");
  }
  const body = /-----BEGIN PUBLIC KEY-----([^-]+)-----END/.exec(half.value.stdout)?.[1];
  if (body === undefined) return refused("the host's openssl did not show its public half");
  const spki = Uint8Array.from(atob(body.replace(/\s/g, '')), (sign) => sign.charCodeAt(0));
  const seen = digest.ok ? /^\\?([0-9a-f]{64})\b/.exec(digest.value.stdout)?.[1] : undefined;
  return { ...facts, digest: seen, content: { kind: 'key', keyId: sha256(spki) } };
}
