/** Makes the CA and leaves that are still missing, in the operator's pki folder: 0700, keys 0600, nothing overwritten. */

import { type Result, err, ok } from '../base/result.ts';
import type { DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import type { LeafMaterial, Material } from '../model/material.ts';
import type { Host, Pki } from '../ports.ts';

export interface IssueInput {
  readonly desired: DesiredSpec;
  readonly material: Material;
  readonly here: Host;
  readonly pki: Pki;
  /** Names the copy of a file that had to give way. */
  readonly suffix: string;
}

const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const MKDIR_DEADLINE_MS = 10_000;

export async function issueMaterial(
  input: IssueInput,
  members: readonly MemberName[],
): Promise<Result<undefined, Failure>> {
  const folder = await makeFolder(input, input.desired.pki.directory);
  if (!folder.ok) return folder;
  const authority = await authorityOf(input);
  if (!authority.ok) return authority;
  const { operator } = input.material;
  const wanted = [
    ...members.flatMap((name) => input.material.leaves[name] ?? []),
    ...(operator?.mustIssue === true ? [operator] : []),
  ];
  // A shared leaf has one path for all members, and is made once.
  const unique = new Map(wanted.map((leaf) => [leaf.certPath, leaf]));
  // At once: a long RSA key takes a second or more of one core.
  const issued = await Promise.all(
    [...unique.values()].map((leaf) => issueOne(input, authority.value, leaf)),
  );
  return issued.find((each) => !each.ok) ?? ok(undefined);
}

async function authorityOf(
  input: IssueInput,
): Promise<Result<{ certificatePem: string; keyPem: string }, Failure>> {
  const { authorityPath, authorityKeyPath, mustMakeAuthority, authorityDays } = input.material;
  if (!mustMakeAuthority) {
    const certificatePem = await readText(input.here, authorityPath);
    if (!certificatePem.ok) return certificatePem;
    const keyPem = await readText(input.here, authorityKeyPath);
    if (!keyPem.ok) return keyPem;
    return ok({ certificatePem: certificatePem.value, keyPem: keyPem.value });
  }
  const { algorithm } = input.desired.pki;
  const made = await input.pki.makeAuthority(
    input.material.authorities[0]?.commonName ?? `${input.desired.name} peer CA`,
    algorithm,
    authorityDays,
  );
  if (!made.ok) return made;
  // The key first: a CA certificate whose key was lost on the way would be in use for nothing.
  const key = await put(input, authorityKeyPath, made.value.keyPem, PRIVATE_MODE);
  if (!key.ok) return key;
  const certificate = await put(input, authorityPath, made.value.certificatePem, PUBLIC_MODE);
  return certificate.ok ? made : certificate;
}

async function issueOne(
  input: IssueInput,
  authority: { certificatePem: string; keyPem: string },
  leaf: LeafMaterial,
): Promise<Result<undefined, Failure>> {
  const { algorithm, days } = input.desired.pki;
  const issued = await input.pki.issueLeaf(authority, {
    commonName: leaf.leaf.commonName ?? leaf.member,
    ...leaf.names,
    algorithm,
    days,
    ...(leaf.isForClient === undefined ? {} : { isForClient: true }),
  });
  if (!issued.ok) return issued;
  const key = await put(input, leaf.keyPath, issued.value.keyPem, PRIVATE_MODE);
  if (!key.ok) return key;
  return put(input, leaf.certPath, issued.value.certificatePem, PUBLIC_MODE);
}

/** A file that is in the way is kept beside, never lost. */
async function put(
  input: IssueInput,
  path: string,
  text: string,
  mode: number,
): Promise<Result<undefined, Failure>> {
  const old = await input.here.readFile(path);
  if (!old.ok) return old;
  if (old.value !== undefined) {
    const kept = await input.here.writeFile(`${path}.peershift-${input.suffix}`, old.value.bytes, {
      mode: PRIVATE_MODE,
    });
    if (!kept.ok) return kept;
  }
  return input.here.writeFile(path, new TextEncoder().encode(text), { mode });
}

async function makeFolder(input: IssueInput, path: string): Promise<Result<undefined, Failure>> {
  const made = await input.here.exec(['mkdir', '-p', '-m', '700', '--', path], {
    deadlineMs: MKDIR_DEADLINE_MS,
  });
  if (!made.ok) return made;
  if (made.value.exitCode === 0) return ok(undefined);
  return err(pkiFailure(path, made.value.stderr.trim()));
}

async function readText(here: Host, path: string): Promise<Result<string, Failure>> {
  const file = await here.readFile(path);
  if (!file.ok) return file;
  if (file.value === undefined) return err(pkiFailure(path, 'the file is not there'));
  return ok(new TextDecoder().decode(file.value.bytes));
}

function pkiFailure(path: string, but: string): Failure {
  return {
    code: 'PKI_FAILED',
    where: path,
    would: 'issue the certificates of the plan',
    but,
    so: 'no host was touched',
    remedy: 'make the folder and the CA files of the plan readable and writable for you',
  };
}
