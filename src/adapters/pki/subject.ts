/** Turns the parts of a subject and the names of a constraint into DER, as Go's encoder does. */

import { isIP } from 'node:net';

import { SUBJECT_PARTS, type SubjectPart, type SubjectWish } from '../../model/certificate-wish.ts';
import { type Der, TAG, context, derBytes, oid, primitive, sequence, set, utf8 } from './der.ts';
import { NAME_KIND, addressBytes } from './names.ts';

const PART_IDS: Readonly<Record<SubjectPart, string>> = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
};

/** What Go writes as PrintableString (encoding/asn1 isPrintable); anything else is UTF8String. */
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

/** One SET for each part that has values, in the order of SUBJECT_PARTS. */
export function subjectName(subject: SubjectWish): Der {
  const sets = SUBJECT_PARTS.flatMap((part) => {
    const values = subject[part] ?? [];
    if (values.length === 0) return [];
    const attributes = values.map((value) => sequence([oid(PART_IDS[part]), text(value)]));
    // DER: the elements of a SET stand in the order of their bytes.
    return [set(attributes.sort((a, b) => Buffer.compare(derBytes(a), derBytes(b))))];
  });
  return sequence(sets);
}

function text(value: string): Der {
  return PRINTABLE.test(value) ? primitive(TAG.printable, value) : utf8(value);
}

/** A DNS name, `.example` for what is below it, or a network `10.0.0.0/24`; undefined for neither. */
export function subtreeOf(wanted: string): Der | undefined {
  const [address = '', length] = wanted.split('/');
  if (length === undefined) {
    const isName = isIP(wanted) === 0 && /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(wanted);
    return isName ? context(NAME_KIND.dns, wanted) : undefined;
  }
  const bytes = addressBytes(address);
  const ones = /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (bytes === undefined || ones < 0 || ones > bytes.length * 8) return undefined;
  const mask = Buffer.from(
    bytes.map((_, at) => 0xff & ~(0xff >> Math.min(8, Math.max(0, ones - at * 8)))),
  );
  const base = Buffer.from(bytes.map((byte, at) => byte & (mask[at] ?? 0)));
  return context(NAME_KIND.ip, Buffer.concat([base, mask]));
}
