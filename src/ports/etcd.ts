/** One member's client URL, call by call. Types only. */

import type { MemberId } from '../model/ids.ts';
import type { MemberStatus } from '../model/observed.ts';
import type { PeerUrl } from '../model/url.ts';
import type { Answer } from './answer.ts';

export interface ListedMember {
  readonly id: MemberId;
  /** Empty while the member has never started. */
  readonly name: string;
  /** As the list has them: nothing has checked these. */
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberList {
  /** Hex. */
  readonly clusterId: string;
  /** Who answered. */
  readonly answeredBy: MemberId;
  readonly members: readonly ListedMember[];
}

export interface EndpointStatus extends MemberStatus {
  readonly memberId: MemberId;
  readonly clusterId: string;
  /** Applied index, or the raft index where the version does not tell it (before 3.4). */
  readonly raftIndex: number;
}

export interface KvHash {
  readonly hash: string;
  readonly compactRevision: string;
}

export interface GrantedLeases {
  readonly count: number;
  /** Seconds that each lease looked at was granted for. */
  readonly grantedSeconds: readonly number[];
}

/** One member's client URL. Each call goes to that member, once, and ends by its deadline. */
export interface EtcdMember {
  readonly endpoint: string;
  members(): Answer<MemberList>;
  status(): Answer<EndpointStatus>;
  /** `GET /health`. */
  health(): Answer<{ readonly isHealthy: boolean; readonly reason: string | undefined }>;
  /** `GET /metrics`: sample name with labels, as written, to value. */
  metrics(): Answer<ReadonlyMap<string, number>>;
  alarms(): Answer<readonly { readonly memberId: MemberId; readonly alarm: string }[]>;
  /** Replaces the whole list of one member's peer URLs. A missing answer is UPDATE_UNCERTAIN. */
  updatePeerUrls(id: MemberId, urls: readonly PeerUrl[]): Answer<undefined>;
  /** Must be sent to the leader. */
  moveLeader(target: MemberId, deadlineMs: number): Answer<undefined>;
  /** Current revision by a linearizable read. */
  revision(): Answer<string>;
  hashKv(revision: string): Answer<KvHash>;
  /** Lease IDs in decimal; at most `most` of them are asked for the time they were granted. */
  leases(most: number): Answer<GrantedLeases>;
  /** The roles of an etcd user; a user may ask for its own. */
  rolesOf(username: string): Answer<readonly string[]>;
  /** Streams the snapshot into a local file, fsyncs it and checks the SHA-256 at its end. */
  snapshot(path: string): Answer<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** Creates the key under a new lease if it does not exist; says who holds it otherwise. */
  acquireLock(key: string, owner: string, ttlSeconds: number): Answer<LockAttempt>;
  /** Seconds left after the renewal; 0 when the lease is gone. */
  renewLease(leaseId: string): Answer<number>;
  /** Linearizable: does the key still have this create revision? */
  holdsLock(key: string, createRevision: string): Answer<boolean>;
  releaseLock(key: string, createRevision: string, leaseId: string): Answer<undefined>;
  /** Absent where each call would be a command on a host. */
  readonly canary?: CanaryCalls;
  close(): void;
}

/** What clients do all day, through this one member. */
export interface CanaryCalls {
  /** A lease's ID in decimal. */
  grant(ttlSeconds: number): Answer<string>;
  /** Good when a quorum has it. */
  write(key: string, value: string, leaseId: string): Answer<undefined>;
  /** Linearizable; undefined when there is no such key. */
  read(key: string): Answer<string | undefined>;
  /** With all keys that hang on it; also good when it is gone. */
  revoke(leaseId: string): Answer<undefined>;
}

export type LockAttempt =
  | { readonly kind: 'acquired'; readonly leaseId: string; readonly createRevision: string }
  | {
      readonly kind: 'held';
      readonly owner: string;
      readonly leaseId: string;
      readonly createRevision: string;
      readonly ttlSeconds: number;
    };

/** Opens a member's client URL; connecting happens at the first call. */
export type OpenEtcd = (endpoint: string) => EtcdMember;
