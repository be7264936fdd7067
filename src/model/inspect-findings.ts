/** Turns what a file holds into what etcd would stumble over in it. */

import {
  type CertificateFinding,
  dateFinding,
  keyKindFindings,
  signatureFindings,
} from './certificate-findings.ts';
import type { InspectedCertificate, InspectedFile } from './inspected-file.ts';

export function inspectFindings(
  about: string,
  found: InspectedFile,
  nowMs: number,
): readonly CertificateFinding[] {
  return [
    ...encodingFindings(about, found),
    ...found.certificates.flatMap((certificate) => certificateFindings(about, certificate, nowMs)),
    ...orderFindings(about, found),
    ...keyFindings(about, found),
  ];
}

function encodingFindings(
  about: string,
  { encoding }: InspectedFile,
): readonly CertificateFinding[] {
  if (encoding === 'PEM') return [];
  const because = `it is ${encoding}, and etcd reads only PEM`;
  return [{ check: 'file', level: 'problem', about, because }];
}

function certificateFindings(
  about: string,
  certificate: InspectedCertificate,
  nowMs: number,
): readonly CertificateFinding[] {
  const { dnsNames, ipAddresses, isCa, serverAuth, isSelfIssued, signature } = certificate;
  const hasNoName = !isCa && serverAuth && dnsNames.length + ipAddresses.length === 0;
  const warn = (check: CertificateFinding['check'], because: string): CertificateFinding => ({
    check,
    level: 'warning',
    about,
    because,
  });
  return [
    dateFinding(about, certificate, nowMs),
    ...keyKindFindings(about, certificate),
    // Nobody checks what a root says of itself.
    ...(isSelfIssued && isCa ? [] : signatureFindings(about, signature)),
    ...(hasNoName ? [warn('names', 'it has no SAN: nobody can dial a server that shows it')] : []),
    ...(dnsNames.includes('') ? [warn('names', 'one of its DNS names is empty')] : []),
  ];
}

/** etcd takes the first certificate of a file for its leaf, and sends the rest in the file's order. */
function orderFindings(
  about: string,
  { certificates }: InspectedFile,
): readonly CertificateFinding[] {
  const [first] = certificates;
  const leaf = certificates.find(({ isCa }) => !isCa);
  if (first === undefined || leaf === undefined || !first.isCa) return [];
  const because = `its first certificate is a CA; etcd would take "${first.subject}" for its leaf`;
  return [{ check: 'chain', level: 'problem', about, because }];
}

function keyFindings(
  about: string,
  { certificates, keys }: InspectedFile,
): readonly CertificateFinding[] {
  const [first] = certificates;
  const [key] = keys;
  if (first === undefined || key === undefined || first.keyId === key.keyId) return [];
  const because = 'its private key is not that of its first certificate';
  return [{ check: 'key', level: 'problem', about, because }];
}
