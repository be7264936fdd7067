/** Turns certificates, and what is to be said about them, into tables for people and data for programs. */

import { isoTime } from '../base/time.ts';
import type { Certificate } from '../model/certificate.ts';
import type { CertificateFinding } from '../model/certificate-findings.ts';
import type { InspectedCertificate, InspectedFile } from '../model/inspected-file.ts';
import { type Paint, PLAIN } from './paint.ts';
import { tableLines } from './table.ts';

export interface MadeFiles {
  readonly files: readonly string[];
  readonly certificate: Certificate;
  readonly issuerEndsMs: number | undefined;
}

/** What `certs issue` made, and what about it may surprise. */
export function madeText({ files, certificate, issuerEndsMs }: MadeFiles, paint: Paint): string {
  const { subject, keyKind, notAfterMs, dnsNames } = certificate;
  const rows = [
    ['wrote', files.join(', ')],
    ['subject', subject],
    ['key', keyKind],
    ['valid to', dayAndTime(notAfterMs)],
    ['names', certificate.isCa ? 'a CA' : namesText(certificate)],
  ];
  const outlives = issuerEndsMs !== undefined && notAfterMs > issuerEndsMs;
  const warnings = [
    ...(outlives ? [`it outlives its CA, which ends on ${dayAndTime(issuerEndsMs)}`] : []),
    ...(dnsNames.includes('') ? ['one of its DNS names is empty; some readers refuse that'] : []),
  ];
  return [
    ...tableLines(rows),
    ...warnings.map((text) => `${paint.yellow('warning')}  ${text}`),
  ].join('\n');
}

export type InspectedResult =
  | { readonly file: string; readonly refused: string }
  | {
      readonly file: string;
      readonly found: InspectedFile;
      readonly findings: readonly CertificateFinding[];
    };

/** One block for each file, refused ones in one line. */
export function inspectText(results: readonly InspectedResult[], paint: Paint): string {
  return results
    .map((result) =>
      'refused' in result
        ? `${paint.red('refused')}  ${result.file}: ${result.refused}`
        : fileText(result, paint),
    )
    .join('\n');
}

function fileText(
  { file, found, findings }: Extract<InspectedResult, { found: InspectedFile }>,
  paint: Paint,
): string {
  const lines = [
    paint.bold(`${file} (${found.encoding})`),
    ...found.certificates.flatMap((certificate, index) => certificateLines(certificate, index)),
    ...found.keys.map(({ keyKind, keyId }) => `  private key  ${keyKind}, key ${shortId(keyId)}`),
    ...found.requests.map(
      ({ commonName, keyKind, keyId, dnsNames, ipAddresses }) =>
        `  request      ${commonName ?? 'without a name'}, ${keyKind}, key ${shortId(keyId)}, for ${
          [...ipAddresses, ...dnsNames].join(', ') || 'no host'
        }`,
    ),
    ...findingLines(
      findings.filter(({ level }) => level !== 'good'),
      paint,
    ),
  ];
  return lines.join('\n');
}

function certificateLines(certificate: InspectedCertificate, index: number): readonly string[] {
  const uses = [
    ...(certificate.isCa ? ['CA'] : []),
    ...(certificate.serverAuth ? ['server'] : []),
    ...(certificate.clientAuth ? ['client'] : []),
  ];
  const rows = [
    [`certificate ${String(index + 1)}`, certificate.subject],
    ['issuer', certificate.isSelfIssued ? 'itself' : certificate.issuer],
    ['valid', `${dayAndTime(certificate.notBeforeMs)} to ${dayAndTime(certificate.notAfterMs)}`],
    ['names', namesText(certificate)],
    ['use', uses.join(', ') || 'none'],
    ['key', `${certificate.keyKind}, key ${shortId(certificate.keyId)}`],
    ['signed', certificate.signature],
    ['sha256', certificate.fingerprint],
  ];
  return tableLines(rows, '  ');
}

/** Enough to see at a glance that a key and a certificate belong together. */
function shortId(keyId: string): string {
  return keyId.slice(0, 12);
}

export interface VerifiedPlan {
  readonly findings: readonly CertificateFinding[];
  readonly soonest: { readonly about: string; readonly endsMs: number } | undefined;
  readonly nowMs: number;
}

/** Nothing stands against the certificates; warnings do not count. */
export function isVerified({ findings }: VerifiedPlan): boolean {
  return findings.every(({ level }) => level === 'good' || level === 'warning');
}

export function verifiedText(verified: VerifiedPlan, paint: Paint = PLAIN): string {
  const { findings, soonest, nowMs } = verified;
  const days = soonest === undefined ? 0 : Math.floor((soonest.endsMs - nowMs) / DAY_MS);
  const last =
    soonest === undefined
      ? []
      : [`first to end: ${soonest.about}, ${dayAndTime(soonest.endsMs)} (in ${String(days)} days)`];
  const count = (level: CertificateFinding['level']): string =>
    String(findings.filter((finding) => finding.level === level).length);
  const sum = `${count('good')} good, ${count('warning')} warnings, ${count('problem')} problems, ${count('unknown')} unknown`;
  return [...findingLines(findings, paint), ...last, sum].join('\n');
}

const DAY_MS = 86_400_000;

function findingLines(findings: readonly CertificateFinding[], paint: Paint): readonly string[] {
  const color = {
    good: paint.green,
    warning: paint.yellow,
    problem: paint.red,
    unknown: paint.yellow,
  };
  return tableLines(
    findings.map(({ level, about, check, because }) => [
      color[level](level === 'good' ? 'ok' : level),
      about,
      check,
      because,
    ]),
    '  ',
  );
}

/** `2027-03-04 05:06 UTC` */
function dayAndTime(ms: number): string {
  return `${isoTime(ms).slice(0, 16).replace('T', ' ')} UTC`;
}

/** An empty name is shown as one. */
function namesText({ ipAddresses, dnsNames }: Certificate): string {
  const names = [...ipAddresses, ...dnsNames].map((name) => (name === '' ? '""' : name));
  return names.length === 0 ? 'none' : names.join(', ');
}
