/** Turns the leaves that will be used into what etcd on either end would hold against them. */

import { isoTime } from '../../base/time.ts';
import { namesHost, normalAddress, sanText } from '../certificate.ts';
import { type CheckItem, type Objection, itemsOf, objection } from '../check.ts';
import type { DesiredMember, DesiredSpec } from '../desired.ts';
import type { ClockSeen, HostProbe } from '../host-probe.ts';
import type { LeafMaterial, Material } from '../material.ts';
import type { ObservedMember, ObservedState } from '../observed.ts';
import { peerSettings } from '../settings.ts';
import { urlParts } from '../url.ts';

export interface CertificatesJudged {
  readonly desired: DesiredSpec;
  readonly state: ObservedState;
  readonly material: Material;
  readonly probes: readonly HostProbe[];
}

interface Judged {
  readonly input: CertificatesJudged;
  readonly member: DesiredMember;
  readonly seen: ObservedMember;
  readonly leaf: LeafMaterial;
}

type Judge = (judged: Judged) => readonly Objection[];

const DAY_MS = 86_400_000;
/** A leaf that ends sooner is renewed first: the next change would come within the month. */
const SOON_MS = 30 * DAY_MS;

export function certificateItems(input: CertificatesJudged): readonly CheckItem[] {
  const judged = input.desired.members.flatMap((member): readonly Judged[] => {
    const seen = input.state.members.find(({ name }) => name === member.name);
    const leaf = input.material.leaves[member.name];
    return seen === undefined || leaf === undefined ? [] : [{ input, member, seen, leaf }];
  });
  const each = (judge: Judge): ReadonlyMap<string, readonly Objection[]> =>
    new Map(judged.map((one) => [one.member.name, judge(one)]));
  const planned = judged.filter(({ leaf }) => leaf.mustIssue).length;
  const made =
    planned === 0 ? '' : ` (${String(planned)} of ${String(judged.length)} still to be issued)`;
  return [
    ...itemsOf('files', each(noObjection), `leaf, key and CA can be used${made}`),
    ...itemsOf('keys', each(keyObjections), 'each key belongs to its leaf'),
    ...itemsOf('chain', each(chainObjections), 'the CA verifies each leaf'),
    ...itemsOf(
      'key-usage',
      each(usageObjections),
      'each leaf may serve and dial (serverAuth, clientAuth)',
    ),
    ...itemsOf('names', each(nameObjections), "each leaf names its peer URLs' hosts"),
    ...itemsOf(
      'sources',
      each(sourceObjections),
      'each leaf names the addresses that its dials come from',
    ),
    ...itemsOf('dates', each(dateObjections), datesText(judged)),
    ...itemsOf(
      'readable',
      each(readObjections),
      'the user that etcd runs as can read them where they are or will be',
    ),
  ];
}

const noObjection: Judge = () => [];

const keyObjections: Judge = ({ leaf }) => {
  if (leaf.keyId === leaf.leaf.keyId) return [];
  const because = `${leaf.keyPath} is not the key of ${leaf.certPath}`;
  return [objection('fail', because, 'put the right pair there')];
};

const chainObjections: Judge = ({ leaf, input }) => {
  const ids = input.material.authorities.map(({ fingerprint }) => fingerprint);
  if (leaf.leaf.trustedBy.some((id) => ids.includes(id))) return [];
  const because = `${leaf.certPath} was issued by ${leaf.leaf.issuer}, and ${input.material.authorityPath} does not verify it`;
  const remedy =
    'put the CA of the leaf into the CA file, or issue the leaf by the CA that is there';
  return [objection('fail', because, remedy)];
};

const usageObjections: Judge = ({ leaf: { leaf, certPath } }) => {
  const missing = [
    ...(leaf.serverAuth ? [] : ['serverAuth']),
    ...(leaf.clientAuth ? [] : ['clientAuth']),
  ];
  if (missing.length === 0) return [];
  const because = `${certPath} lacks ${missing.join(' and ')}: a peer leaf serves and dials`;
  return [objection('fail', because, 'issue it again with both extended key usages')];
};

const nameObjections: Judge = ({ member, seen, leaf }) => {
  const urls = member.peerUrl === undefined ? seen.peerUrls : [member.peerUrl];
  const hosts = [...new Set(urls.map((url) => urlParts(url).host))];
  const missing = hosts.filter((host) => !namesHost(leaf.leaf, host));
  if (missing.length === 0) return [];
  const because = `${leaf.certPath} is valid for ${sanText(leaf.leaf)}, not for ${missing.join(', ')}, which the others dial`;
  return [objection('fail', because, 'issue it again with that name, or correct peerUrl')];
};

