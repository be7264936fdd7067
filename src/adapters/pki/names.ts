/** Turns the names in a certificate (subject, issuer, SANs) into text, as strictly as Go does. */

import { isIP } from 'node:net';

import { type Result, err, ok } from '../../base/result.ts';
import { normalAddress } from '../../model/certificate.ts';
import {
  type Der,
  TAG,
  contentOf,
  isContext,
  isTag,
  oidOf,
  partsOf,
  readDer,
  tagNumber,
} from './der.ts';

export interface SubjectAltNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** Tag numbers of the kinds that are in the extension: 1 email, 2 DNS, 6 URI, 7 IP, ... */
  readonly kinds: readonly number[];
}

export const NAME_KIND = { email: 1, dns: 2, uri: 6, ip: 7 } as const;

const COMMON_NAME = '2.5.4.3';

/** Go's isPrintable (encoding/asn1, x509/parser.go) with its two concessions, `*` and `&`. */
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/;

/**
 * Letters that may stand in a DNS name here; anything else could forge a line of a message. An
 * empty name, which cfssl writes for `"hosts": [""]`, names nobody.
 */
const DNS_TEXT = /^[\x21-\x7e]*$/;

/**
 * The last common name of a distinguished name, as Go takes it. An error where Go refuses the whole
 * certificate although OpenSSL does not: `invalid RDNSequence: invalid attribute value`.
 */
export function commonNameOf(name: Der, role: string): Result<string | undefined, string> {
  let commonName: string | undefined;
  for (const attribute of partsOf(name).flatMap((set) => partsOf(set))) {
    const [type, value] = partsOf(attribute);
    const text = textOf(value);
    if (!text.ok) return err(`its ${role} has ${text.error}, which etcd refuses to load`);
    if (oidOf(type) === COMMON_NAME) commonName = text.value;
  }
  return ok(commonName);
}

function textOf(value: Der | undefined): Result<string, string> {
  const content = contentOf(value);
  if (isTag(value, TAG.printable)) {
    const isFine = PRINTABLE.test(content);
    return isFine ? ok(content) : err('a PrintableString with a character that is not printable');
  }
  // What is not UTF-8 here OpenSSL has already refused, as Go would.
  if (isTag(value, TAG.utf8)) return ok(Buffer.from(content, 'latin1').toString('utf8'));
  if (isTag(value, TAG.ia5) && /[^\0-\x7f]/.test(content)) {
    return err('an IA5String that is not ASCII');
  }
  return ok(content);
}

/** From the extension's value; RFC 5280 4.2.1.6. No extension, no names. Throws at broken DER. */
export function subjectAltNames(extension: string | undefined): Result<SubjectAltNames, string> {
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  const kinds: number[] = [];
  const parts = extension === undefined ? [] : partsOf(readDer(Buffer.from(extension, 'latin1')));
  for (const name of parts) {
    const content = contentOf(name);
    kinds.push(tagNumber(name));
    if (isContext(name, NAME_KIND.dns)) {
      if (!DNS_TEXT.test(content)) return err('a DNS name in its SANs is not plain ASCII text');
      dnsNames.push(content);
    }
    if (isContext(name, NAME_KIND.ip)) {
      const address = addressText(content);
      if (address === undefined) {
        return err(`an IP address in its SANs has ${String(content.length)} bytes`);
      }
      ipAddresses.push(address);
    }
  }
  return ok({ dnsNames, ipAddresses, kinds });
}

/** Four or sixteen bytes as an address in the model's normal form. */
export function addressText(content: string): string | undefined {
  const bytes = Buffer.from(content, 'latin1');
  if (bytes.length === 4) return [...bytes].map(String).join('.');
  if (bytes.length !== 16) return undefined;
  const isMapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  if (isMapped) return [...bytes.subarray(12)].map(String).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(index * 2).toString(16),
  );
  return normalAddress(groups.join(':'));
}

/** The four or sixteen bytes of an address; undefined when the text is none (a zone is none). */
export function addressBytes(text: string): Buffer | undefined {
  const mapped = normalAddress(text);
  if (isIP(mapped) === 4) return Buffer.from(mapped.split('.').map(Number));
  if (isIP(text) !== 6 || text.includes('%')) return undefined;
  const [head = '', tail] = dottedTailAsGroups(text).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const bytes = Buffer.alloc(16);
  [...left, ...zeros, ...right].forEach((group, index) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  });
  return bytes;
}

/** `64:ff9b::10.0.0.1` as `64:ff9b::a00:1`. */
function dottedTailAsGroups(text: string): string {
  return text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number);
    const group = (high = 0, low = 0): string => (high * 256 + low).toString(16);
    return `${group(a, b)}:${group(c, d)}`;
  });
}
