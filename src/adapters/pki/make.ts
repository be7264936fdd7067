/** Turns a wish, and the CA that is to grant it, into a key, a request and a certificate. */

import { type KeyObject, createPublicKey } from 'node:crypto';

import { assert } from '../../base/assert.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { CertificateWish } from '../../model/certificate-wish.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, MadeCertificate, MadeRequest } from '../../ports.ts';
import {
  type AuthorityTexts,
  type Issuer,
  SERIAL_BYTES,
  type Sources,
  readIssuer,
} from './authority.ts';
import { distrust, pathLength } from './chain.ts';
import { type Der, context, primitive, readDer, sequence, set, TAG, oid, pemOf } from './der.ts';
import {
  altNames,
  authorityKeyId,
  basicConstraints,
  certificatePem,
  extendedUsage,
  keyIdBytes,
  keyUsage,
  nameConstraints,
  signed,
  subjectKeyId,
} from './encode.ts';
import { type Parsed, parseCertificates } from './inspect.ts';
import { makeKeyPair, privatePem, publicDer } from './key.ts';
import { pkiFailed } from './request.ts';
import { subjectName, subtreeOf } from './subject.ts';
import { wishProblem, wishText } from './wish.ts';

const MINUTE_MS = 60_000;
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/**
 * A new key, its request and its certificate: signed by the CA, or by itself when there is none.
 * PKI_FAILED when the wish cannot stand in a certificate or the CA may not grant it. What is made
 * is read back and verified before it is handed out.
 */
export async function makeCertificate(
  sources: Sources,
  wish: CertificateWish,
  authority: AuthorityTexts | undefined,
): Answer<MadeCertificate> {
  const failed = (but: string, remedy: string): Result<never, Failure> =>
    err(pkiFailed(wishText(wish), 'make its key and certificate', but, remedy));
  const problem = wishProblem(wish);
  if (problem !== undefined) return failed(problem, 'correct the request and try again');
  const nowMs = sources.now();
  const issuer = authority === undefined ? ok(undefined) : readIssuer(authority, nowMs);
  if (!issuer.ok) return issuer;
  const tooDeep = depthProblem(wish, issuer.value);
  if (tooDeep !== undefined) return failed(tooDeep, 'give a CA with a longer path length');
  const { publicKey, privateKey } = await makeKeyPair(wish.key);
  const pem = certificatePem({
    ...datesOf(wish, nowMs, issuer.value),
    serial: sources.random(SERIAL_BYTES),
    subject: subjectName(wish.subject),
    issuer: issuer.value?.parsed.subject ?? subjectName(wish.subject),
    publicKey,
    signer: issuer.value?.key ?? privateKey,
    extensions: extensionsOf(wish, publicKey, issuer.value),
    isLikeCfssl: wish.isLikeCfssl,
  });
  const made = parseCertificates(pem, 'leaf');
  assert(made.ok, `what was just made cannot be read: ${made.ok ? '' : made.error}`);
  const [certificate] = made.value;
  assert(certificate !== undefined, 'nothing was made');
  const between = issuer.value === undefined ? [] : intermediatesOf(issuer.value);
  const reason =
    issuer.value === undefined ? undefined : distrust(certificate, [], issuer.value.parsed);
  if (reason !== undefined) {
    const ca = issuer.value?.parsed.certificate.subject ?? '';
    return failed(`CA "${ca}" would not verify it: ${reason}`, 'give a CA that may vouch for it');
  }
  return ok({
    certificatePem: [pem, ...between.map(pemOfParsed)].join(''),
    keyPem: privatePem(privateKey, wish.isLikeCfssl),
    requestPem: requestPem(wish, privateKey),
    certificate: certificate.certificate,
    issuerEndsMs: issuer.value?.parsed.certificate.notAfterMs,
  });
}

/** Leaves of a CA that its own CA does not allow would be refused by everybody. */
function depthProblem(wish: CertificateWish, issuer: Issuer | undefined): string | undefined {
  if (wish.authority === undefined || issuer === undefined) return undefined;
  const most = pathLength(issuer.parsed);
  const wanted = wish.authority.maxCasBelow ?? 0;
  if (most === undefined || wanted < most) return undefined;
  const { subject } = issuer.parsed.certificate;
  return `CA "${subject}" has the path length ${String(most)}, and this CA would need ${String(wanted + 1)}`;
}

