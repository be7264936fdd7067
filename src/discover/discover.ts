/**
 * Turns a live cluster and its hosts into the observed state, and keeps the client handles for the
 * run.
 */

import { present } from '../base/assert.ts';
import { type Result, ok } from '../base/result.ts';
import type { Certificate } from '../model/certificate.ts';
import { type DesiredMember, type DesiredSpec, movesClients } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberId, MemberName } from '../model/ids.ts';
import {
  type Fact,
  type ObservedMember,
  type ObservedState,
  known,
  unknown,
} from '../model/observed.ts';
import { urlParts } from '../model/url.ts';
import type {
  Clock,
  EtcdMember,
  Host,
  ListedMember,
  MemberDoors,
  OpenEtcd,
  Pki,
} from '../ports.ts';
import { assemble, matchMembers } from './assemble.ts';
import { type NamedFile, authorityTextsOf, fileFacts } from './cert-facts.ts';
import { type ClusterFacts, observeCluster } from './cluster-facts.ts';
import { type HostFacts, observeHost } from './host-facts.ts';
import { type ApiFacts, askMember, silentMember } from './member-facts.ts';
import { usableUrls } from './member-list.ts';

export interface DiscoverInput {
  readonly desired: DesiredSpec;
  readonly doors: ReadonlyMap<MemberName, MemberDoors>;
  readonly openEtcd: OpenEtcd;
  readonly pki: Pki;
  readonly clock: Clock;
  /** Install targets, to be looked at as well. */
  readonly plannedPaths: ReadonlyMap<MemberName, readonly NamedFile[]>;
  /** CA certificates (PEM) that the operator has. */
  readonly authorityTexts: readonly string[];
}

export interface Discovered {
  readonly state: ObservedState;
  /** Of the plan's members that answer; the caller closes them. */
  readonly etcd: ReadonlyMap<MemberName, EtcdMember>;
}

/**
 * Looks once, at everything in parallel, and changes nothing. What did not answer is an unknown
 * fact; failures are only ENDPOINT_UNREACHABLE (nobody answers, or nobody tells the list),
 * CLUSTER_MISMATCH and PEER_URL_UNUSABLE.
 */
export async function discover(
  input: DiscoverInput,
): Promise<Result<Discovered, readonly Failure[]>> {
  const observedAtMs = input.clock.nowMs();
  const [cluster, hosts] = await Promise.all([lookAtCluster(input), lookAtHosts(input)]);
  if (!cluster.ok) return cluster;
  const { answerers, list } = cluster.value;
  const { entries, strangers } = matchMembers(input.desired.members, list);
  const [api, sources] = await Promise.all([
    askMembers(cluster.value, entries),
    lookAtSources(input, entries, list),
  ]);
  const etcd = keptHandles(cluster.value, entries);
  for (const { etcd: each } of answerers.values()) {
    if (![...etcd.values()].includes(each)) each.close();
  }
  const certificates = judgeFiles(input, hosts);
  const gathered = {
    observedAtMs,
    cluster: cluster.value,
    entries,
    strangers,
    api,
    hosts,
    sources,
  };
  return ok({ state: assemble({ ...gathered, ...certificates }), etcd });
}

function lookAtCluster(input: DiscoverInput): Promise<Result<ClusterFacts, readonly Failure[]>> {
  const { desired, openEtcd, clock } = input;
  const names = new Set<string>(desired.members.map(({ name }) => name));
  const { endpoints } = desired.cluster;
  // Where the clients are moved, a URL is followed to the scheme that its member serves now.
  const findsScheme = desired.scope !== 'peer';
  return observeCluster({ endpoints, names, openEtcd, clock, findsScheme });
}

export async function lookAtHosts(
  input: DiscoverInput,
): Promise<ReadonlyMap<MemberName, HostFacts>> {
  const facts = input.desired.members.map(async (member) => {
    const planned = input.plannedPaths.get(member.name) ?? [];
    const doors = doorsOf(input, member.name);
    const keysStay = input.desired.pki.mode === 'in-place' && member.host.transport === 'ssh';
    const also = { keysStay, movesClients: movesClients(input.desired.scope) };
    return [member.name, await observeHost(member, doors, input.pki, planned, also)] as const;
  });
  return new Map(await Promise.all(facts));
}

