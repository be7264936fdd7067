/** Turns a leaf's file and all CA files that were seen into the CAs that verify the leaf. */

import { type Result, err, ok } from '../../base/result.ts';
import type { CaId, Leaf } from '../../model/certificate.ts';
import { constraintProblem } from './constraints.ts';
import { TAG, contentOf, isTag, partsOf, readDer } from './der.ts';
import { EXTENSION, type Parsed, parseCertificates } from './inspect.ts';
import { isUsableKey } from './key.ts';

/** Go looks at no more candidates for one leaf (crypto/x509 maxChainSignatureChecks). */
const MAX_LINKS_TRIED = 100;

/** What Go 1.18 and later accept; older ones also took SHA-1, which no member should depend on. */
const SIGNATURES: readonly string[] = [
  '1.2.840.113549.1.1.10', // RSA-PSS
  '1.2.840.113549.1.1.11', // RSA with SHA-256
  '1.2.840.113549.1.1.12', // RSA with SHA-384
  '1.2.840.113549.1.1.13', // RSA with SHA-512
  '1.2.840.10045.4.3.2', // ECDSA with SHA-256
  '1.2.840.10045.4.3.3', // ECDSA with SHA-384
  '1.2.840.10045.4.3.4', // ECDSA with SHA-512
  '1.3.101.112', // Ed25519
];

/** What Go's reader understands; any other critical extension makes it refuse the chain. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...Object.values(EXTENSION),
  '2.5.29.31', // where the CRL is
  '2.5.29.32', // policies
  '1.3.6.1.5.5.7.1.1', // where the issuer is
]);

/** The first certificate of the text and what verifies it; a reason when etcd could not use it. */
export function readLeaf(text: string, authorityTexts: readonly string[]): Result<Leaf, string> {
  const parsed = parseCertificates(text, 'leaf');
  if (!parsed.ok) return parsed;
  const [leaf, ...intermediates] = parsed.value;
  if (leaf === undefined) return err('it has no certificate');
  if (!isUsableKey(leaf.publicKey)) {
    return err(`its key is of the kind ${leaf.certificate.keyKind}, which etcd cannot use for TLS`);
  }
  const problem = ownProblem(leaf);
  if (problem !== undefined) return err(problem);
  const anchors = anchorsOf(authorityTexts);
  const trusting = trustedByThese(leaf, intermediates, anchors);
  const [anchor] = anchors;
  const reason =
    trusting.length > 0 || anchor === undefined
      ? undefined
      : distrust(leaf, intermediates, namesake(leaf, anchors) ?? anchor);
  const endsMs = Math.min(...intermediates.map(({ certificate }) => certificate.notAfterMs));
  return ok({
    ...leaf.certificate,
    trustedBy: trusting,
    ...(reason === undefined ? {} : { distrust: reason }),
    ...(endsMs < leaf.certificate.notAfterMs ? { chainEndsMs: endsMs } : {}),
  });
}

/** Of several CAs the one that should verify it is the one to give a reason of. */
function namesake(leaf: Parsed, anchors: readonly Parsed[]): Parsed | undefined {
  return anchors.find((anchor) => anchor.subjectHex === leaf.issuerHex);
}

/**
 * Fingerprints of the certificates of the authority texts (each a file that may be a bundle) that
 * verify the first certificate of the leaf text; its other ones are the intermediates. Dates aside.
 *
 * As Go's x509.Verify (crypto/x509/verify.go): each certificate of a pool is an anchor, self-signed
 * or not; names are compared by their bytes; a leaf that itself is in the pool is trusted, CA or
 * not (`opts.Roots.contains(c)`). Where Go and OpenSSL differ the stricter one decides, since etcd
 * uses the one and our own look at a link the other. A text that etcd could not load trusts nobody.
 */
export function trustedBy(leafText: string, authorityTexts: readonly string[]): readonly CaId[] {
  const parsed = parseCertificates(leafText, 'leaf');
  const [leaf, ...intermediates] = parsed.ok ? parsed.value : [];
  if (leaf === undefined || ownProblem(leaf) !== undefined) return [];
  return trustedByThese(leaf, intermediates, anchorsOf(authorityTexts));
}

