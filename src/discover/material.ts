/** Turns the operator's pki folder, or the provided files, into what can be put on the hosts, and what is still to be made. */

import { type Result, err, ok } from '../base/result.ts';
import { type Certificate, type Leaf, namesHost } from '../model/certificate.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { LeafMaterial, Material } from '../model/material.ts';
import type { ObservedMember, ObservedState } from '../model/observed.ts';
import type { Host, Pki } from '../ports.ts';
import { type MaterialSide, PEER_SIDE } from './material-side.ts';

export interface MaterialInput {
  readonly desired: DesiredSpec;
  readonly observed: ObservedState;
  /** The operator's machine. */
  readonly here: Host;
  readonly pki: Pki;
  readonly nowMs: number;
  /** Absent: what the peers show each other. */
  readonly side?: MaterialSide;
}

/** A CA may outlive the leaves it signs; ten years keeps its renewal out of this change. */
const AUTHORITY_DAYS = 3650;
const DAY_MS = 86_400_000;
/** A byte order mark stays: etcd does not see a BEGIN behind it. */
const BYTES = new TextDecoder('utf-8', { ignoreBOM: true });

/** Every reason at once when something that the plan names cannot serve. */
export async function readMaterial(
  input: MaterialInput,
): Promise<Result<Material, readonly Failure[]>> {
  const authority = await readAuthority(input);
  if (!authority.ok) return err([authority.error]);
  const members = input.desired.members.flatMap((desired) => {
    const observed = input.observed.members.find((each) => each.name === desired.name);
    return observed === undefined ? [] : [{ desired, observed }];
  });
  const leaves = await Promise.all(
    members.map((member) => leafOf(input, authority.value, member.desired, member.observed)),
  );
  const failures = leaves.flatMap((leaf) => (leaf.ok ? [] : [leaf.error]));
  if (failures.length > 0) return err(failures);
  const found = leaves.flatMap((leaf) =>
    leaf.ok ? [[leaf.value.member, leaf.value] as const] : [],
  );
  return ok({
    mode: input.desired.pki.mode,
    authorities: authority.value.certificates,
    authorityPath: authority.value.path,
    authorityKeyPath: authority.value.keyPath,
    mustMakeAuthority: authority.value.mustMake,
    authorityDays: AUTHORITY_DAYS,
    leaves: Object.fromEntries(found),
    ...(await operatorOf(input, authority.value)),
  });
}

/** With what peershift itself talks to members that ask for a certificate, where the run issues that. */
async function operatorOf(
  input: MaterialInput,
  authority: Authority,
): Promise<Pick<Material, 'operator'>> {
  const base = sideOf(input).operator(input.desired);
  if (base === undefined || input.desired.pki.mode !== 'issue') return {};
  const leaf = await leafHere(input, authority, base);
  return leaf.ok ? { operator: leaf.value } : {};
}

function sideOf({ side = PEER_SIDE }: MaterialInput): MaterialSide {
  return side;
}

interface Authority {
  readonly path: string;
  readonly keyPath: string;
  readonly text: string;
  readonly certificates: readonly Certificate[];
  readonly mustMake: boolean;
}

async function readAuthority(input: MaterialInput): Promise<Result<Authority, Failure>> {
  const { pki } = input.desired;
  const { cert: path, key: keyPath, isGiven } = sideOf(input).authority(input.desired);
  if (pki.mode === 'in-place') return authorityInPlace(input, path, keyPath);
  const text = await readText(input.here, path);
  if (!text.ok) return text;
  if (text.value === undefined) {
    if (pki.mode === 'issue' && !isGiven) {
      return ok({
        path,
        keyPath,
        text: '',
        certificates: [plannedAuthority(input)],
        mustMake: true,
      });
    }
    return err(unusable(path, 'the CA file is not there'));
  }
  const certificates = input.pki.readCertificates(text.value);
  if (!certificates.ok) return err(unusable(path, certificates.error));
  const plain = certificates.value.find((certificate) => !certificate.isCa);
  if (plain !== undefined)
    return err(unusable(path, `${plain.subject} in it is not a CA certificate`));
  return ok({ path, keyPath, text: text.value, certificates: certificates.value, mustMake: false });
}

/** The CA file stands on every host under the same path; the first member's copy speaks for its content. */
function authorityInPlace(
  input: MaterialInput,
  path: string,
  keyPath: string,
): Result<Authority, Failure> {
  const copies = input.observed.members.flatMap((member) =>
    member.files.filter((file) => file.path === path),
  );
  const pools = copies.flatMap((file) =>
    file.content.kind === 'pool' ? [file.content.authorities] : [],
  );
  const [first] = pools;
  if (first === undefined || pools.length < input.observed.members.length) {
    return err(
      unusable(
        path,
        `${String(pools.length)} of ${String(input.observed.members.length)} hosts have a usable CA file there`,
      ),
    );
  }
  const ids = (pool: readonly Certificate[]): string =>
    pool
      .map((each) => each.fingerprint)
      .sort()
      .join();
  if (pools.some((pool) => ids(pool) !== ids(first)))
    return err(unusable(path, 'the hosts have different CA files there'));
  return ok({ path, keyPath, text: '', certificates: first, mustMake: false });
}

async function leafOf(
  input: MaterialInput,
  authority: Authority,
  desired: DesiredMember,
  observed: ObservedMember,
): Promise<Result<LeafMaterial, Failure>> {
  const { pki } = input.desired;
  const names = sideOf(input).names(input, desired, observed);
  const files = sideOf(input).files(input.desired, desired);
  const base = { member: desired.name, certPath: files.cert, keyPath: files.key, names };
  if (pki.mode === 'in-place') return leafInPlace(base, observed);
  return leafHere(input, authority, base);
}

