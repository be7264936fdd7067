/**
 * Turns hosts, peer ports and whatever the API still answers into the observed state of a cluster without
 * quorum. A peer port is asked with a leaf of our own, since the members' leaves may be what is wrong.
 */

import { type Result, err, ok } from '../base/result.ts';
import { namesHost } from '../model/certificate.ts';
import type { DesiredMember } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import { type ObservedMember, type ObservedState, known, unknown } from '../model/observed.ts';
import { gapsOf } from '../model/observed-world.ts';
import { FLAG, type Settings, peerSettings } from '../model/settings.ts';
import { type PeerUrl, isHttps, parsePeerUrl, urlParts } from '../model/url.ts';
import type { PeerDialer, PeerFiles } from '../ports.ts';
import { type BlindInput, discoverBlind } from './blind.ts';
import type { DiscoverInput, Discovered } from './discover.ts';
import { viewOf } from './member-list.ts';
import { type PeerStory, askPeerPort } from './peer-ports.ts';

export interface DeadInput extends DiscoverInput {
  readonly dialer: PeerDialer;
  /** What the API answered, if it did. */
  readonly seen: Result<Discovered, readonly Failure[]>;
  /** A leaf and key of ours for dials to this member; undefined where the CA's key is not at hand. */
  readonly probe: (
    member: MemberName,
    target: string,
  ) => Promise<Pick<PeerFiles, 'cert' | 'key'> | undefined>;
  /** What the run in hand knows of members that it has stopped. */
  readonly stopped?: BlindInput['stopped'];
}

export interface Dead {
  readonly state: ObservedState;
  /** Members that take no part in a plan, since something of them cannot be seen: name to reason. */
  readonly lost: ReadonlyMap<MemberName, string>;
  /** Those of them that can be seen, are stopped, and have no data where their settings say. */
  readonly emptied: ReadonlySet<MemberName>;
  /** Members whose own list was read, from the API or the peer port. */
  readonly told: ReadonlySet<MemberName>;
}

export async function discoverDead(input: DeadInput): Promise<Result<Dead, readonly Failure[]>> {
  const state = input.seen.ok
    ? ok(await withPeerPorts(input, input.seen.value.state))
    : await discoverBlind({
        ...input,
        clusterId: undefined,
        urls: new Map(),
        because: input.seen.error.map(({ but }) => but).join('; '),
        ask: (name, running) => ask(input, name, running),
      });
  if (!state.ok) return state;
  const told = state.value.members.filter(({ view }) => view.known).map(({ name }) => name);
  const gaps = state.value.members.flatMap((member) => {
    const missing = gapsOf(state.value, member).map(({ text }) => text);
    return missing.length === 0 ? [] : [[member.name, missing.join('; ')] as const];
  });
  const empty = await Promise.all(state.value.members.map((member) => withoutData(input, member)));
  const lost = new Map([...empty.flat(), ...gaps]);
  const hasGaps = new Set(gaps.map(([name]) => name));
  const emptied = new Set(empty.flat().flatMap(([name]) => (hasGaps.has(name) ? [] : [name])));
  const members = state.value.members.map((member) => {
    const reason = lost.get(member.name);
    return reason === undefined ? member : asDown(member, reason);
  });
  return ok({ state: { ...state.value, members }, lost, emptied, told: new Set(told) });
}

/**
 * A stopped member whose data are gone would start as one that votes with no memory of what it had
 * acknowledged: two of those elect each other, and the data of the third are lost.
 */
async function withoutData(
  input: DeadInput,
  { name, process, disk }: ObservedMember,
): Promise<readonly (readonly [MemberName, string])[]> {
  const folder = disk.known ? (disk.value[FLAG.dataDir] ?? '') : '';
  const host = input.doors.get(name)?.host;
  const isStopped = process.known && process.value === 'stopped';
  if (!isStopped || host === undefined || !disk.known) return [];
  if (!folder.startsWith('/')) {
    return [[name, 'it is stopped, and its settings do not tell where its data are (data-dir)']];
  }
  const database = `${folder}/member/snap/db`;
  const found = await host.readRange(database, 0, 1);
  if (!found.ok || found.value !== undefined) return [];
  return [[name, `its data are gone (no ${database}): started, it would vote with no memory`]];
}