/** The listener checks the SANs against the address that a dial comes from (transport checkCertSAN). */
const sourceObjections: Judge = ({ seen, leaf: { leaf, certPath }, input }) => {
  if (leaf.ipAddresses.length === 0 && leaf.dnsNames.length === 0) return [];
  const others = input.state.members.filter(({ name }) => name !== seen.name);
  const strict = others.filter(
    (peer) => !(peer.disk.known && peerSettings(peer.disk.value).skipsClientSan),
  );
  const facts = strict.map(({ name }) => ({ name, fact: seen.sourceAddresses[name] }));
  const unseen = facts.filter(({ fact }) => fact?.known !== true).map(({ name }) => name);
  const addresses = [
    ...new Set(facts.flatMap(({ fact }) => (fact?.known === true ? fact.value : []))),
  ];
  const missing = addresses.filter((each) => !leaf.ipAddresses.includes(normalAddress(each)));
  return [
    ...(unseen.length === 0 ? [] : [unseenSource(seen.name, unseen)]),
    ...(missing.length === 0
      ? []
      : [missingSource(certPath, leaf.dnsNames, sanText(leaf), missing)]),
  ];
};

function unseenSource(name: string, peers: readonly string[]): Objection {
  const because = `from which address ${name} dials ${peers.join(', ')} could not be seen`;
  return objection('fail', because, 'name it under sourceAddresses in the plan file');
}

function missingSource(
  certPath: string,
  dnsNames: readonly string[],
  sans: string,
  missing: readonly string[],
): Objection {
  const list = missing.join(', ');
  if (dnsNames.length > 0) {
    const because = `dials come from ${list}, which ${certPath} names only if ${dnsNames.join(', ')} resolves to it on every other host`;
    return objection('warn', because, 'add the address to its SANs, or see check --rehearse');
  }
  const because = `dials come from ${list}, and ${certPath} is valid for ${sans}: listeners close such a connection`;
  return objection(
    'fail',
    because,
    'issue it again with that address, or correct the route of the host',
  );
}

const dateObjections: Judge = ({ member, leaf: { leaf, certPath, mustIssue }, input }) => {
  if (mustIssue) return [];
  const now = input.state.observedAtMs;
  const clocks = input.probes.flatMap(({ member: host, clock }) =>
    clock.known ? [{ host, ...clock.value }] : [],
  );
  const early = clocks.find((clock) => latestOf(clock, now) < leaf.notBeforeMs);
  if (early !== undefined || now < leaf.notBeforeMs) {
    const clock = early === undefined ? '' : ` by the clock of ${early.host}'s host`;
    const because = `${certPath} is not valid before ${isoTime(leaf.notBeforeMs)}${clock}`;
    return [objection('fail', because, 'set the clock, or wait')];
  }
  const late = clocks.find((clock) => earliestOf(clock, now) > leaf.notAfterMs);
  if (late !== undefined || now > leaf.notAfterMs) {
    const because = `${certPath} expired at ${isoTime(leaf.notAfterMs)}`;
    return [objection('fail', because, `issue the leaf of ${member.name} again`)];
  }
  if (leaf.notAfterMs - now > SOON_MS) return [];
  const days = String(Math.floor((leaf.notAfterMs - now) / DAY_MS));
  return [objection('warn', `${certPath} expires in ${days} days`, 'renew it first')];
};

function latestOf({ offsetMs, boundMs }: ClockSeen, now: number): number {
  return now + offsetMs + boundMs;
}

function earliestOf({ offsetMs, boundMs }: ClockSeen, now: number): number {
  return now + offsetMs - boundMs;
}

function datesText(judged: readonly Judged[]): string {
  const ends = judged.map(({ leaf }) => leaf.leaf.notAfterMs);
  if (ends.length === 0) return 'valid';
  return `valid now by every clock; the first ends ${isoTime(Math.min(...ends)).slice(0, 10)}`;
}

/** Files that stand on a host already; what is installed later gets the service's owner and mode 0600. */
const readObjections: Judge = ({ seen, leaf, input }) => {
  const paths =
    input.material.mode === 'in-place'
      ? [leaf.certPath, leaf.keyPath, input.material.authorityPath]
      : [];
  return seen.files.flatMap(({ path, content }) => {
    if (content.kind !== 'unusable' || !paths.includes(path)) return [];
    return [objection('fail', `${path}: ${content.reason}`, 'correct owner and mode')];
  });
};
