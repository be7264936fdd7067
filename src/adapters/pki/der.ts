/** Turns DER bytes into a tree and back; the only file that knows node-forge. */

import forge from 'node-forge';

const { asn1 } = forge;

/** One ASN.1 value; its text, where it has one, is a string of bytes. */
export type Der = forge.asn1.Asn1;

export const TAG = {
  boolean: asn1.Type.BOOLEAN,
  integer: asn1.Type.INTEGER,
  bits: asn1.Type.BITSTRING,
  octets: asn1.Type.OCTETSTRING,
  null: asn1.Type.NULL,
  oid: asn1.Type.OID,
  utf8: asn1.Type.UTF8,
  sequence: asn1.Type.SEQUENCE,
  set: asn1.Type.SET,
  printable: asn1.Type.PRINTABLESTRING,
  ia5: asn1.Type.IA5STRING,
  utcTime: asn1.Type.UTCTIME,
  generalTime: asn1.Type.GENERALIZEDTIME,
  bmp: asn1.Type.BMPSTRING,
} as const;

/** Throws when the bytes are not one whole DER value. */
export function readDer(bytes: Uint8Array): Der {
  const options = { strict: true, decodeBitStrings: false };
  // The types know a boolean here only; the option keeps a bit string as bytes, never as a guess.
  return asn1.fromDer(binary(bytes), options as unknown as boolean);
}

export function derBytes(value: Der): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

/** The values inside a SEQUENCE, SET or constructed tag; none of anything else. */
export function partsOf(value: Der | undefined): readonly Der[] {
  return value !== undefined && Array.isArray(value.value) ? value.value : [];
}

/** The content bytes of a primitive value, as a string of bytes; empty of anything else. */
export function contentOf(value: Der | undefined): string {
  return typeof value?.value === 'string' ? value.value : '';
}

export function oidOf(value: Der | undefined): string {
  const content = contentOf(value);
  return content === '' ? '' : asn1.derToOid(content);
}

/** The number of a tag of any class; forge names them all as if they were universal. */
export function tagNumber(value: Der): number {
  return value.type;
}

/** A context-specific tag ([0], [1], ...) has this number. */
export function isContext(value: Der, number: number): boolean {
  return value.tagClass === asn1.Class.CONTEXT_SPECIFIC && tagNumber(value) === number;
}

/** A universal tag has this number. */
export function isTag(value: Der | undefined, tag: number): boolean {
  return value?.tagClass === asn1.Class.UNIVERSAL && tagNumber(value) === tag;
}

export function sequence(parts: readonly Der[]): Der {
  return asn1.create(asn1.Class.UNIVERSAL, TAG.sequence, true, [...parts]);
}

export function set(parts: readonly Der[]): Der {
  return asn1.create(asn1.Class.UNIVERSAL, TAG.set, true, [...parts]);
}

/** A universal primitive value from its content bytes. */
export function primitive(tag: (typeof TAG)[keyof typeof TAG], content: string | Uint8Array): Der {
  return asn1.create(asn1.Class.UNIVERSAL, tag, false, binary(content));
}

export function oid(dotted: string): Der {
  return primitive(TAG.oid, asn1.oidToDer(dotted).getBytes());
}

export function utf8(text: string): Der {
  return primitive(TAG.utf8, Buffer.from(text, 'utf8'));
}

/** `[number]` around content bytes, or around whole values. */
export function context(number: number, content: string | Uint8Array | readonly Der[]): Der {
  const isWhole = typeof content !== 'string' && !(content instanceof Uint8Array);
  const value = isWhole ? [...content] : binary(content);
  const type: unknown = number; // forge's types have names for the universal tags only
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, type as forge.asn1.Type, isWhole, value);
}

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
export function time(ms: number): Der {
  const date = new Date(ms);
  return date.getUTCFullYear() < 2050
    ? primitive(TAG.utcTime, asn1.dateToUtcTime(date))
    : primitive(TAG.generalTime, asn1.dateToGeneralizedTime(date));
}

export function pemOf(label: string, value: Der): string {
  const body = asn1.toDer(value).getBytes();
  return forge.pem.encode({ type: label, body }, { maxline: 64 }).replaceAll('\r', '');
}

/** The key of a PKCS#12 file's MAC over SHA-256 (RFC 7292 appendix B): 32 bytes. */
export function pkcs12MacKey(password: string, salt: Buffer, iterations: number): Buffer {
  const buffer = forge.util.createBuffer(binary(salt));
  const digest = forge.md.sha256.create();
  // 3: the derivation's name for a MAC key.
  const key = forge.pkcs12.generateKey(password, buffer, 3, iterations, 32, digest);
  return Buffer.from(key.getBytes(), 'latin1');
}

function binary(content: string | Uint8Array): string {
  return typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
}
