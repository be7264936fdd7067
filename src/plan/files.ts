/** Turns what the operator has, or the run will issue, into the files that go on a member's host. */

import type { Certificate, FileContent } from '../model/certificate.ts';
import type { DesiredMember } from '../model/desired.ts';
import type { Material } from '../model/material.ts';
import type { InstalledFile } from '../model/step.ts';
import { namedPaths } from '../model/steps/install-certificates.ts';
import type { MemberWorld } from '../model/world.ts';

/** What they are called in `tls.directory`. */
interface FileNames {
  readonly ca: string;
  readonly leaf: string;
  readonly key: string;
}

export const PEER_FILES: FileNames = { ca: 'ca.pem', leaf: 'peer.pem', key: 'peer-key.pem' };
export const CLIENT_FILES: FileNames = {
  ca: 'client-ca.pem',
  leaf: 'server.pem',
  key: 'server-key.pem',
};

/** CA, leaf and key under names that no process and no configuration uses for other bytes. */
export function filesFor(
  material: Material,
  desired: DesiredMember,
  member: MemberWorld,
  names: FileNames,
): readonly InstalledFile[] {
  const mine = material.leaves[desired.name];
  if (mine === undefined) return [];
  const place = (name: string, content: FileContent): string => {
    return material.mode === 'in-place'
      ? name
      : freePath(member, desired.tls.directory, name, content);
  };
  const pool: FileContent = { kind: 'pool', authorities: material.authorities };
  const leaf: FileContent = { kind: 'leaf', leaf: mine.leaf };
  const key: FileContent = { kind: 'key', keyId: mine.keyId };
  const inPlace = material.mode === 'in-place';
  return [
    {
      path: place(inPlace ? material.authorityPath : names.ca, pool),
      role: 'ca',
      source: material.authorityPath,
      content: pool,
    },
    {
      path: place(inPlace ? mine.certPath : names.leaf, leaf),
      role: 'leaf',
      source: mine.certPath,
      content: leaf,
    },
    {
      path: place(inPlace ? mine.keyPath : names.key, key),
      role: 'key',
      source: mine.keyPath,
      content: key,
    },
  ];
}

/** `peer.pem`, or `peer-2.pem` and so on when the name is in use for something else. */
export function freePath(
  member: MemberWorld,
  directory: string,
  name: string,
  content: FileContent,
): string {
  const named = namedPaths(member);
  const [stem, extension] = [name.slice(0, -'.pem'.length), '.pem'];
  for (let index = 1; ; index++) {
    const path = `${directory}/${stem}${index === 1 ? '' : `-${String(index)}`}${extension}`;
    const present = member.disk.files[path];
    if (!named.has(path) || (present !== undefined && sameContent(present, content))) return path;
  }
}

/** Do two files hold the same thing, as far as a TLS stack can tell? */
export function sameContent(a: FileContent, b: FileContent): boolean {
  if (a.kind === 'leaf' && b.kind === 'leaf') return a.leaf.fingerprint === b.leaf.fingerprint;
  if (a.kind === 'key' && b.kind === 'key') return a.keyId === b.keyId;
  if (a.kind === 'pool' && b.kind === 'pool')
    return fingerprints(a.authorities) === fingerprints(b.authorities);
  return false;
}

function fingerprints(certificates: readonly Certificate[]): string {
  return certificates
    .map((each) => each.fingerprint)
    .sort()
    .join();
}