/** The leaf and key in the operator's folder, or what will be issued in their place. */
async function leafHere(
  input: MaterialInput,
  authority: Authority,
  base: Omit<LeafMaterial, 'leaf' | 'keyId' | 'mustIssue'>,
): Promise<Result<LeafMaterial, Failure>> {
  const { pki } = input.desired;
  const { certPath, keyPath } = base;
  const [certText, keyText] = await Promise.all([
    readText(input.here, certPath),
    readText(input.here, keyPath),
  ]);
  if (!certText.ok) return certText;
  if (!keyText.ok) return keyText;
  if (certText.value === undefined || keyText.value === undefined) {
    if (pki.mode === 'issue') return ok({ ...base, ...plannedLeaf(input, authority, base) });
    return err(
      unusable(certText.value === undefined ? certPath : keyPath, 'the file is not there'),
    );
  }
  const leaf = input.pki.readLeaf(certText.value, [authority.text]);
  const keyId = input.pki.readKeyId(keyText.value);
  if (pki.mode === 'issue') {
    const fits =
      leaf.ok &&
      keyId.ok &&
      leaf.value.keyId === keyId.value &&
      serves(leaf.value, base, input.nowMs);
    if (fits) return ok({ ...base, leaf: leaf.value, keyId: keyId.value, mustIssue: false });
    return ok({ ...base, ...plannedLeaf(input, authority, base) });
  }
  if (!leaf.ok) return err(unusable(certPath, leaf.error));
  if (!keyId.ok) return err(unusable(keyPath, keyId.error));
  if (leaf.value.keyId !== keyId.value)
    return err(unusable(keyPath, `it is not the key of ${certPath}`));
  return ok({ ...base, leaf: leaf.value, keyId: keyId.value, mustIssue: false });
}

function leafInPlace(
  base: Omit<LeafMaterial, 'leaf' | 'keyId' | 'mustIssue'>,
  observed: ObservedMember,
): Result<LeafMaterial, Failure> {
  const content = (path: string): ObservedMember['files'][number]['content'] | undefined => {
    return observed.files.find((file) => file.path === path)?.content;
  };
  const [cert, key] = [content(base.certPath), content(base.keyPath)];
  const where = `on the host of ${base.member}`;
  if (cert?.kind !== 'leaf')
    return err(
      unusable(
        base.certPath,
        `${where}: ${cert?.kind === 'unusable' ? cert.reason : 'no certificate is there'}`,
      ),
    );
  if (key?.kind !== 'key')
    return err(
      unusable(
        base.keyPath,
        `${where}: ${key?.kind === 'unusable' ? key.reason : 'no key is there'}`,
      ),
    );
  if (key.keyId !== cert.leaf.keyId)
    return err(unusable(base.keyPath, `${where}: it is not the key of ${base.certPath}`));
  return ok({ ...base, leaf: cert.leaf, keyId: key.keyId, mustIssue: false });
}

function serves(
  leaf: Leaf,
  { names, isForClient }: Pick<LeafMaterial, 'names' | 'isForClient'>,
  nowMs: number,
): boolean {
  return (
    leaf.trustedBy.length > 0 &&
    (leaf.serverAuth || isForClient === true) &&
    leaf.clientAuth &&
    leaf.notBeforeMs <= nowMs &&
    nowMs < leaf.notAfterMs &&
    [...names.ipAddresses, ...names.dnsNames].every((name) => namesHost(leaf, name))
  );
}

/** Signed by the CA that is there, or by the one that is still to be made. */
function plannedLeaf(
  input: MaterialInput,
  authority: Authority,
  base: Pick<LeafMaterial, 'member' | 'names'>,
): Pick<LeafMaterial, 'leaf' | 'keyId' | 'mustIssue'> {
  const keyId = sideOf(input).plannedLeaf(base.member);
  const leaf: Leaf = {
    ...plannedAuthority(input),
    fingerprint: keyId,
    subject: `CN=${base.member}`,
    commonName: base.member,
    notAfterMs: input.nowMs + input.desired.pki.days * DAY_MS,
    dnsNames: base.names.dnsNames,
    ipAddresses: base.names.ipAddresses,
    isCa: false,
    keyId,
    trustedBy: authority.certificates.map(({ fingerprint }) => fingerprint),
  };
  return { leaf, keyId, mustIssue: true };
}

function plannedAuthority(input: MaterialInput): Certificate {
  const side = sideOf(input);
  const commonName = side.authorityName(input.desired);
  return {
    fingerprint: side.plannedAuthority,
    subject: `CN=${commonName}`,
    issuer: `CN=${commonName}`,
    commonName,
    notBeforeMs: input.nowMs,
    notAfterMs: input.nowMs + AUTHORITY_DAYS * DAY_MS,
    dnsNames: [],
    ipAddresses: [],
    isCa: true,
    serverAuth: true,
    clientAuth: true,
    keyId: side.plannedAuthority,
    keyKind: input.desired.pki.algorithm,
  };
}

async function readText(here: Host, path: string): Promise<Result<string | undefined, Failure>> {
  const file = await here.readFile(path);
  if (!file.ok) return file;
  return ok(file.value === undefined ? undefined : BYTES.decode(file.value.bytes));
}

function unusable(path: string, but: string): Failure {
  return {
    code: 'CERTIFICATE_UNUSABLE',
    where: path,
    would: 'use it for the peer links',
    but,
    so: 'etcd would refuse to start with it, or its peers would refuse the link; nothing has been changed',
    remedy: 'correct the path or the file named above, then try again',
  };
}