async function askMembers(
  { answerers, silent }: ClusterFacts,
  entries: ReadonlyMap<MemberName, ListedMember>,
): Promise<ReadonlyMap<MemberId, ApiFacts>> {
  const asked = [...entries.values()].map(async ({ id }) => {
    const answerer = answerers.get(id);
    const reason = silent.get(id) ?? 'no client URL answers as this member';
    return [id, answerer === undefined ? silentMember(reason) : await askMember(answerer)] as const;
  });
  return new Map(await Promise.all(asked));
}

function keptHandles(
  { answerers }: ClusterFacts,
  entries: ReadonlyMap<MemberName, ListedMember>,
): ReadonlyMap<MemberName, EtcdMember> {
  const kept = [...entries].flatMap(([name, { id }]) => {
    const answerer = answerers.get(id);
    return answerer === undefined ? [] : [[name, answerer.etcd] as const];
  });
  return new Map(kept);
}

/** For each member, the addresses that its dials to each other listed member come from. */
export async function lookAtSources(
  input: DiscoverInput,
  entries: ReadonlyMap<MemberName, ListedMember>,
  list: readonly ListedMember[],
): Promise<ReadonlyMap<MemberName, ObservedMember['sourceAddresses']>> {
  const members = input.desired.members.filter(({ name }) => entries.has(name));
  const found = members.map(async (member) => {
    const peers = list.filter(({ name }) => name !== '' && name !== member.name);
    const { host } = doorsOf(input, member.name);
    const facts = peers.map(async ({ name, peerUrls }) => {
      return [name, await sourcesTo(member, host, peerUrls)] as const;
    });
    return [member.name, Object.fromEntries(await Promise.all(facts))] as const;
  });
  return new Map(await Promise.all(found));
}

/** What the plan file says comes first: behind NAT a host does not see what its peers see. */
async function sourcesTo(
  member: DesiredMember,
  host: Host,
  peerUrls: readonly string[],
): Promise<Fact<readonly string[]>> {
  if (member.sourceAddresses.length > 0) return known(member.sourceAddresses);
  const targets = [...new Set(usableUrls(peerUrls).map((url) => urlParts(url).host))];
  const facts = await Promise.all(targets.map((target) => host.sourceAddressTo(target)));
  const reasons = facts.flatMap((fact) => (fact.known ? [] : [fact.reason]));
  if (reasons.length > 0) return unknown(reasons.join('; '));
  return known([...new Set(facts.flatMap((fact) => (fact.known ? [fact.value] : [])))]);
}

/** The second pass over all files, once the CA certificates of every host are there. */
export function judgeFiles(
  input: DiscoverInput,
  hosts: ReadonlyMap<MemberName, HostFacts>,
): Pick<Parameters<typeof assemble>[0], 'files' | 'authorities'> {
  const found = [...hosts.values()].flatMap(({ files }) => authorityTextsOf(files));
  const texts = [...new Set([...input.authorityTexts, ...found])];
  const files = [...hosts].map(([name, { files: read }]) => {
    return [name, fileFacts(input.pki, read, texts)] as const;
  });
  return { files: new Map(files), authorities: distinctAuthorities(input.pki, texts) };
}

function distinctAuthorities(pki: Pki, texts: readonly string[]): readonly Certificate[] {
  const byFingerprint = new Map<string, Certificate>();
  for (const text of texts) {
    const read = pki.readCertificates(text);
    if (!read.ok) continue;
    for (const certificate of read.value) byFingerprint.set(certificate.fingerprint, certificate);
  }
  return [...byFingerprint.values()];
}

function doorsOf(input: DiscoverInput, name: MemberName): MemberDoors {
  return present(input.doors.get(name), `the doors of ${name}`);
}
