/** Turns certificates and what they are for into everything a person should know about them. */

import { isoTime } from '../base/time.ts';
import { type Certificate, type Leaf, namesHost, sanText } from './certificate.ts';

export type CertificateCheck =
  'chain' | 'dates' | 'names' | 'source' | 'usage' | 'key' | 'algorithm' | 'allowed-cn' | 'file';

export interface CertificateFinding {
  readonly check: CertificateCheck;
  /** `problem`: links or the start of a member fail; `unknown`: it could not be looked at. */
  readonly level: 'good' | 'warning' | 'problem' | 'unknown';
  /** Whom it concerns: a member, `the CA`, a file. */
  readonly about: string;
  readonly because: string;
}

const DAY_MS = 86_400_000;

/** Whoever renews by hand needs some weeks. */
const SOON_DAYS = 30;

/** Below this Go 1.24 and later refuse a key in TLS, and nobody should rest on it before. */
const FEWEST_RSA_BITS = 2048;

/** Is it valid now, and for how long? `endsMs`: the end of its chain, when that is sooner. */
export function dateFinding(
  about: string,
  certificate: Certificate,
  nowMs: number,
  endsMs = certificate.notAfterMs,
): CertificateFinding {
  const { notBeforeMs, notAfterMs } = certificate;
  const finding = (level: CertificateFinding['level'], because: string): CertificateFinding => ({
    check: 'dates',
    level,
    about,
    because,
  });
  const end = Math.min(notAfterMs, endsMs);
  const whose = endsMs < notAfterMs ? 'its CA' : 'it';
  if (nowMs < notBeforeMs) {
    return finding('problem', `it is not valid before ${dayOf(notBeforeMs)}; check the clocks`);
  }
  if (nowMs >= end) return finding('problem', `${whose} expired on ${dayOf(end)}`);
  const days = Math.floor((end - nowMs) / DAY_MS);
  const text = `${whose} ends on ${dayOf(end)}, in ${String(days)} days`;
  return finding(days < SOON_DAYS ? 'warning' : 'good', text);
}

/** A key too short to rest on; `RSA 1024`. */
export function keyKindFindings(
  about: string,
  certificate: Certificate,
): readonly CertificateFinding[] {
  const bits = Number(/^RSA (\d+)$/.exec(certificate.keyKind)?.[1] ?? FEWEST_RSA_BITS);
  if (bits >= FEWEST_RSA_BITS) return [];
  const because = `its key is ${certificate.keyKind}; RSA needs ${String(FEWEST_RSA_BITS)} bits`;
  return [{ check: 'algorithm', level: 'problem', about, because }];
}

/** MD5 and SHA-1 signatures: Go 1.18 and later refuse them. */
export function signatureFindings(about: string, signature: string): readonly CertificateFinding[] {
  if (!/^(?:MD\d|SHA-1)\b/.test(signature)) return [];
  const because = `it is signed with ${signature}, which Go 1.18 and later refuse`;
  return [{ check: 'algorithm', level: 'problem', about, because }];
}

/** A peer's leaf must serve both ends of a link. */
export function usageFinding(about: string, leaf: Certificate): CertificateFinding {
  const missing = [
    ...(leaf.serverAuth ? [] : ['serverAuth (others could not dial it)']),
    ...(leaf.clientAuth ? [] : ['clientAuth (others would refuse its dials)']),
  ];
  if (missing.length === 0) {
    return { check: 'usage', level: 'good', about, because: 'serverAuth and clientAuth' };
  }
  const because = `its extended key usage lacks ${missing.join(' and ')}`;
  return { check: 'usage', level: 'problem', about, because };
}

/** Does it name the host of each URL that others dial? */
export function nameFindings(
  about: string,
  leaf: Certificate,
  hosts: readonly string[],
): readonly CertificateFinding[] {
  return hosts.map((host) => {
    const has = namesHost(leaf, host);
    const because = has
      ? `names ${host}, the host of its peer URL`
      : `does not name ${host}, the host of its peer URL; it names ${sanText(leaf)}`;
    return { check: 'names', level: has ? 'good' : 'problem', about, because };
  });
}

/** Does it name the addresses that its own dials come from, as the other end sees them? */
export function sourceFindings(
  about: string,
  leaf: Certificate,
  sources: readonly string[],
): readonly CertificateFinding[] {
  return sources.map((source) => {
    const has = namesHost(leaf, source);
    const because = has
      ? `names ${source}, the address that its dials come from`
      : `does not name ${source}, the address that its dials come from: those are refused`;
    return { check: 'source', level: has ? 'good' : 'problem', about, because };
  });
}

/** Does a CA that the peers trust verify it? */
export function chainFinding(about: string, leaf: Leaf): CertificateFinding {
  const isTrusted = leaf.trustedBy.length > 0;
  const because = isTrusted
    ? `verified by "${leaf.issuer}"`
    : `no CA of the peers verifies it: ${leaf.distrust ?? `its issuer is "${leaf.issuer}"`}`;
  return { check: 'chain', level: isTrusted ? 'good' : 'problem', about, because };
}

/** Is it the key of the certificate? Both by the id of their public half. */
export function keyFinding(about: string, leaf: Certificate, keyId: string): CertificateFinding {
  const fits = leaf.keyId === keyId;
  const because = fits
    ? `${leaf.keyKind}, fits its certificate`
    : 'is not the key of its certificate';
  return { check: 'key', level: fits ? 'good' : 'problem', about, because };
}

/** `peer-cert-allowed-cn` of another member lets in one common name only. */
export function allowedCnFindings(
  about: string,
  leaf: Certificate,
  allowed: readonly { readonly by: string; readonly commonName: string }[],
): readonly CertificateFinding[] {
  return allowed.map(({ by, commonName }) => {
    const fits = leaf.commonName === commonName;
    const own = leaf.commonName ?? 'none';
    const because = fits
      ? `has the common name ${commonName} that ${by} asks for`
      : `${by} lets in only the common name ${commonName}, and this one has ${own}`;
    return { check: 'allowed-cn', level: fits ? 'good' : 'problem', about, because };
  });
}

/** `2027-03-04` in UTC. */
function dayOf(ms: number): string {
  return isoTime(ms).slice(0, 10);
}
