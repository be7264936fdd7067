/** Turns a wish for a certificate into the reason why no certificate can say that, and into words. */

import {
  type CertificateWish,
  SUBJECT_PARTS,
  type SubjectPart,
} from '../../model/certificate-wish.ts';
import { addressBytes } from './names.ts';
import { daysProblem, hostNameProblem, nameTextProblem, printable } from './request.ts';
import { subtreeOf } from './subject.ts';

const DAY_MS = 86_400_000;

/** cfssl's own bounds (csr.BasicKeyRequest.Generate); below them no etcd should be asked to load it. */
const RSA_BITS = { fewest: 2048, most: 8192 } as const;

/** RFC 5280, appendix A.1: upper bounds of the parts that have one. */
const MOST_CHARACTERS: Readonly<Partial<Record<SubjectPart, number>>> = {
  C: 2,
  ST: 128,
  L: 128,
  O: 64,
  OU: 64,
};

export function wishProblem(wish: CertificateWish): string | undefined {
  return subjectProblem(wish) ?? namesProblem(wish) ?? usesProblem(wish) ?? keyAndDaysProblem(wish);
}

/** `certificate "m1"`, `CA "Etcd"`: what it is for people. */
export function wishText({ subject, authority }: CertificateWish): string {
  const [name = ''] = [...(subject.CN ?? []), ...(subject.O ?? [])];
  return `${authority === undefined ? 'certificate' : 'CA'} "${printable(name)}"`;
}

function subjectProblem({ subject }: CertificateWish): string | undefined {
  const values = SUBJECT_PARTS.flatMap((part) =>
    (subject[part] ?? []).map((value) => [part, value] as const),
  );
  if (values.length === 0) return 'its subject is empty';
  for (const [part, value] of values) {
    const problem = nameTextProblem(value, MOST_CHARACTERS[part]);
    if (problem !== undefined) return `its ${part} ${problem}`;
  }
  return undefined;
}

function namesProblem({ names, isLikeCfssl }: CertificateWish): string | undefined {
  const { dnsNames, ipAddresses, emailAddresses } = names;
  // An empty name is what cfssl makes of "hosts": [""]; people have such files.
  const dns = dnsNames.filter((name) => !(isLikeCfssl && name === '')).map(hostNameProblem);
  const problem = dns.find((each) => each !== undefined);
  if (problem !== undefined) return problem;
  const address = ipAddresses.find((one) => addressBytes(one) === undefined);
  if (address !== undefined) return `the SAN "${printable(address)}" is not an IP address`;
  const mail = emailAddresses.find((one) => !/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(one));
  return mail === undefined ? undefined : `the SAN "${printable(mail)}" is not a mail address`;
}

function usesProblem(wish: CertificateWish): string | undefined {
  if (wish.keyUses.length + wish.extendedUses.length === 0) {
    return 'it would have no key usage at all';
  }
  if (wish.authority === undefined) {
    return wish.constraints === undefined ? undefined : 'only a CA can have name constraints';
  }
  const { maxCasBelow } = wish.authority;
  if (maxCasBelow !== undefined && !(Number.isInteger(maxCasBelow) && maxCasBelow >= 0)) {
    return `its path length ${String(maxCasBelow)} is not a whole number from 0`;
  }
  // One byte holds what anybody ever needed.
  if ((maxCasBelow ?? 0) > 127) return `its path length ${String(maxCasBelow)} is over 127`;
  const bases = [...(wish.constraints?.permitted ?? []), ...(wish.constraints?.excluded ?? [])];
  if (wish.constraints !== undefined && bases.length === 0) return 'its name constraints are empty';
  const base = bases.find((one) => subtreeOf(one) === undefined);
  if (base === undefined) return undefined;
  return `the name constraint "${printable(base)}" is neither a DNS name nor a network like 10.0.0.0/24`;
}

function keyAndDaysProblem({ key, lastsMs }: CertificateWish): string | undefined {
  if (key.kind === 'rsa' && (key.bits < RSA_BITS.fewest || key.bits > RSA_BITS.most)) {
    const bounds = `${String(RSA_BITS.fewest)} to ${String(RSA_BITS.most)}`;
    return `its RSA key would have ${String(key.bits)} bits, not ${bounds}`;
  }
  if (!(lastsMs >= 60_000)) return 'it would be valid for less than a minute';
  return daysProblem(Math.ceil(lastsMs / DAY_MS));
}
