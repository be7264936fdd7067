/** Turns PEM text into certificates as etcd (Go crypto/x509) would read them, or a reason. */

import { type KeyObject, X509Certificate } from 'node:crypto';

import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Certificate } from '../../model/certificate.ts';
import {
  type Der,
  TAG,
  contentOf,
  derBytes,
  isContext,
  isTag,
  oidOf,
  partsOf,
  readDer,
} from './der.ts';
import { keyIdOf, keyKindOf } from './key.ts';
import { type SubjectAltNames, commonNameOf, subjectAltNames } from './names.ts';
import { type PemBlock, pemBlocks } from './pem.ts';

/** A certificate with what the chain rules ask beside the nouns of the model. */
export interface Parsed {
  readonly certificate: Certificate;
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  readonly subject: Der;
  /** Hex of the DER: Go compares names by bytes, OpenSSL by meaning. */
  readonly subjectHex: string;
  readonly issuerHex: string;
  readonly signatureOid: string;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly names: SubjectAltNames;
}

export interface Extension {
  readonly isCritical: boolean;
  /** DER of the value, as a string of bytes. */
  readonly value: string;
}

export const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

const USAGE = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
} as const;

/**
 * Every certificate of a text, in order. `pool`: as etcd's CA file, where any other block stops
 * etcd (pkg/tlsutil NewCertPool parses all of them); `leaf`: as its cert file, where Go's
 * X509KeyPair skips other blocks, so that a key may stand in the same file.
 */
export function parseCertificates(
  text: string,
  role: 'pool' | 'leaf',
): Result<readonly Parsed[], string> {
  const blocks = pemBlocks(text);
  if (!blocks.ok) return blocks;
  const foreign = blocks.value.find((block) => block.label !== 'CERTIFICATE');
  const wanted = blocks.value.filter((block) => block.label === 'CERTIFICATE');
  if (foreign !== undefined && (role === 'pool' || wanted.length === 0)) {
    return err(`it has a ${foreign.label} block; etcd takes CERTIFICATE blocks only`);
  }
  if (wanted.length === 0)
    return err('it has no PEM certificate (no -----BEGIN CERTIFICATE----- line)');
  const parsed: Parsed[] = [];
  for (const [index, block] of wanted.entries()) {
    const one = parseOne(block);
    if (!one.ok) {
      return err(`certificate ${String(index + 1)} of ${String(wanted.length)}: ${one.error}`);
    }
    parsed.push(one.value);
  }
  return ok(parsed);
}

function parseOne(block: PemBlock): Result<Parsed, string> {
  try {
    return parseDer(block.bytes);
  } catch {
    // The inner errors are OpenSSL's and forge's; they name functions, not what a person can mend.
    return err('its bytes are not a certificate (cut off, damaged or mixed up)');
  }
}

/** Throws when OpenSSL or the walker cannot read the bytes. */
function parseDer(bytes: Buffer): Result<Parsed, string> {
  const x509 = new X509Certificate(bytes);
  if (!x509.raw.equals(bytes)) return err('other bytes stand behind the certificate');
  const fields = tbsFields(readDer(bytes));
  const subjectName = commonNameOf(fields.subject, 'subject');
  if (!subjectName.ok) return subjectName;
  const issuerName = commonNameOf(fields.issuer, 'issuer');
  if (!issuerName.ok) return issuerName;
  const extensions = extensionsOf(fields.extensions);
  if (!extensions.ok) return extensions;
  const names = subjectAltNames(extensions.value.get(EXTENSION.subjectAltName)?.value);
  if (!names.ok) return names;
  const publicKey = x509.publicKey;
  const keyKind = keyKindOf(publicKey);
  if (!keyKind.ok) return err(`its key ${keyKind.error}`);
  const notBeforeMs = Date.parse(x509.validFrom);
  const notAfterMs = Date.parse(x509.validTo);
  if (Number.isNaN(notBeforeMs) || Number.isNaN(notAfterMs)) return err('its dates cannot be read');
  const usages = usagesOf(x509);
  const certificate: Certificate = {
    fingerprint: sha256(bytes),
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    commonName: subjectName.value,
    notBeforeMs,
    notAfterMs,
    dnsNames: names.value.dnsNames,
    ipAddresses: names.value.ipAddresses,
    isCa: x509.ca,
    serverAuth: usages.server,
    clientAuth: usages.client,
    keyId: keyIdOf(publicKey),
    keyKind: keyKind.value,
  };
  return ok({
    certificate,
    x509,
    publicKey,
    subject: fields.subject,
    subjectHex: derBytes(fields.subject).toString('hex'),
    issuerHex: derBytes(fields.issuer).toString('hex'),
    signatureOid: fields.signatureOid,
    extensions: extensions.value,
    names: names.value,
  });
}

/** Extended key usage; Go takes a certificate without the extension for every use. */
function usagesOf(x509: X509Certificate): { server: boolean; client: boolean } {
  // Node lists the extended usages under this name, and its types forget that they may be absent.
  const listed = x509.keyUsage as readonly string[] | undefined;
  const allows = (usage: string): boolean =>
    listed === undefined || listed.includes(usage) || listed.includes(USAGE.any);
  return { server: allows(USAGE.server), client: allows(USAGE.client) };
}

interface TbsFields {
  readonly subject: Der;
  readonly issuer: Der;
  readonly signatureOid: string;
  readonly extensions: readonly Der[];
}

/**
 * RFC 5280 4.1: version [0] (absent in version 1), serial, algorithm, issuer, dates, subject, key,
 * extensions [3].
 */
function tbsFields(certificate: Der): TbsFields {
  const [body, algorithm] = partsOf(certificate);
  const fields = partsOf(body);
  const shift = fields[0] !== undefined && isContext(fields[0], 0) ? 1 : 0;
  const issuer = fields[shift + 2];
  const subject = fields[shift + 4];
  if (issuer === undefined || subject === undefined) throw new Error('not a certificate body');
  const extensions = fields.find((field, index) => index > shift + 5 && isContext(field, 3));
  return {
    subject,
    issuer,
    signatureOid: oidOf(partsOf(algorithm)[0]),
    extensions: partsOf(partsOf(extensions)[0]),
  };
}

function extensionsOf(list: readonly Der[]): Result<ReadonlyMap<string, Extension>, string> {
  const found = new Map<string, Extension>();
  for (const extension of list) {
    const parts = partsOf(extension);
    const oid = oidOf(parts[0]);
    const flag = parts.length === 3 && isTag(parts[1], TAG.boolean) ? contentOf(parts[1]) : '';
    if (found.has(oid)) return err(`it has the extension ${oid} twice`);
    found.set(oid, { isCritical: flag !== '' && flag !== '\0', value: contentOf(parts.at(-1)) });
  }
  return ok(found);
}

/** Node separates the parts of a name by line ends and escapes those inside. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}
