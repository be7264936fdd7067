/** Turns the parts of a certificate into signed PEM: forge lays out bytes, node:crypto signs. */

import { type KeyObject, createHash, sign } from 'node:crypto';

import {
  EXTENDED_USES,
  type ExtendedUse,
  type HostNames,
  KEY_USES,
  type KeyUse,
} from '../../model/certificate-wish.ts';
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
import { EXTENSION } from './inspect.ts';
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
  /** SHA-384 and SHA-512 with long RSA keys, as cfssl signs. */
  readonly isLikeCfssl?: boolean;
}

/** RFC 5280 4.1. */
export function certificatePem(parts: CertificateParts): string {
  const algorithm = signatureOf(parts.signer, parts.isLikeCfssl === true);
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
  return pemOf('CERTIFICATE', signed(body, parts.signer, algorithm));
}

/** The body with its signature behind it: the form of certificates and of requests. */
export function signed(body: Der, signer: KeyObject, algorithm = signatureOf(signer, true)): Der {
  const signature = sign(algorithm.digest, derBytes(body), signer);
  const bits = primitive(TAG.bits, Buffer.concat([Buffer.of(0), signature]));
  return sequence([body, algorithm.identifier, bits]);
}

/** A name of one common name, as UTF8String: as PrintableString Go refuses `_`, `@` and `é`. */
export function commonNameOnly(text: string): Der {
  return sequence([set([sequence([oid('2.5.4.3'), utf8(text)])])]);
}

/** Undefined for a leaf; `maxCasBelow`: how many CAs may stand between this one and a leaf. */
export function basicConstraints(
  authority: { readonly maxCasBelow: number | undefined } | undefined,
): Der {
  const parts = authority === undefined ? [] : [primitive(TAG.boolean, '\xff')];
  const limit =
    authority?.maxCasBelow === undefined
      ? []
      : [primitive(TAG.integer, Buffer.of(authority.maxCasBelow))];
  return extension(EXTENSION.basicConstraints, true, sequence([...parts, ...limit]));
}

/** RFC 5280 4.2.1.3: each use is the bit of its place in KEY_USES. */
export function keyUsage(uses: readonly KeyUse[]): Der {
  const numbers = uses.map((use) => KEY_USES.indexOf(use));
  const last = Math.max(...numbers);
  const bytes = Buffer.alloc(1 + (last >> 3));
  for (const number of numbers) {
    const at = number >> 3;
    bytes[at] = (bytes[at] ?? 0) | (0x80 >> (number & 7));
  }
  const bits = Buffer.concat([Buffer.of(7 - (last & 7)), bytes]);
  return extension(EXTENSION.keyUsage, true, primitive(TAG.bits, bits));
}

/** A peer is a server to those who dial it and a client to those it dials: it needs both. */
export function extendedUsage(uses: readonly ExtendedUse[]): Der {
  const ids = uses.map((use) => oid(EXTENDED_USES[use]));
  return extension(EXTENSION.extendedKeyUsage, false, sequence(ids));
}

export function subjectKeyId(id: Uint8Array): Der {
  return extension(EXTENSION.subjectKeyId, false, primitive(TAG.octets, id));
}

export function authorityKeyId(id: Uint8Array): Der {
  return extension(EXTENSION.authorityKeyId, false, sequence([context(0, id)]));
}

/** The addresses must be such that `addressBytes` reads them. */
export function altNames({ dnsNames, ipAddresses, emailAddresses }: HostNames): Der {
  const names = [
    ...dnsNames.map((name) => context(NAME_KIND.dns, name)),
    ...emailAddresses.map((address) => context(NAME_KIND.email, address)),
    ...ipAddresses.flatMap((address) => {
      const bytes = addressBytes(address);
      return bytes === undefined ? [] : [context(NAME_KIND.ip, bytes)];
    }),
  ];
  return extension(EXTENSION.subjectAltName, false, sequence(names));
}

/** Bases as `subtreeOf` makes them: critical, as RFC 5280 asks. */
export function nameConstraints(permitted: readonly Der[], excluded: readonly Der[]): Der {
  const subtrees = (number: number, bases: readonly Der[]): readonly Der[] =>
    bases.length === 0
      ? []
      : [
          context(
            number,
            bases.map((base) => sequence([base])),
          ),
        ];
  const parts = [...subtrees(0, permitted), ...subtrees(1, excluded)];
  return extension(EXTENSION.nameConstraints, true, sequence(parts));
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

/** RSA keys of these sizes and over, in cfssl (signer.DefaultSigAlgo). */
const RSA_SIGNATURES: readonly (readonly [bits: number, oid: string, digest: string])[] = [
  [4096, '1.2.840.113549.1.1.13', 'sha512'],
  [3072, '1.2.840.113549.1.1.12', 'sha384'],
];

/** By the signer's key: SHA-384 goes with P-384; RSA has NULL parameters, the others have none. */
function signatureOf(signer: KeyObject, isLikeCfssl: boolean): Signature {
  if (signer.asymmetricKeyType === 'ed25519') {
    return { identifier: sequence([oid('1.3.101.112')]), digest: null };
  }
  if (signer.asymmetricKeyType === 'rsa') {
    const size = signer.asymmetricKeyDetails?.modulusLength ?? 0;
    const [, id, digest] = RSA_SIGNATURES.find(([bits]) => isLikeCfssl && size >= bits) ?? [
      2048,
      '1.2.840.113549.1.1.11',
      'sha256',
    ];
    return { identifier: sequence([oid(id), primitive(TAG.null, '')]), digest };
  }
  const curve = signer.asymmetricKeyDetails?.namedCurve ?? '';
  const [id, digest] = EC_SIGNATURES[curve] ?? ['1.2.840.10045.4.3.2', 'sha256'];
  return { identifier: sequence([oid(id)]), digest };
}
