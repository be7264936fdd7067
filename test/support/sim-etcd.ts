/** Turns a simulated cluster into the client URLs of its members. */

import { type Result, err, ok } from '../../src/base/result.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { MemberId, MemberName } from '../../src/model/ids.ts';
import type { PeerUrl } from '../../src/model/url.ts';
import { isUp, memberOf } from '../../src/model/world.ts';
import type { Answer, EndpointStatus, EtcdMember, LockAttempt } from '../../src/ports.ts';
import { failureWith } from './fake-doors.ts';
import { CLUSTER_ID } from './observed.ts';
import { publishedBy } from './sim-clients.ts';
import type { SimCluster } from './sim-cluster.ts';
import { addressOf } from './worlds.ts';

const HISTOGRAM = 'etcd_network_peer_round_trip_time_seconds';
const LOCK_SECONDS = 180;

export function openSim(sim: SimCluster, endpoint: string): EtcdMember {
  const found = sim.members.find(({ name }) => endpoint.endsWith(`//${addressOf(name)}:2379`));
  if (found === undefined) throw new Error(`nobody answers at ${endpoint}`);
  const { name } = found;
  return {
    endpoint,
    members: () => asked(sim, name, () => listOf(sim, name)),
    status: () => asked(sim, name, () => statusOf(sim, name)),
    health: () => asked(sim, name, () => healthOf(sim, name)),
    metrics: () => {
      const hidden = sim.hidesMetrics.get(name);
      if (hidden !== undefined) return Promise.resolve(err(failureWith('ETCD_REFUSED', hidden)));
      return asked(sim, name, () => metricsOf(sim, name));
    },
    alarms: () => asked(sim, name, () => []),
    updatePeerUrls: (id, urls) => voted(sim, name, () => updated(sim, id, urls)),
    moveLeader: (target) => voted(sim, name, () => moved(sim, name, target)),
    revision: () => voted(sim, name, () => ok(String(sim.index))),
    hashKv: () => asked(sim, name, () => ({ hash: '4711', compactRevision: '0' })),
    leases: () => asked(sim, name, () => ({ count: 0, grantedSeconds: [] })),
    rolesOf: () => asked(sim, name, () => ['root']),
    snapshot: () => asked(sim, name, () => ({ sizeBytes: 20_480, sha256: 'ab'.repeat(32) })),
    acquireLock: (key, owner) => voted(sim, name, () => ok(acquired(sim, key, owner))),
    renewLease: (leaseId) => voted(sim, name, () => ok(renewed(sim, leaseId))),
    holdsLock: (key, revision) => voted(sim, name, () => ok(held(sim, key, revision))),
    releaseLock: (_key, revision) => voted(sim, name, () => released(sim, revision)),
    close: () => undefined,
  };
}

/** Answered by the member itself, with or without a leader. */
function asked<T>(sim: SimCluster, name: MemberName, tell: () => T): Answer<T> {
  if (isUp(memberOf(sim.world, name))) return Promise.resolve(ok(tell()));
  return Promise.resolve(err(failureWith('ENDPOINT_UNREACHABLE', `${name}: connection refused`)));
}

/** Needs the majority. */
function voted<T>(sim: SimCluster, name: MemberName, decide: () => Result<T, Failure>): Answer<T> {
  if (!isUp(memberOf(sim.world, name))) {
    return Promise.resolve(err(failureWith('ENDPOINT_UNREACHABLE', `${name}: connection refused`)));
  }
  if (sim.majority.has(name)) return Promise.resolve(decide());
  return Promise.resolve(err(failureWith('UPDATE_UNCERTAIN', 'etcdserver: request timed out')));
}

function listOf(sim: SimCluster, name: MemberName): ListAnswer {
  const { view, id } = memberOf(sim.world, name);
  const members = sim.world.members.map((each) => ({
    id: each.id,
    name: each.name,
    peerUrls: view[each.name] ?? [],
    clientUrls: publishedBy(sim, each),
    isLearner: false,
  }));
  return { clusterId: CLUSTER_ID, answeredBy: id, members };
}

