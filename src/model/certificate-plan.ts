/** Turns what was seen of a cluster, and what is to be installed, into a judgement of every certificate of a plan. */

import type { Certificate, FileFact, Leaf } from './certificate.ts';
import {
  type CertificateFinding,
  allowedCnFindings,
  chainFinding,
  dateFinding,
  keyFinding,
  keyKindFindings,
  nameFindings,
  sourceFindings,
  usageFinding,
} from './certificate-findings.ts';
import type { DesiredSpec } from './desired.ts';
import type { LeafMaterial, Material } from './material.ts';
import { type ObservedMember, type ObservedState, valueOf } from './observed.ts';
import { peerSettings } from './settings.ts';
import { urlParts } from './url.ts';

export interface CertificatePlan {
  readonly desired: DesiredSpec;
  readonly observed: ObservedState;
  readonly material: Material;
  readonly nowMs: number;
}

/** The CA, each member's leaf, and each TLS file on the hosts; good answers too. */
export function planFindings(plan: CertificatePlan): readonly CertificateFinding[] {
  const leaves = Object.values(plan.material.leaves);
  return [
    ...plan.material.authorities.flatMap((authority) => authorityFindings(plan, authority)),
    ...leaves.flatMap((leaf) => leafFindings(plan, leaf)),
    ...plan.observed.members.flatMap((member) => hostFindings(plan, member)),
    ...sharedFindings(plan),
  ];
}

/** The first certificate of the plan, or on its hosts, that ends; undefined when there is none. */
export function soonestExpiry({
  material,
  observed,
}: CertificatePlan): { readonly about: string; readonly endsMs: number } | undefined {
  const planned = Object.values(material.leaves).map(({ member, leaf }) => ({
    about: `the leaf of ${member}`,
    endsMs: endOf(leaf, material.authorities),
  }));
  const authorities = material.authorities.map((authority) => ({
    about: `CA "${authority.commonName ?? authority.subject}"`,
    endsMs: authority.notAfterMs,
  }));
  const installed = observed.members.flatMap(({ name, files }) =>
    files.flatMap(({ path, content }) =>
      content.kind === 'leaf'
        ? [{ about: `${path} of ${name}`, endsMs: endOf(content.leaf, observed.authorities) }]
        : [],
    ),
  );
  return [...planned, ...authorities, ...installed].sort((a, b) => a.endsMs - b.endsMs)[0];
}

function authorityFindings(
  { nowMs, material }: CertificatePlan,
  authority: Certificate,
): readonly CertificateFinding[] {
  const about = `CA "${authority.commonName ?? authority.subject}"`;
  if (material.mustMakeAuthority) {
    const because = `is made by the run, for ${String(material.authorityDays)} days`;
    return [{ check: 'chain', level: 'good', about, because }];
  }
  return [dateFinding(about, authority, nowMs), ...keyKindFindings(about, authority)];
}

function leafFindings(plan: CertificatePlan, one: LeafMaterial): readonly CertificateFinding[] {
  const { member: about, leaf } = one;
  const names = nameFindings(about, leaf, urlHosts(plan, about));
  const sources = sourceJudgements(plan, one);
  const allowed = allowedCnFindings(about, leaf, commonNamesAskedFor(plan, about));
  if (one.mustIssue) {
    const because = `is issued by the run as ${one.certPath}`;
    return [{ check: 'chain', level: 'good', about, because }, ...names, ...sources, ...allowed];
  }
  return [
    chainFinding(about, leaf),
    dateFinding(about, leaf, plan.nowMs, endOf(leaf, plan.material.authorities)),
    usageFinding(about, leaf),
    ...names,
    ...sources,
    keyFinding(about, leaf, one.keyId),
    ...keyKindFindings(about, leaf),
    ...allowed,
  ];
}

function urlHosts({ desired, observed }: CertificatePlan, member: string): readonly string[] {
  const wanted = desired.members.find(({ name }) => name === member)?.peerUrl;
  const seen = observed.members.find(({ name }) => name === member)?.peerUrls ?? [];
  const urls = wanted === undefined ? seen : [wanted];
  return [...new Set(urls.map((url) => urlParts(url).host))];
}

