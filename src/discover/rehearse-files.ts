/** Turns material into certificate files that the ends of a rehearsal can use on their hosts, and takes them away. */

import type { Leaf } from '../model/certificate.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import type { LeafMaterial, Material } from '../model/material.ts';
import type { Host, MemberDoors, Pki } from '../ports.ts';
import { MAKE_FOLDER, REMOVE_FOLDER } from './rehearse-scripts.ts';

/** Paths on one host; the folder is ours and goes away. */
export interface HostFiles {
  readonly folder: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly leaf: Leaf | undefined;
}

export interface FilesInput {
  readonly desired: DesiredSpec;
  readonly material: Material;
  readonly doors: ReadonlyMap<string, MemberDoors>;
  readonly here: Host;
  readonly pki: Pki;
}

export interface PlacedFiles {
  /** By member; a text says why there are none. */
  readonly of: ReadonlyMap<string, HostFiles | string>;
  readonly standIns: readonly string[];
}

interface Texts {
  readonly cert: string;
  readonly key: string;
  readonly leaf: Leaf | undefined;
}

const FOLDER_MS = 20_000;
/** A throw-away leaf outlives no rehearsal by much. */
const THROW_AWAY_DAYS = 1;

/** Never fails: what could not be made ready on a host is the answer for its pairs. */
export async function placeFiles(
  input: FilesInput,
  members: readonly DesiredMember[],
): Promise<PlacedFiles> {
  const { material } = input;
  const planned = members.filter(({ name }) => material.leaves[name]?.mustIssue === true);
  const standIns = planned.map(({ name }) => name);
  const authority =
    planned.length === 0
      ? undefined
      : await input.pki.makeAuthority('peershift rehearsal CA', 'ecdsa-p256', THROW_AWAY_DAYS);
  const caText = await authorityText(input);
  const bundle = [caText, authority?.ok === true ? authority.value.certificatePem : '']
    .filter((text) => text !== '')
    .join('\n');
  const placed = await Promise.all(
    members.map(async (member) => {
      const leaf = material.leaves[member.name];
      const host = input.doors.get(member.name)?.host;
      if (leaf === undefined || host === undefined) return [member.name, 'it has no leaf'] as const;
      const texts = leaf.mustIssue
        ? await standIn(input, leaf, authority?.ok === true ? authority.value : undefined)
        : await ownTexts(input, leaf);
      return [member.name, await placeOn(host, member, { texts, bundle, material })] as const;
    }),
  );
  return { of: new Map(placed), standIns };
}

export async function removeFolder(
  host: Host,
  files: HostFiles | string | undefined,
): Promise<void> {
  if (files === undefined || typeof files === 'string') return;
  await host.exec(['sh', '-c', REMOVE_FOLDER, 'sh', files.folder], { deadlineMs: FOLDER_MS });
}

async function authorityText({ material, here }: FilesInput): Promise<string> {
  if (material.mode === 'in-place' || material.mustMakeAuthority) return '';
  const file = await here.readFile(material.authorityPath);
  return file.ok && file.value !== undefined ? new TextDecoder().decode(file.value.bytes) : '';
}

async function standIn(
  { pki }: FilesInput,
  { member, names }: LeafMaterial,
  authority: { readonly certificatePem: string; readonly keyPem: string } | undefined,
): Promise<Texts | string> {
  if (authority === undefined) return 'no throw-away CA could be made';
  const issued = await pki.issueLeaf(authority, {
    commonName: member,
    ...names,
    algorithm: 'ecdsa-p256',
    days: THROW_AWAY_DAYS,
  });
  if (!issued.ok) return issued.error.but;
  const { certificatePem, keyPem, certificate } = issued.value;
  return { cert: certificatePem, key: keyPem, leaf: { ...certificate, trustedBy: [] } };
}

async function ownTexts(
  { here, material }: FilesInput,
  { certPath, keyPath, leaf }: LeafMaterial,
): Promise<Texts | string> {
  if (material.mode === 'in-place') return { cert: '', key: '', leaf };
  const [cert, key] = await Promise.all([here.readFile(certPath), here.readFile(keyPath)]);
  if (!cert.ok || cert.value === undefined) return `${certPath} cannot be read`;
  if (!key.ok || key.value === undefined) return `${keyPath} cannot be read`;
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { cert: decode(cert.value.bytes), key: decode(key.value.bytes), leaf };
}

interface Placing {
  readonly texts: Texts | string;
  readonly bundle: string;
  readonly material: Material;
}

async function placeOn(
  host: Host,
  { name }: DesiredMember,
  { texts, bundle, material }: Placing,
): Promise<HostFiles | string> {
  if (typeof texts === 'string') return texts;
  const lacking = await lackingTools(host);
  if (lacking !== undefined) return `${name}'s host: ${lacking}`;
  const made = await host.exec(['sh', '-c', MAKE_FOLDER], { deadlineMs: FOLDER_MS });
  const folder = made.ok ? made.value.stdout.trim() : '';
  if (!/\/peershift-rehearsal\.\w+$/.test(folder))
    return `${name}'s host: no temporary folder could be made`;
  const leaf = material.leaves[name];
  if (material.mode === 'in-place' && leaf !== undefined) {
    const { certPath: cert, keyPath: key } = leaf;
    return { folder, cert, key, ca: material.authorityPath, leaf: texts.leaf };
  }
  const files = {
    folder,
    cert: `${folder}/cert.pem`,
    key: `${folder}/key.pem`,
    ca: `${folder}/ca.pem`,
  };
  for (const [path, text] of [
    [files.ca, bundle],
    [files.cert, texts.cert],
    [files.key, texts.key],
  ] as const) {
    const written = await host.writeFile(path, new TextEncoder().encode(text), { mode: 0o600 });
    if (written.ok) continue;
    await removeFolder(host, { ...files, leaf: undefined });
    return `${name}'s host: ${written.error.but}`;
  }
  return { ...files, leaf: texts.leaf };
}

async function lackingTools(host: Host): Promise<string | undefined> {
  const script = 'for name; do command -v "$name" >/dev/null 2>&1 || echo "$name"; done';
  const tools = ['openssl', 'timeout', 'mkfifo', 'mktemp'];
  const asked = await host.exec(['sh', '-c', script, 'sh', ...tools], { deadlineMs: FOLDER_MS });
  if (!asked.ok) return asked.error.but;
  const missing = asked.value.stdout
    .trim()
    .split('\n')
    .filter((name) => name !== '');
  return missing.length === 0 ? undefined : `${missing.join(' and ')} is not there`;
}