type ListAnswer = Extract<Awaited<ReturnType<EtcdMember['members']>>, { ok: true }>['value'];

function statusOf(sim: SimCluster, name: MemberName): EndpointStatus {
  const { id, version } = memberOf(sim.world, name);
  const leader = sim.majority.has(name) ? sim.world.leader : undefined;
  const appliedIndex = sim.applied.get(name) ?? 0;
  return {
    memberId: id,
    clusterId: CLUSTER_ID,
    version,
    isLeader: leader === name,
    leaderId: leader === undefined ? undefined : memberOf(sim.world, leader).id,
    raftTerm: sim.term,
    appliedIndex,
    raftIndex: appliedIndex,
    dbSizeBytes: 20_480,
    errors: [],
  };
}

function healthOf(
  sim: SimCluster,
  name: MemberName,
): { readonly isHealthy: boolean; readonly reason: string | undefined } {
  const isHealthy = sim.majority.has(name);
  return { isHealthy, reason: isHealthy ? undefined : 'RAFT NO LEADER' };
}

function metricsOf(sim: SimCluster, name: MemberName): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const peer of sim.world.members) {
    if (peer.name === name) continue;
    const { count, sum } = sim.roundTrips(name, peer.name);
    samples.set(`${HISTOGRAM}_count{To="${peer.id}"}`, count);
    samples.set(`${HISTOGRAM}_sum{To="${peer.id}"}`, sum);
  }
  return samples;
}

function updated(
  sim: SimCluster,
  id: MemberId,
  urls: readonly PeerUrl[],
): Result<undefined, Failure> {
  const member = sim.world.members.find((each) => each.id === id);
  if (member === undefined) return err(failureWith('ETCD_REFUSED', 'member not found'));
  sim.update(member.name, urls);
  return ok(undefined);
}

function moved(sim: SimCluster, from: MemberName, target: MemberId): Result<undefined, Failure> {
  if (sim.world.leader !== from) return err(failureWith('ETCD_REFUSED', 'not leader'));
  const member = sim.world.members.find((each) => each.id === target);
  if (member === undefined || !sim.majority.has(member.name)) {
    return err(failureWith('ETCD_REFUSED', 'bad leader transferee'));
  }
  sim.transfers.push(`${from} ${member.name}`);
  sim.lead(member.name);
  return ok(undefined);
}

function acquired(sim: SimCluster, key: string, owner: string): LockAttempt {
  const { lock, time } = sim;
  if (lock !== undefined && lock.expiresAtMs > time.nowMs) {
    return { kind: 'held', ...lock, ttlSeconds: Math.ceil((lock.expiresAtMs - time.nowMs) / 1000) };
  }
  sim.commit();
  const revision = String(sim.index);
  const expiresAtMs = time.nowMs + LOCK_SECONDS * 1000;
  sim.lock = { key, owner, leaseId: `lease-${revision}`, createRevision: revision, expiresAtMs };
  return { kind: 'acquired', leaseId: sim.lock.leaseId, createRevision: revision };
}

function renewed(sim: SimCluster, leaseId: string): number {
  if (sim.lock?.leaseId !== leaseId || sim.lock.expiresAtMs <= sim.time.nowMs) return 0;
  sim.lock.expiresAtMs = sim.time.nowMs + LOCK_SECONDS * 1000;
  return LOCK_SECONDS;
}

function held(sim: SimCluster, key: string, revision: string): boolean {
  return (
    sim.lock?.key === key &&
    sim.lock.createRevision === revision &&
    sim.lock.expiresAtMs > sim.time.nowMs
  );
}

function released(sim: SimCluster, revision: string): Result<undefined, Failure> {
  if (sim.lock?.createRevision === revision) sim.lock = undefined;
  return ok(undefined);
}