/** Of no use to a majority until somebody has looked at it. */
function asDown(member: ObservedMember, reason: string): ObservedMember {
  const disk = member.disk.known ? member.disk : known({});
  return { ...member, process: known('stopped'), running: unknown(reason), disk };
}

/** Members whose API does not tell their own list: a restarted one serves no client before there is quorum. */
async function withPeerPorts(input: DeadInput, state: ObservedState): Promise<ObservedState> {
  const members = state.members.map(async (member): Promise<ObservedMember> => {
    if (member.view.known && member.status.known) return member;
    if (!member.running.known) return member;
    const story = await ask(input, member.name, member.running.value);
    if (!story.ok) return member;
    const { version, members: list } = story.value;
    return { ...member, view: known(viewOf(list)), peerVersion: version };
  });
  return { ...state, members: await Promise.all(members) };
}

/** What the peer port of a running member tells; the reason where it does not. */
async function ask(
  input: DeadInput,
  name: MemberName,
  running: Settings,
): Promise<Result<PeerStory, string>> {
  const doors = input.doors.get(name);
  const desired = input.desired.members.find((each) => each.name === name);
  const peer = peerSettings(running);
  const urls = peer.listen.flatMap((listen) => dialable(listen, desired));
  const [url] = urls;
  if (doors === undefined || url === undefined) return err(`${name}: no peer port to ask`);
  const dialer = doors.dialer ?? input.dialer;
  if (!isHttps(url)) return askPeerPort(dialer, url, undefined);
  const text = async (path: string | undefined): Promise<string> => {
    const file = path === undefined ? undefined : await doors.host.readFile(path);
    return file?.ok === true && file.value !== undefined
      ? new TextDecoder().decode(file.value.bytes)
      : '';
  };
  const { host } = urlParts(url);
  const { certFile, keyFile, trustedCaFile } = ownFiles(running);
  const [own, ca, ours] = await Promise.all([
    text(certFile),
    text(trustedCaFile),
    input.probe(name, host),
  ]);
  const authorities = [...input.authorityTexts, ca].join('\n');
  if (ours === undefined && input.desired.pki.mode === 'in-place') {
    return err(`${name}: its key stays on its host, and no CA key is here to sign a leaf of ours`);
  }
  const mine = ours ?? { cert: own, key: await text(keyFile) };
  const leaf = input.pki.readLeaf(own, [authorities]);
  // The chain is verified all the same; only the name is the one that this leaf is known to have.
  const { ipAddresses, dnsNames } = leaf.ok ? leaf.value : { ipAddresses: [], dnsNames: [] };
  const isNamed = leaf.ok && namesHost(leaf.value, host);
  const other = isNamed ? undefined : [...ipAddresses, ...dnsNames][0];
  return askPeerPort(dialer, url, { ca: authorities, ...mine }, other);
}

/** With peer-auto-tls etcd keeps what it made below its data, and that very certificate is whom we trust. */
function ownFiles(
  running: Settings,
): Pick<ReturnType<typeof peerSettings>, 'certFile' | 'keyFile' | 'trustedCaFile'> {
  const peer = peerSettings(running);
  if (!peer.hasAutoTls) return peer;
  const folder = `${running[FLAG.dataDir] ?? ''}/fixtures/peer`;
  const certFile = `${folder}/cert.pem`;
  return { certFile, keyFile: `${folder}/key.pem`, trustedCaFile: certFile };
}

/** A listener on all addresses is dialed at the host's own. */
function dialable(listen: PeerUrl, desired: DesiredMember | undefined): readonly PeerUrl[] {
  const { scheme, host, port } = urlParts(listen);
  if (!['0.0.0.0', '::'].includes(host)) return [listen];
  const url = desired?.peerUrl === undefined ? undefined : urlParts(desired.peerUrl).host;
  const address = desired?.host.address ?? url;
  const written = address?.includes(':') === true ? `[${address}]` : (address ?? '');
  const parsed = parsePeerUrl(`${scheme}://${written}:${String(port)}`);
  return parsed.ok ? [parsed.value] : [];
}