/** Why this anchor, with these intermediates, does not verify the leaf; undefined when it does. */
export function distrust(
  leaf: Parsed,
  intermediates: readonly Parsed[],
  anchor: Parsed,
): string | undefined {
  if (leaf.certificate.fingerprint === anchor.certificate.fingerprint) return undefined;
  let tried = 0;
  const search = (chain: readonly Parsed[]): string | undefined => {
    tried += 1;
    if (tried > MAX_LINKS_TRIED) return 'its chain has too many branches';
    const problem = linkProblem(chain, anchor);
    if (problem === undefined) return undefined;
    for (const next of intermediates) {
      if (chain.some((one) => isSameEntity(one, next))) continue;
      if (linkProblem(chain, next) !== undefined) continue;
      if (search([...chain, next]) === undefined) return undefined;
    }
    return problem;
  };
  return search([leaf]);
}

function trustedByThese(
  leaf: Parsed,
  intermediates: readonly Parsed[],
  anchors: readonly Parsed[],
): readonly CaId[] {
  return anchors
    .filter((anchor) => distrust(leaf, intermediates, anchor) === undefined)
    .map((anchor) => anchor.certificate.fingerprint);
}

/** Each certificate once, however many files hold it. */
function anchorsOf(texts: readonly string[]): readonly Parsed[] {
  const anchors = new Map<CaId, Parsed>();
  for (const text of texts) {
    const parsed = parseCertificates(text, 'pool');
    for (const anchor of parsed.ok ? parsed.value : []) {
      anchors.set(anchor.certificate.fingerprint, anchor);
    }
  }
  return [...anchors.values()];
}

/** Why the parent does not vouch for the last certificate of a chain that begins with the leaf. */
function linkProblem(chain: readonly Parsed[], parent: Parsed): string | undefined {
  const child = chain.at(-1);
  const leaf = chain[0];
  if (child === undefined || leaf === undefined) return 'there is no leaf';
  if (child.issuerHex !== parent.subjectHex) {
    return `its issuer is "${child.certificate.issuer}", not "${parent.certificate.subject}"`;
  }
  if (chain.some((one) => isSameEntity(one, parent))) return 'its chain goes in a circle';
  const own =
    ownProblem(child) ?? authorityProblem(chain, parent) ?? signatureProblem(child, parent);
  if (own !== undefined) return own;
  try {
    return constraintProblem(parent, leaf);
  } catch {
    return 'the name constraints of its CA cannot be read';
  }
}

function ownProblem(one: Parsed): string | undefined {
  for (const [oid, extension] of one.extensions) {
    if (extension.isCritical && !UNDERSTOOD.has(oid)) {
      return `it has the critical extension ${oid}, which etcd does not understand`;
    }
  }
  return undefined;
}

function authorityProblem(chain: readonly Parsed[], parent: Parsed): string | undefined {
  const subject = `"${parent.certificate.subject}"`;
  if (!parent.certificate.isCa) {
    return `${subject} is no CA by its basic constraints or key usage`;
  }
  if (!isUsableKey(parent.publicKey)) return `${subject} has a key that etcd cannot use`;
  const between = chain.length - 1;
  const most = pathLength(parent);
  if (most !== undefined && between > most) {
    return `${subject} allows ${String(most)} CAs below it and the chain has ${String(between)}`;
  }
  const leaf = chain[0];
  const isNarrower =
    (leaf?.certificate.serverAuth === true && !parent.certificate.serverAuth) ||
    (leaf?.certificate.clientAuth === true && !parent.certificate.clientAuth);
  if (isNarrower) return `the extended key usage of ${subject} does not allow all uses of the leaf`;
  return ownProblem(parent);
}

function signatureProblem(child: Parsed, parent: Parsed): string | undefined {
  if (!SIGNATURES.includes(child.signatureOid)) {
    return `it is signed with the outdated or unknown algorithm ${child.signatureOid}`;
  }
  if (!child.x509.checkIssued(parent.x509)) return 'its authority key id is not that of the CA';
  return child.x509.verify(parent.publicKey) ? undefined : 'the signature of its CA does not fit';
}

/** RFC 5280 4.2.1.9; undefined: no limit. */
export function pathLength(ca: Parsed): number | undefined {
  const value = ca.extensions.get(EXTENSION.basicConstraints)?.value;
  if (value === undefined) return undefined;
  const number = partsOf(readDer(Buffer.from(value, 'latin1'))).find((part) =>
    isTag(part, TAG.integer),
  );
  if (number === undefined) return undefined;
  return Number.parseInt(Buffer.from(contentOf(number), 'latin1').toString('hex'), 16);
}

/** The same name and key: Go puts no such pair into one chain (alreadyInChain). */
function isSameEntity(one: Parsed, other: Parsed): boolean {
  return one.subjectHex === other.subjectHex && one.certificate.keyId === other.certificate.keyId;
}
