/** Turns a few names into whole simulated clusters: http, half-way, https; what tests start from. */

import type { Certificate, FileContent, Leaf } from '../../src/model/certificate.ts';
import { type MemberId, memberName } from '../../src/model/ids.ts';
import { loadDisk } from '../../src/model/load.ts';
import { known } from '../../src/model/observed.ts';
import { FLAG, type Settings } from '../../src/model/settings.ts';
import { settle } from '../../src/model/steps/settle.ts';
import { type PeerUrl, parsePeerUrl, withScheme } from '../../src/model/url.ts';
import { type MemberWorld, type World, memberOf, withMember } from '../../src/model/world.ts';

/** 2026-11-22T05:41:19Z */
export const NOW_MS = 1_795_326_079_000;
const DAY_MS = 86_400_000;

export const TLS_DIRECTORY = '/etc/etcd/pki';
export const TLS_PATHS = {
  ca: `${TLS_DIRECTORY}/ca.pem`,
  leaf: `${TLS_DIRECTORY}/peer.pem`,
  key: `${TLS_DIRECTORY}/peer-key.pem`,
} as const;

/** Members m1 to mn at 10.0.0.1 and on, all http without any TLS setting; m1 leads. */
export function httpWorld(count = 3, version = '3.4.23'): World {
  const names = memberNames(count);
  const record = Object.fromEntries(names.map((name) => [name, [httpUrl(name)]]));
  return {
    nowMs: NOW_MS,
    members: names.map((name) => httpMember(name, names, version)),
    record,
    leader: memberName('m1'),
    unobserved: [],
    blocked: [],
  };
}

/** m1 advertises and speaks https; the others are still http and have no trust: they cannot dial m1. */
export function mixedWorld(count = 3): World {
  return withTls(httpWorld(count), 'm1');
}

/** The end: mutual TLS everywhere. */
export function httpsWorld(count = 3): World {
  return memberNames(count).reduce(withTls, httpWorld(count));
}

/** The member listens on https, demands client certificates, and is advertised so to everybody linked. */
export function withTls(world: World, name: string): World {
  const urls = (world.record[name] ?? []).map((url) => withScheme(url, 'https'));
  const listen = urls.join(',');
  const member = withTrust(world, name);
  const changed = restarted(member, name, { [FLAG.listenPeerUrls]: listen });
  return settle({ ...changed, record: { ...changed.record, [name]: urls } });
}

/** The member has loaded CA, leaf and key and still listens as before: it can dial https peers. */
export function withTrust(world: World, name: string): World {
  const member = memberOf(world, name);
  const files = { ...member.disk.files, ...tlsFiles(name) };
  const ready = withMember(world, { ...member, disk: { ...member.disk, files } });
  return restarted(ready, name, TLS_SETTINGS);
}

/** The member is stopped. */
export function withDown(world: World, name: string): World {
  const down = withMember(world, { ...memberOf(world, name), process: undefined });
  return { ...down, leader: down.leader === name ? undefined : down.leader };
}

/** A peer leaf as peershift issues it: by `authority()`, for the member's address, for both uses. */
export function leafFor(name: string, changes: Partial<Leaf> = {}): Leaf {
  return {
    ...certificate(name),
    fingerprint: `leaf-of-${name}`,
    ipAddresses: [addressOf(name)],
    isCa: false,
    trustedBy: [authority().fingerprint],
    ...changes,
  };
}

/** The CA of the tests. */
export function authority(changes: Partial<Certificate> = {}): Certificate {
  return { ...certificate('peershift CA'), fingerprint: 'ca-1', isCa: true, ...changes };
}

/** What the three installed files of a member hold. */
export function tlsFiles(
  name: string,
  leaf = leafFor(name),
): Readonly<Record<string, FileContent>> {
  return {
    [TLS_PATHS.ca]: { kind: 'pool', authorities: [authority()] },
    [TLS_PATHS.leaf]: { kind: 'leaf', leaf },
    [TLS_PATHS.key]: { kind: 'key', keyId: leaf.keyId },
  };
}

export const TLS_SETTINGS: Settings = {
  [FLAG.peerCertFile]: TLS_PATHS.leaf,
  [FLAG.peerKeyFile]: TLS_PATHS.key,
  [FLAG.peerTrustedCaFile]: TLS_PATHS.ca,
  [FLAG.peerClientCertAuth]: 'true',
};

export function memberNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `m${String(index + 1)}`);
}

/** `10.0.0.2` for m2. */
export function addressOf(name: string): string {
  return `10.0.0.${name.replace(/\D/gu, '')}`;
}

export function httpUrl(name: string): PeerUrl {
  return peerUrl(`http://${addressOf(name)}:2380`);
}

export function httpsUrl(name: string): PeerUrl {
  return withScheme(httpUrl(name), 'https');
}

/** A peer URL that must be well formed. */
export function peerUrl(text: string): PeerUrl {
  const url = parsePeerUrl(text);
  if (!url.ok) throw new Error(url.error);
  return url.value;
}

/** A 64-bit ID in hex, another one for each name, always the same. */
export function idOf(name: string): MemberId {
  const number = BigInt(name.replace(/\D/gu, '')) * 0x1e_9e_05_c5_21_64_69_4dn;
  return (number & 0xff_ff_ff_ff_ff_ff_ff_ffn).toString(16) as MemberId;
}

function httpMember(name: string, names: readonly string[], version: string): MemberWorld {
  const settings: Settings = {
    [FLAG.name]: name,
    [FLAG.dataDir]: '/var/lib/etcd',
    [FLAG.listenPeerUrls]: httpUrl(name),
    [FLAG.listenClientUrls]: `http://${addressOf(name)}:2379`,
    [FLAG.initialAdvertisePeerUrls]: httpUrl(name),
    [FLAG.initialCluster]: names.map((each) => `${each}=${httpUrl(each)}`).join(','),
    [FLAG.initialClusterState]: 'new',
  };
  const disk = { settings, files: {} };
  const others = names.filter((each) => each !== name);
  return {
    name: memberName(name),
    id: idOf(name),
    version,
    process: processOf(disk, version),
    disk,
    view: Object.fromEntries(names.map((each) => [each, [httpUrl(each)]])),
    sources: Object.fromEntries(others.map((each) => [each, known([addressOf(name)])])),
  };
}

/** The member with these settings on disk and loaded. */
function restarted(world: World, name: string, settings: Settings): World {
  const member = memberOf(world, name);
  const disk = { ...member.disk, settings: { ...member.disk.settings, ...settings } };
  return withMember(world, { ...member, disk, process: processOf(disk, member.version) });
}

function processOf(disk: MemberWorld['disk'], version: string): MemberWorld['process'] {
  const loaded = loadDisk(disk, version);
  if (!loaded.ok) throw new Error(loaded.error);
  return loaded.value;
}

function certificate(name: string): Certificate {
  return {
    fingerprint: name,
    subject: `CN=${name}`,
    issuer: 'CN=peershift CA',
    commonName: name,
    notBeforeMs: NOW_MS - DAY_MS,
    notAfterMs: NOW_MS + 1825 * DAY_MS,
    dnsNames: [],
    ipAddresses: [],
    isCa: false,
    serverAuth: true,
    clientAuth: true,
    keyId: `key-of-${name}`,
    keyKind: 'ECDSA P-256',
  };
}
