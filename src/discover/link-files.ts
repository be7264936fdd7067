/** Turns the paths that a member's running process names into the PEM texts that its dials use. */

import { sha256 } from '../base/digest.ts';
import { type Result, err, ok } from '../base/result.ts';
import type { ObservedMember } from '../model/observed.ts';
import type { PeerProcess } from '../model/world.ts';
import type { Host, PeerFiles } from '../ports.ts';

/** 3.5 and later: a leaf of its own for outgoing dials, which the dial model does not judge. */
const SEPARATE_CLIENT_LEAF = 'peer-client-cert-file';

export interface LinkFiles {
  readonly ca: Result<string, string>;
  /** Everything that a dial with the member's own leaf needs. */
  readonly all: Result<PeerFiles, string>;
}

/** In memory only, and each text must still be the one that was observed. A key that stays is not read. */
export async function readLinkFiles(
  host: Host,
  member: ObservedMember,
  { peer }: PeerProcess,
  keyStays = false,
): Promise<LinkFiles> {
  const [ca, cert, key] = await Promise.all([
    readText(host, member, 'trusted CA file', peer.trustedCaFile),
    readText(host, member, 'leaf', peer.certFile),
    keyStays ? staying(host, member) : readText(host, member, 'key', peer.keyFile),
  ]);
  if (hasSeparateLeaf(member)) {
    const reason = `${member.name} dials with ${SEPARATE_CLIENT_LEAF}, which cannot be judged here`;
    return { ca, all: err(reason) };
  }
  if (!ca.ok) return { ca, all: ca };
  if (!cert.ok) return { ca, all: cert };
  if (!key.ok) return { ca, all: key };
  return { ca, all: ok({ ca: ca.value, cert: cert.value, key: key.value }) };
}

function staying({ label }: Host, { name }: ObservedMember): Result<string, string> {
  return err(
    `the key of ${name} never leaves ${label} (pki.mode: in-place): no dial is made with it`,
  );
}

function hasSeparateLeaf({ running }: ObservedMember): boolean {
  return running.known && (running.value[SEPARATE_CLIENT_LEAF] ?? '') !== '';
}

async function readText(
  host: Host,
  member: ObservedMember,
  what: string,
  path: string | undefined,
): Promise<Result<string, string>> {
  if (path === undefined) return err(`${member.name} runs without a peer ${what}`);
  if (!path.startsWith('/')) {
    return err(`${member.name} names its ${what} by the relative path ${path}`);
  }
  const read = await host.readFile(path);
  if (!read.ok) return err(`${path} of ${member.name} cannot be read: ${read.error.but}`);
  if (read.value === undefined) return err(`${path} of ${member.name} is not there`);
  const { bytes } = read.value;
  const observed = member.files.find((file) => file.path === path);
  if (observed?.digest !== sha256(bytes)) {
    return err(`${path} of ${member.name} was changed while it was looked at`);
  }
  return ok(new TextDecoder().decode(bytes));
}
