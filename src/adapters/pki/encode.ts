/** Turns the parts of a certificate into signed PEM: forge lays out bytes, node:crypto signs. */

import { type KeyObject, createHash, sign } from 'node:crypto';

import {
  type Der,
  TAG,
  context,
  contentOf,
  derBytes,
  oid,
  partsOf,
  pemOf,
  primitive,
  readDer,
  sequence,
  set,
  time,
  utf8,
} from './der.ts';
import { EXTENSION, USAGE } from './inspect.ts';
import { publicDer } from './key.ts';
import { NAME_KIND, addressBytes } from './names.ts';

export interface CertificateParts {
  /** At least 16 random bytes; the first two bits are overwritten. */
  readonly serial: Buffer;
  readonly subject: Der;
  /** Byte for byte the CA's own subject: Go compares names by their bytes. */
  readonly issuer: Der;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Der[];
}

/** RFC 5280 4.1. */
export function certificatePem(parts: CertificateParts): string {
  const algorithm = signatureOf(parts.signer);
  const body = sequence([
    context(0, [primitive(TAG.integer, '\x02')]), // version 3
    primitive(TAG.integer, positive(parts.serial)),
    algorithm.identifier,
    parts.issuer,
    sequence([time(parts.notBeforeMs), time(parts.notAfterMs)]),
    parts.subject,
    readDer(publicDer(parts.publicKey)),
    context(3, [sequence(parts.extensions)]),
  ]);
  const signature = sign(algorithm.digest, derBytes(body), parts.signer);
  const bits = primitive(TAG.bits, Buffer.concat([Buffer.of(0), signature]));
  return pemOf('CERTIFICATE', sequence([body, algorithm.identifier, bits]));
}

/** A name of one common name, as UTF8String: as PrintableString Go refuses `_`, `@` and `é`. */
export function commonNameOnly(text: string): Der {
  return sequence([set([sequence([oid('2.5.4.3'), utf8(text)])])]);
}

/** `maxCasBelow`: how many CAs may stand between this one and a leaf; undefined for a leaf. */
export function basicConstraints(maxCasBelow: number | undefined): Der {
  const parts =
    maxCasBelow === undefined
      ? []
      : [primitive(TAG.boolean, '\xff'), primitive(TAG.integer, Buffer.of(maxCasBelow))];
  return extension(EXTENSION.basicConstraints, true, sequence(parts));
}

/** RFC 5280 4.2.1.3: each use with its bit. */
const KEY_USE = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

export function keyUsage(uses: readonly (keyof typeof KEY_USE)[]): Der {
  const numbers: readonly number[] = uses.map((use) => KEY_USE[use]);
  const byte = numbers.reduce((sum, number) => sum | (0x80 >> number), 0);
  const unused = 7 - Math.max(...numbers);
  return extension(EXTENSION.keyUsage, true, primitive(TAG.bits, Buffer.of(unused, byte)));
}

/** A peer is a server to those who dial it and a client to those it dials. */
export function peerUsage(): Der {
  return extension(
    EXTENSION.extendedKeyUsage,
    false,
    sequence([oid(USAGE.server), oid(USAGE.client)]),
  );
}

export function subjectKeyId(id: Uint8Array): Der {
  return extension(EXTENSION.subjectKeyId, false, primitive(TAG.octets, id));
}

export function authorityKeyId(id: Uint8Array): Der {
  return extension(EXTENSION.authorityKeyId, false, sequence([context(0, id)]));
}

/** The addresses must be such that `addressBytes` reads them. */
export function altNames(dnsNames: readonly string[], ipAddresses: readonly string[]): Der {
  const names = [
    ...dnsNames.map((name) => context(NAME_KIND.dns, name)),
    ...ipAddresses.flatMap((address) => {
      const bytes = addressBytes(address);
      return bytes === undefined ? [] : [context(NAME_KIND.ip, bytes)];
    }),
  ];
  return extension(EXTENSION.subjectAltName, false, sequence(names));
}

/** RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits; a name for a key, not a protection. */
export function keyIdBytes(publicKey: KeyObject): Buffer {
  const bits = contentOf(partsOf(readDer(publicDer(publicKey)))[1]);
  return createHash('sha1')
    .update(Buffer.from(bits.slice(1), 'latin1'))
    .digest();
}

function extension(id: string, isCritical: boolean, value: Der): Der {
  const flag = isCritical ? [primitive(TAG.boolean, '\xff')] : [];
  return sequence([oid(id), ...flag, primitive(TAG.octets, derBytes(value))]);
}

/** A positive INTEGER that is minimal as it stands: the top bits are 01. */
function positive(serial: Buffer): Buffer {
  const bytes = Buffer.from(serial);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

interface Signature {
  readonly identifier: Der;
  /** Null: the algorithm has its own. */
  readonly digest: string | null;
}

const EC_SIGNATURES: Readonly<Record<string, readonly [oid: string, digest: string]>> = {
  secp384r1: ['1.2.840.10045.4.3.3', 'sha384'],
  secp521r1: ['1.2.840.10045.4.3.4', 'sha512'],
};

/** By the signer's key: SHA-384 goes with P-384; RSA has NULL parameters, the others have none. */
function signatureOf(signer: KeyObject): Signature {
  if (signer.asymmetricKeyType === 'ed25519') {
    return { identifier: sequence([oid('1.3.101.112')]), digest: null };
  }
  if (signer.asymmetricKeyType === 'rsa') {
    const identifier = sequence([oid('1.2.840.113549.1.1.11'), primitive(TAG.null, '')]);
    return { identifier, digest: 'sha256' };
  }
  const curve = signer.asymmetricKeyDetails?.namedCurve ?? '';
  const [id, digest] = EC_SIGNATURES[curve] ?? ['1.2.840.10045.4.3.2', 'sha256'];
  return { identifier: sequence([oid(id)]), digest };
}
