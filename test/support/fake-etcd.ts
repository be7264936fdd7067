/** Turns a few nodes in memory into client URLs that answer like etcd members. */

import { type Result, err, ok } from '../../src/base/result.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { MemberId } from '../../src/model/ids.ts';
import type { PeerUrl } from '../../src/model/url.ts';
import type {
  Answer,
  EndpointStatus,
  EtcdMember,
  KvHash,
  ListedMember,
  LockAttempt,
  MemberList,
} from '../../src/ports.ts';
import { failureWith } from './fake-doors.ts';

/** One member: what it says when it is asked, each part replaceable by a test. */
export interface FakeNode {
  readonly id: MemberId;
  readonly clientUrl: string;
  /** Undefined: connection refused. */
  status: EndpointStatus | undefined;
  /** Its own copy; a failure: it does not tell. */
  list: readonly ListedMember[] | Failure;
  health: { readonly isHealthy: boolean; readonly reason: string | undefined } | Failure;
  alarms: readonly { readonly memberId: MemberId; readonly alarm: string }[] | Failure;
  metrics: ReadonlyMap<string, number>;
}

interface Lock {
  readonly owner: string;
  readonly leaseId: string;
  readonly createRevision: string;
}

export class FakeEtcd {
  readonly nodes = new Map<string, FakeNode>();
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly updates: { readonly id: MemberId; readonly urls: readonly PeerUrl[] }[] = [];
  clusterId: string;
  revision = 100;
  readonly #locks = new Map<string, Lock>();

  constructor(clusterId: string) {
    this.clusterId = clusterId;
  }

  /** The node answers at its own client URL, and at these. */
  add(node: FakeNode, ...alsoAt: readonly string[]): void {
    for (const url of [node.clientUrl, ...alsoAt]) this.nodes.set(url, node);
  }

  readonly open = (endpoint: string): EtcdMember => {
    this.opened.push(endpoint);
    const node = (): Result<FakeNode & { status: EndpointStatus }, Failure> => {
      const found = this.nodes.get(endpoint);
      if (found?.status === undefined) {
        return err(failureWith('ENDPOINT_UNREACHABLE', 'connection refused'));
      }
      return ok(found as FakeNode & { status: EndpointStatus });
    };
    const ask = <T>(
      question: (from: FakeNode & { status: EndpointStatus }) => T | Failure,
    ): Answer<T> => {
      const found = node();
      if (!found.ok) return Promise.resolve(found);
      const answer = question(found.value);
      return Promise.resolve(isFailure(answer) ? err(answer) : ok(answer));
    };
    const tell = (act: () => void): Answer<undefined> => {
      return ask(() => {
        act();
        return undefined;
      });
    };
    return {
      endpoint,
      members: () => ask((from) => this.#list(from)),
      status: () => ask((from) => from.status),
      health: () => ask((from) => from.health),
      metrics: () => ask((from) => from.metrics),
      alarms: () => ask((from) => from.alarms),
      updatePeerUrls: (id, urls) =>
        tell(() => {
          this.#update(id, urls);
        }),
      moveLeader: (target) =>
        tell(() => {
          this.#lead(target);
        }),
      revision: () => ask(() => String(this.revision)),
      hashKv: () => ask((): KvHash => ({ hash: '12345', compactRevision: '0' })),
      leases: () => ask(() => ({ count: 0, grantedSeconds: [] })),
      rolesOf: () => ask(() => ['root']),
      snapshot: () => ask(() => ({ sizeBytes: 20_480, sha256: 'ab'.repeat(32) })),
      acquireLock: (key, owner) => ask(() => this.#acquire(key, owner)),
      renewLease: (leaseId) => ask(() => (this.#holder(leaseId) === undefined ? 0 : 120)),
      holdsLock: (key, revision) => ask(() => this.#locks.get(key)?.createRevision === revision),
      releaseLock: (key) =>
        tell(() => {
          this.#locks.delete(key);
        }),
      close: () => {
        this.closed.push(endpoint);
      },
    };
  };

  /** The lock is gone, as after its lease ran out. */
  dropLocks(): void {
    this.#locks.clear();
  }

  #list(from: FakeNode): MemberList | Failure {
    if (isFailure(from.list)) return from.list;
    return {
      clusterId: from.status?.clusterId ?? this.clusterId,
      answeredBy: from.id,
      members: from.list,
    };
  }

  #update(id: MemberId, peerUrls: readonly PeerUrl[]): void {
    this.updates.push({ id, urls: peerUrls });
    for (const node of new Set(this.nodes.values())) {
      if (isFailure(node.list)) continue;
      node.list = node.list.map((entry) => (entry.id === id ? { ...entry, peerUrls } : entry));
    }
  }

  #lead(target: MemberId): void {
    for (const node of new Set(this.nodes.values())) {
      if (node.status === undefined) continue;
      const isLeader = node.id === target;
      const raftTerm = node.status.raftTerm + 1;
      node.status = { ...node.status, leaderId: target, isLeader, raftTerm };
    }
  }

  #acquire(key: string, owner: string): LockAttempt {
    const held = this.#locks.get(key);
    if (held !== undefined) return { kind: 'held', ...held, ttlSeconds: 120 };
    this.revision += 1;
    const lock = {
      owner,
      leaseId: `lease-${String(this.revision)}`,
      createRevision: String(this.revision),
    };
    this.#locks.set(key, lock);
    return { kind: 'acquired', leaseId: lock.leaseId, createRevision: lock.createRevision };
  }

  #holder(leaseId: string): Lock | undefined {
    return [...this.#locks.values()].find((lock) => lock.leaseId === leaseId);
  }
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'remedy' in value && 'code' in value;
}
