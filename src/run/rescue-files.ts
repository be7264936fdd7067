/** Makes what a rescue puts on hosts, on the operator's machine: leaves for keys that stay where they are, and CA bundles. */

import { type Result, err } from '../base/result.ts';
import type { Leaf } from '../model/certificate.ts';
import type { DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import type { Material } from '../model/material.ts';
import { peerSettings } from '../model/settings.ts';
import { type MemberWorld, type World, memberOf } from '../model/world.ts';
import type { Host, MemberDoors, Pki } from '../ports.ts';

export interface RescueFilesInput {
  readonly desired: DesiredSpec;
  readonly doors: ReadonlyMap<MemberName, MemberDoors>;
  readonly here: Host;
  readonly pki: Pki;
  readonly material: Material;
  readonly world: World;
}

/** The texts that sign; undefined where the CA's key is not at hand. */
export async function signingTexts(
  here: Host,
  { authorityPath, authorityKeyPath, mustMakeAuthority }: Material,
): Promise<{ certificatePem: string; keyPem: string } | undefined> {
  if (mustMakeAuthority) return undefined;
  const [certificatePem, keyPem] = await Promise.all([
    textOf(here, authorityPath),
    textOf(here, authorityKeyPath),
  ]);
  return certificatePem === '' || keyPem === '' ? undefined : { certificatePem, keyPem };
}

/** Signed for the key that the member's own certificate file tells; written to `path`. */
export async function signAgain(
  input: RescueFilesInput,
  name: MemberName,
  path: string,
): Promise<Result<Leaf, Failure>> {
  const { desired, doors, here, pki, material, world } = input;
  const wanted = material.leaves[name];
  const certFile = certFileOf(memberOf(world, name));
  const host = doors.get(name)?.host;
  const texts = await signingTexts(here, material);
  if (wanted === undefined || certFile === undefined || host === undefined || texts === undefined) {
    return err(pkiFailure(`leaf of ${name}`, 'the CA key, or the leaf in use, is not there'));
  }
  const present = await textOf(host, certFile);
  const { days, algorithm } = desired.pki;
  const terms = { ...wanted.names, days, algorithm };
  const commonName = wanted.leaf.commonName ?? name;
  const signed = pki.reissueLeaf(texts, { ...terms, commonName }, present);
  if (!signed.ok) return signed;
  const { certificatePem } = signed.value;
  const leaf = pki.readLeaf(certificatePem, [texts.certificatePem, ...(await poolTexts(input))]);
  if (!leaf.ok) return err(pkiFailure(`leaf of ${name}`, leaf.error));
  const written = await here.writeFile(path, bytesOf(certificatePem), { mode: 0o644 });
  return written.ok ? leaf : written;
}

/** Every CA that any member trusts, and the plan's own, once each. */
export async function writeBundle(
  input: RescueFilesInput,
  path: string,
): Promise<Result<undefined, Failure>> {
  const texts = [
    await textOf(input.here, input.material.authorityPath),
    ...(await poolTexts(input)),
  ];
  const blocks = texts.join('\n').match(BLOCK) ?? [];
  const byFingerprint = new Map<string, string>();
  for (const block of blocks) {
    const read = input.pki.readCertificates(block);
    const [certificate] = read.ok ? read.value : [];
    if (certificate !== undefined) byFingerprint.set(certificate.fingerprint, block);
  }
  if (byFingerprint.size === 0) return err(pkiFailure(path, 'no CA certificate could be read'));
  const bundle = `${[...byFingerprint.values()].join('\n')}\n`;
  return input.here.writeFile(path, bytesOf(bundle), { mode: 0o644 });
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/gu;

async function poolTexts({ world, doors }: RescueFilesInput): Promise<readonly string[]> {
  const found = world.members.flatMap((member) => {
    const paths = [
      peerSettings(member.disk.settings).trustedCaFile,
      member.process?.peer.trustedCaFile,
    ];
    const host = doors.get(member.name)?.host;
    return [...new Set(paths)].flatMap((path) => {
      return path === undefined || host === undefined ? [] : [textOf(host, path)];
    });
  });
  return Promise.all(found);
}

function certFileOf({ process, disk }: MemberWorld): string | undefined {
  return (process?.peer ?? peerSettings(disk.settings)).certFile;
}

async function textOf(host: Host, path: string): Promise<string> {
  const file = await host.readFile(path);
  return file.ok && file.value !== undefined ? new TextDecoder().decode(file.value.bytes) : '';
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function pkiFailure(where: string, but: string): Failure {
  return {
    code: 'PKI_FAILED',
    where,
    would: 'make the certificates of the rescue',
    but,
    so: 'no host was touched',
    remedy: 'make the CA files of the plan readable for you, then peershift rescue again',
  };
}