/** A new key and a request for it (PKCS#10, RFC 2986), for a CA that is not here. */
export async function makeRequest(wish: CertificateWish): Answer<MadeRequest> {
  const problem = wishProblem(wish);
  if (problem !== undefined) {
    const remedy = 'correct the request and try again';
    return err(pkiFailed(wishText(wish), 'make its key and request', problem, remedy));
  }
  const { privateKey } = await makeKeyPair(wish.key);
  return ok({
    keyPem: privatePem(privateKey, wish.isLikeCfssl),
    requestPem: requestPem(wish, privateKey),
  });
}

/** PEM of a certificate as it was read. */
export function pemOfParsed({ x509 }: Parsed): string {
  return pemOf('CERTIFICATE', readDer(x509.raw));
}

/** What stands between a leaf and a root: the issuer and the CAs above it that did not sign themselves. */
function intermediatesOf({ parsed, all }: Issuer): readonly Parsed[] {
  const chain: Parsed[] = [];
  let next: Parsed | undefined = parsed;
  const byName = (name: string): Parsed | undefined => all.find((one) => one.subjectHex === name);
  while (next !== undefined && next.subjectHex !== next.issuerHex && !chain.includes(next)) {
    chain.push(next);

    next = byName(next.issuerHex);
  }
  return chain;
}

/** As long as the CA at most, beyond which Go refuses the chain; cfssl does not look at that. */
function datesOf(
  wish: CertificateWish,
  nowMs: number,
  issuer: Issuer | undefined,
): { notBeforeMs: number; notAfterMs: number } {
  const from = wish.isLikeCfssl ? Math.round(nowMs / MINUTE_MS) * MINUTE_MS : nowMs;
  const notBeforeMs = from - wish.backdateMs;
  const wanted = notBeforeMs + wish.lastsMs;
  const most = issuer?.parsed.certificate.notAfterMs ?? wanted;
  return { notBeforeMs, notAfterMs: wish.isLikeCfssl ? wanted : Math.min(wanted, most) };
}

/** In the order in which Go's crypto/x509 writes them. */
function extensionsOf(
  wish: CertificateWish,
  publicKey: KeyObject,
  issuer: Issuer | undefined,
): readonly Der[] {
  const ownId = keyIdBytes(publicKey);
  const issuerId = issuer?.keyId ?? (wish.isLikeCfssl ? undefined : ownId);
  return [
    ...(wish.keyUses.length === 0 ? [] : [keyUsage(wish.keyUses)]),
    ...(wish.extendedUses.length === 0 ? [] : [extendedUsage(wish.extendedUses)]),
    basicConstraints(wish.authority),
    subjectKeyId(ownId),
    ...(issuerId === undefined ? [] : [authorityKeyId(issuerId)]),
    ...namesExtension(wish),
    ...constraintsOf(wish),
  ];
}

function namesExtension({ names }: CertificateWish): readonly Der[] {
  const count = names.dnsNames.length + names.ipAddresses.length + names.emailAddresses.length;
  return count === 0 ? [] : [altNames(names)];
}

function constraintsOf({ constraints }: CertificateWish): readonly Der[] {
  if (constraints === undefined) return [];
  const bases = (wanted: readonly string[]): readonly Der[] =>
    wanted.flatMap((one) => subtreeOf(one) ?? []);
  return [nameConstraints(bases(constraints.permitted), bases(constraints.excluded))];
}

function requestPem(wish: CertificateWish, key: KeyObject): string {
  const asked = [
    ...namesExtension(wish),
    ...(asksForAuthority(wish) ? [basicConstraints(wish.authority)] : []),
  ];
  const attribute = sequence([oid(EXTENSION_REQUEST), set([sequence(asked)])]);
  const body = sequence([
    primitive(TAG.integer, '\0'), // version 1
    subjectName(wish.subject),
    readDer(publicDer(createPublicKey(key))),
    context(0, asked.length === 0 ? [] : [attribute]),
  ]);
  return pemOf('CERTIFICATE REQUEST', signed(body, key));
}

/** cfssl asks for it only where the request sets a limit. */
function asksForAuthority({ authority, isLikeCfssl }: CertificateWish): boolean {
  if (authority === undefined) return false;
  return !isLikeCfssl || authority.maxCasBelow !== undefined;
}
