/** Turns a name into a new certificate authority, and PEM texts into one that can issue. */

import type { KeyObject } from 'node:crypto';

import { type Result, err, ok } from '../../base/result.ts';
import type { KeyAlgorithm } from '../../model/desired.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer } from '../../ports.ts';
import { contentOf, readDer } from './der.ts';
import {
  authorityKeyId,
  basicConstraints,
  certificatePem,
  commonNameOnly,
  keyIdBytes,
  keyUsage,
  subjectKeyId,
} from './encode.ts';
import { EXTENSION, type Parsed, parseCertificates } from './inspect.ts';
import { keyIdOf, makeKeyPair, privatePem, readPrivateKey } from './key.ts';
import { commonNameProblem, daysProblem, pkiFailed, printable } from './request.ts';

/** Where the time and the randomness of serial numbers come from. */
export interface Sources {
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
}

export interface AuthorityTexts {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A host whose clock is behind this far still accepts what was just issued. */
export const CLOCK_SKEW_MS = 5 * 60_000;

export const DAY_MS = 86_400_000;

/** 128 bits; RFC 5280 and the CA rules ask for 64 that are random. */
export const SERIAL_BYTES = 16;

/** It signs leaves and nothing else: no CA below it, so a stolen leaf key can never become a CA. */
const MAX_CAS_BELOW = 0;

/** A self-signed CA; PKI_FAILED when the name or the days cannot be. RFC 5280 4.2.1. */
export async function makeAuthority(
  sources: Sources,
  commonName: string,
  algorithm: KeyAlgorithm,
  days: number,
): Answer<AuthorityTexts> {
  const problem = commonNameProblem(commonName) ?? daysProblem(days);
  if (problem !== undefined) {
    const remedy = 'give the cluster a plain name and pki.days a number in range';
    return err(
      pkiFailed(`CA "${printable(commonName)}"`, 'make a certificate authority', problem, remedy),
    );
  }
  const { publicKey, privateKey } = await makeKeyPair(algorithm);
  const name = commonNameOnly(commonName);
  const keyId = keyIdBytes(publicKey);
  const nowMs = sources.now();
  const pem = certificatePem({
    serial: sources.random(SERIAL_BYTES),
    subject: name,
    issuer: name,
    notBeforeMs: nowMs - CLOCK_SKEW_MS,
    notAfterMs: nowMs + days * DAY_MS,
    publicKey,
    signer: privateKey,
    extensions: [
      basicConstraints({ maxCasBelow: MAX_CAS_BELOW }),
      keyUsage(['keyCertSign', 'cRLSign']),
      subjectKeyId(keyId),
      authorityKeyId(keyId),
    ],
  });
  return ok({ certificatePem: pem, keyPem: privatePem(privateKey) });
}

/** A CA that can sign: its certificate is the one of the text that fits the key. */
export interface Issuer {
  readonly parsed: Parsed;
  readonly key: KeyObject;
  /** Its own subject key id, or what it would be when the certificate has none. */
  readonly keyId: Buffer;
  /** Every certificate of its text, itself among them. */
  readonly all: readonly Parsed[];
}

export function readIssuer(texts: AuthorityTexts, nowMs: number): Result<Issuer, Failure> {
  const would = 'issue a leaf with this certificate authority';
  const failed = (where: string, but: string, remedy: string): Result<Issuer, Failure> =>
    err(pkiFailed(where, would, but, remedy));
  const key = readPrivateKey(texts.keyPem, 'peershift');
  if (!key.ok)
    return failed(
      'CA key file',
      key.error,
      'give the unencrypted key of the CA, or certificates of your own (pki.mode: provided)',
    );
  const parsed = parseCertificates(texts.certificatePem, 'leaf');
  if (!parsed.ok)
    return failed('CA certificate file', parsed.error, 'give the CA certificate as PEM');
  const keyId = keyIdOf(key.value);
  const ca = parsed.value.find(({ certificate }) => certificate.keyId === keyId);
  if (ca === undefined) {
    const count = String(parsed.value.length);
    const but = `the CA key fits none of the ${count} certificates in the CA file`;
    return failed('CA files', but, 'give the certificate and the key of the same CA');
  }
  const { subject, isCa, notAfterMs, notBeforeMs } = ca.certificate;
  const where = `CA "${subject}"`;
  if (!isCa)
    return failed(
      where,
      'its basic constraints or key usage do not make it a CA',
      'give a CA certificate, not a leaf',
    );
  if (nowMs >= notAfterMs) {
    return failed(where, `it expired at ${dateText(notAfterMs)}`, 'give a CA that is valid');
  }
  if (nowMs < notBeforeMs) {
    return failed(
      where,
      `it is valid only from ${dateText(notBeforeMs)}`,
      'check the clock of this machine',
    );
  }
  return ok({ parsed: ca, key: key.value, keyId: ownKeyId(ca), all: parsed.value });
}

function ownKeyId(ca: Parsed): Buffer {
  const value = ca.extensions.get(EXTENSION.subjectKeyId)?.value;
  if (value === undefined) return keyIdBytes(ca.publicKey);
  return Buffer.from(contentOf(readDer(Buffer.from(value, 'latin1'))), 'latin1');
}

function dateText(ms: number): string {
  return new Date(ms).toISOString();
}