/** Two members on one address see each other from loopback; each such address counts. */
function sourceJudgements(plan: CertificatePlan, one: LeafMaterial): readonly CertificateFinding[] {
  const observed = plan.observed.members.find(({ name }) => name === one.member);
  const facts = Object.entries(observed?.sourceAddresses ?? {});
  const seen = facts.flatMap(([, fact]) => (fact.known ? fact.value : []));
  const wanted = plan.desired.members.find(({ name }) => name === one.member)?.sourceAddresses;
  const addresses = [...new Set([...seen, ...(wanted ?? [])])];
  const gaps = facts.flatMap(([peer, fact]): readonly CertificateFinding[] => {
    if (fact.known || (wanted ?? []).length > 0) return [];
    const because = `from which address it dials ${peer} is not known: ${fact.reason}`;
    return [{ check: 'source', level: 'unknown', about: one.member, because }];
  });
  return [...sourceFindings(one.member, one.leaf, addresses), ...gaps];
}

/** Of every other member that asks for one, by its running process or by its next start. */
function commonNamesAskedFor(
  { observed }: CertificatePlan,
  member: string,
): readonly { readonly by: string; readonly commonName: string }[] {
  return observed.members.flatMap((other) => {
    if (other.name === member) return [];
    const settings = valueOf(other.disk) ?? valueOf(other.running);
    const asked = settings === undefined ? undefined : peerSettings(settings).allowedCn;
    return asked === undefined ? [] : [{ by: other.name, commonName: asked }];
  });
}

/** The files that a member's settings name: readable for its user, whole, and in date. */
function hostFindings(
  { nowMs, observed }: CertificatePlan,
  member: ObservedMember,
): readonly CertificateFinding[] {
  if (!member.disk.known && member.files.length === 0) {
    const because = `which ones there are is not known: ${member.disk.reason}`;
    return [{ check: 'file', level: 'unknown', about: `the TLS files of ${member.name}`, because }];
  }
  return member.files.flatMap((file): readonly CertificateFinding[] => {
    const about = `${file.path} of ${member.name}`;
    const { content } = file;
    const open = openKey(about, file);
    if (content.kind === 'unusable') {
      return [{ check: 'file', level: 'problem', about, because: content.reason }];
    }
    if (content.kind === 'leaf') {
      return [dateFinding(about, content.leaf, nowMs, endOf(content.leaf, observed.authorities))];
    }
    if (content.kind === 'pool') {
      return content.authorities.map((authority) => dateFinding(about, authority, nowMs));
    }
    return open;
  });
}

const GROUP_AND_OTHERS = 0o077;

function openKey(about: string, { content, mode }: FileFact): readonly CertificateFinding[] {
  if (content.kind !== 'key' || mode === undefined) return [];
  const text = mode.toString(8).padStart(4, '0');
  if ((mode & GROUP_AND_OTHERS) === 0) {
    return [{ check: 'file', level: 'good', about, because: `mode ${text}, its owner only` }];
  }
  const because = `its mode is ${text}: others than its owner may read the private key`;
  return [{ check: 'file', level: 'warning', about, because }];
}

/** What one leaf for all costs. */
function sharedFindings({ desired }: CertificatePlan): readonly CertificateFinding[] {
  if (!desired.pki.isShared) return [];
  return [{ check: 'key', level: 'warning', about: 'the shared leaf', because: SHARED_COSTS }];
}

export const SHARED_COSTS =
  'one key for all members: whoever takes it from one host can be any member, and renewing it concerns all of them';

/** A chain ends with whichever of its certificates ends first. */
function endOf(leaf: Leaf, authorities: readonly Certificate[]): number {
  const ends = authorities
    .filter(({ fingerprint }) => leaf.trustedBy.includes(fingerprint))
    .map(({ notAfterMs }) => notAfterMs);
  const anchor = ends.length === 0 ? leaf.notAfterMs : Math.max(...ends);
  return Math.min(leaf.notAfterMs, leaf.chainEndsMs ?? leaf.notAfterMs, anchor);
}
