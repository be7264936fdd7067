/** Turns the bytes of any file with certificates, keys or requests into what is in it, or one reason. */

import { X509Certificate } from 'node:crypto';

import { type Result, err, ok } from '../../base/result.ts';
import type { InspectedFile, InspectedKey, InspectedRequest } from '../../model/inspected-file.ts';
import { SIGNATURE_NAMES } from './algorithms.ts';
import { readRequest } from './csr.ts';
import {
  contentOf,
  derBytes,
  isContext,
  isTag,
  oidOf,
  partsOf,
  pemOf,
  readDer,
  TAG,
} from './der.ts';
import { EXTENSION, type Parsed, parseCertificates } from './inspect.ts';
import { keyIdOf, keyKindOf, readPrivateKey } from './key.ts';
import { type PemBlock, pemBlocks } from './pem.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';

/** Blocks that stand beside others without a meaning of their own. */
const SILENT = new Set(['EC PARAMETERS', 'DH PARAMETERS', 'PUBLIC KEY', 'X509 CRL']);

/**
 * PEM (any order, any line ends, bundles), DER or PKCS#7. The reason is one line without any part
 * of the content; it says what etcd would stumble over. `beside`: other files, whose CAs show
 * whether a certificate is still as it was signed.
 */
export function inspectFile(
  bytes: Uint8Array,
  beside: readonly Uint8Array[] = [],
): Result<InspectedFile, string> {
  const found = readFile(bytes);
  if (!found.ok) return found;
  const others = beside.flatMap((other) => {
    const read = readFile(other);
    return read.ok ? read.value.parsed : [];
  });
  const { parsed, ...file } = found.value;
  for (const [index, one] of parsed.entries()) {
    const problem = signatureProblem(one, [...parsed, ...others]);
    if (problem === undefined) continue;
    return err(`certificate ${String(index + 1)} of ${String(parsed.length)}: ${problem}`);
  }
  return ok(file);
}

/** Whoever vouches for it is at hand, and its signature does not fit: it was changed on the way. */
function signatureProblem(one: Parsed, all: readonly Parsed[]): string | undefined {
  const issuerId = issuerKeyIdOf(one);
  // By name or by key id: damage spares one of the two. Whoever signs itself need be no CA.
  const issuers = all.filter((other) => {
    const isNamed = other.subjectHex === one.issuerHex && (other.certificate.isCa || other === one);
    return isNamed || (issuerId !== '' && keyIdentifierOf(other) === issuerId);
  });
  const fits = issuers.some(({ publicKey }) => {
    try {
      return one.x509.verify(publicKey);
    } catch {
      return false;
    }
  });
  if (issuers.length === 0 || fits) return undefined;
  return `the signature of "${one.certificate.issuer}" on it does not fit`;
}

/** Hex of the subject key id; empty when it has none. */
function keyIdentifierOf({ extensions }: Parsed): string {
  const value = extensions.get(EXTENSION.subjectKeyId)?.value;
  if (value === undefined) return '';
  try {
    return Buffer.from(contentOf(readDer(Buffer.from(value, 'latin1'))), 'latin1').toString('hex');
  } catch {
    return '';
  }
}

/** Hex of the authority key id; empty when it has none. */
function issuerKeyIdOf({ extensions }: Parsed): string {
  const value = extensions.get(EXTENSION.authorityKeyId)?.value;
  if (value === undefined) return '';
  try {
    const part = partsOf(readDer(Buffer.from(value, 'latin1'))).find((each) => isContext(each, 0));
    return Buffer.from(contentOf(part), 'latin1').toString('hex');
  } catch {
    return '';
  }
}

interface ReadFile extends InspectedFile {
  readonly parsed: readonly Parsed[];
}

function readFile(bytes: Uint8Array): Result<ReadFile, string> {
  const buffer = Buffer.from(bytes);
  if (buffer.length === 0) return err('it is empty');
  const mark = byteOrderProblem(buffer);
  if (mark !== undefined) return err(mark);
  if (buffer[0] === 0x30 && !buffer.includes('-----BEGIN')) return inspectDer(buffer);
  if (buffer.includes(0)) return err('it has zero bytes and is neither PEM nor DER');
  const blocks = pemBlocks(buffer.toString('latin1'));
  if (!blocks.ok) return blocks;
  if (blocks.value.length === 0) return err('it has no PEM block (no -----BEGIN line)');
  return inspectBlocks(blocks.value, 'PEM');
}

/** etcd looks for a BEGIN at the start of a line, and takes such marks for something before it. */
function byteOrderProblem(buffer: Buffer): string | undefined {
  if (buffer.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf))) {
    return 'it begins with a byte order mark, behind which etcd overlooks the first block';
  }
  const isUtf16 = buffer.length > 1 && ['fffe', 'feff'].includes(buffer.toString('hex', 0, 2));
  return isUtf16 ? 'it is UTF-16 text, which etcd cannot read' : undefined;
}

function inspectBlocks(
  blocks: readonly PemBlock[],
  encoding: InspectedFile['encoding'],
): Result<ReadFile, string> {
  const keys: InspectedKey[] = [];
  const requests: InspectedRequest[] = [];
  let certificates: readonly Parsed[] = [];
  const bundle = blocks.find(({ label }) => label === 'PKCS7' || label === 'CMS');
  if (bundle !== undefined) return inspectDer(bundle.bytes);
  for (const block of blocks) {
    const text = asPem(block);
    if (/(^| )PRIVATE KEY$/.test(block.label)) {
      const key = readPrivateKey(text);
      if (!key.ok) return key;
      const kind = keyKindOf(key.value);
      keys.push({ keyId: keyIdOf(key.value), keyKind: kind.ok ? kind.value : '' });
    } else if (/^(NEW )?CERTIFICATE REQUEST$/.test(block.label)) {
      const request = readRequest(block.bytes);
      if (!request.ok) return request;
      requests.push(request.value);
    } else if (block.label !== 'CERTIFICATE' && !SILENT.has(block.label)) {
      return err(`it has a ${block.label.slice(0, 40)} block, which etcd cannot use`);
    }
  }
  const wanted = blocks.filter(({ label }) => label === 'CERTIFICATE');
  if (wanted.length > 0) {
    const parsed = parseCertificates(wanted.map(asPem).join(''), 'pool');
    if (!parsed.ok) return parsed;
    certificates = parsed.value;
  }
  if (keys.length + requests.length + certificates.length === 0) {
    return err('it has neither a certificate nor a key nor a request');
  }
  return ok({
    encoding,
    certificates: certificates.map(detailed),
    keys,
    requests,
    parsed: certificates,
  });
}

/** Headers and all: an encrypted key of the old form says so in its headers. */
function asPem({ label, headers, bytes }: PemBlock): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
  const body = bytes.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${head}${body}\n-----END ${label}-----\n`;
}

function inspectDer(bytes: Buffer): Result<ReadFile, string> {
  const labels = ['CERTIFICATE', 'CERTIFICATE REQUEST', 'PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'];
  const bundle = pkcs7Certificates(bytes);
  if (bundle !== undefined) {
    if (bundle.length === 0) return err('its PKCS#7 bundle has no certificate');
    const blocks = bundle.map((one) => ({ label: 'CERTIFICATE', headers: {}, bytes: one }));
    return inspectBlocks(blocks, 'PKCS#7');
  }
  if (isPkcs12(bytes)) {
    return err(
      'it is a PKCS#12 file, which etcd cannot read; openssl pkcs12 -nodes takes it apart',
    );
  }
  const label = labels[kindOfDer(bytes)];
  if (label === undefined) return err('its bytes are neither PEM nor a DER certificate or key');
  return inspectBlocks([{ label, headers: {}, bytes }], 'DER');
}

/** The place in the list of labels; -1 for something else. */
function kindOfDer(bytes: Buffer): number {
  try {
    new X509Certificate(bytes);
    return 0;
  } catch {
    // Not a certificate: the shape of its outermost parts says what it is.
  }
  try {
    const parts = partsOf(readDer(bytes));
    const [first, second, third] = parts;
    if (isTag(first, TAG.integer)) return 2;
    if (isTag(first, TAG.sequence) && isTag(third, TAG.bits)) return 1;
    if (isTag(first, TAG.sequence) && isTag(second, TAG.octets)) return 3;
  } catch {
    // Cut off or not DER at all.
  }
  return -1;
}

function isPkcs12(bytes: Buffer): boolean {
  try {
    const [version, content] = partsOf(readDer(bytes));
    return (
      isTag(version, TAG.integer) && oidOf(partsOf(content)[0]).startsWith('1.2.840.113549.1.7.')
    );
  } catch {
    return false;
  }
}

/** The certificates of a PKCS#7 bundle (RFC 2315 9.1), as CAs return them; undefined when it is none. */
function pkcs7Certificates(bytes: Buffer): readonly Buffer[] | undefined {
  try {
    const [type, content] = partsOf(readDer(bytes));
    if (oidOf(type) !== SIGNED_DATA) return undefined;
    const list = partsOf(partsOf(content)[0]).find((part) => isContext(part, 0));
    return partsOf(list).map((one) => derBytes(one));
  } catch {
    return undefined;
  }
}

/** The certificates of any encoding as one PEM text; other blocks are left out. */
export function certificatesAsPem(bytes: Uint8Array): Result<string, string> {
  const buffer = Buffer.from(bytes);
  const inspected = readFile(buffer);
  if (!inspected.ok) return inspected;
  if (inspected.value.certificates.length === 0) return err('it has no certificate');
  return ok(
    inspected.value.parsed.map(({ x509 }) => pemOf('CERTIFICATE', readDer(x509.raw))).join(''),
  );
}

function detailed(parsed: Parsed): InspectedFile['certificates'][number] {
  const { certificate, x509, signatureOid, subjectHex, issuerHex } = parsed;
  return {
    ...certificate,
    serial: x509.serialNumber.toLowerCase(),
    signature: SIGNATURE_NAMES[signatureOid] ?? signatureOid,
    subjectKeyId: keyIdentifierOf(parsed),
    isSelfIssued: subjectHex === issuerHex,
  };
}
