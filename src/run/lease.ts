/**
 * One run at a time: a lease-bound key in the target cluster, renewed while the run lives and read back
 * before every effect. A lease that is lost is never taken again by the same run.
 */

import { type Result, err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { EtcdMember } from '../ports.ts';
import type { RunDoors } from './run-doors.ts';

/** Longer than any window that a run predicts, times three; short enough that a dead owner's lock goes by itself. */
const LOCK_TTL_SECONDS = 180;
const RENEW_EVERY_MS = 15_000;

export interface ClusterLock {
  readonly key: string;
  readonly leaseId: string;
  readonly createRevision: string;
  /** A linearizable read: does the key still have our create revision? */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

export interface LockRequest {
  readonly doors: RunDoors;
  /** Runs of this state folder, which nobody else can be carrying out: their lock is taken over at once. */
  readonly formerOwners: readonly string[];
  /** The text of a dead owner, given by a person. */
  readonly breaksLockOf?: string | undefined;
}

/** The lock of the state folder is all there is: the one in the cluster needs its API. */
export const NO_CLUSTER_LOCK: ClusterLock = {
  key: '',
  leaseId: '',
  createRevision: '',
  isHeld: () => Promise.resolve(true),
  release: () => Promise.resolve(),
};

export async function acquireLock(request: LockRequest): Promise<Result<ClusterLock, Failure>> {
  const { doors } = request;
  let last: Failure | undefined;
  for (const [, etcd] of doors.etcd) {
    const first = await etcd.acquireLock(doors.lockKey, doors.lockOwner, LOCK_TTL_SECONDS);
    if (!first.ok) {
      last = first.error;
      continue;
    }
    if (first.value.kind === 'acquired') return ok(keepLock(doors, first.value));
    const { owner, leaseId, createRevision, ttlSeconds } = first.value;
    const isBroken = owner === request.breaksLockOf;
    if (!request.formerOwners.includes(owner) && !isBroken) return err(heldBy(owner, ttlSeconds));
    if (isBroken) {
      const what = `the lock of "${owner}" (${String(ttlSeconds)} s left) is taken over, as asked by --break-lock`;
      const written = await doors.journal.write({ type: 'noted', what });
      if (!written.ok) return written;
    }
    await etcd.releaseLock(doors.lockKey, createRevision, leaseId);
    const again = await etcd.acquireLock(doors.lockKey, doors.lockOwner, LOCK_TTL_SECONDS);
    if (again.ok && again.value.kind === 'acquired') return ok(keepLock(doors, again.value));
    return err(again.ok ? heldBy(owner, ttlSeconds) : again.error);
  }
  return err(last ?? heldBy('an unknown owner', 0));
}

function keepLock(doors: RunDoors, held: { leaseId: string; createRevision: string }): ClusterLock {
  const { leaseId, createRevision } = held;
  const stop = new AbortController();
  const renewing = renewUntil(doors, leaseId, stop.signal);
  return {
    key: doors.lockKey,
    leaseId,
    createRevision,
    isHeld: async () => {
      const answer = await askAny(doors, (etcd) => etcd.holdsLock(doors.lockKey, createRevision));
      return answer ?? false;
    },
    release: async () => {
      stop.abort();
      await renewing;
      await askAny(doors, (etcd) => etcd.releaseLock(doors.lockKey, createRevision, leaseId));
    },
  };
}

async function renewUntil(doors: RunDoors, leaseId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    await doors.clock.sleep(RENEW_EVERY_MS, signal);
    if (signal.aborted) return;
    const left = await askAny(doors, (etcd) => etcd.renewLease(leaseId));
    if (left === 0) return;
  }
}

/** The first answer of any member, the leader first: a follower forwards keepalives to the leader's URL. */
async function askAny<T>(
  doors: RunDoors,
  ask: (etcd: EtcdMember) => Promise<Result<T, Failure>>,
): Promise<T | undefined> {
  for (const etcd of await leaderFirst(doors)) {
    const answer = await ask(etcd);
    if (answer.ok) return answer.value;
  }
  return undefined;
}

async function leaderFirst(doors: RunDoors): Promise<readonly EtcdMember[]> {
  const all = await Promise.all(
    [...doors.etcd.values()].map(async (etcd) => ({ etcd, status: await etcd.status() })),
  );
  const weight = (each: (typeof all)[number]): number =>
    each.status.ok ? (each.status.value.isLeader ? 0 : 1) : 2;
  return all.sort((a, b) => weight(a) - weight(b)).map((each) => each.etcd);
}

function heldBy(owner: string, ttlSeconds: number): Failure {
  return {
    code: 'ALREADY_RUNNING',
    where: 'cluster lock',
    would: 'be the only run on this cluster',
    but: `${owner} holds the lock; it expires in ${String(ttlSeconds)} s unless renewed`,
    so: 'two runs at once would each undo what the other rests on; nothing has been changed',
    remedy: `wait for that run to end or, if it is dead, for its lock to expire; --break-lock ${JSON.stringify(owner)} takes it over at once`,
  };
}

export function lockLost(where: string): Failure {
  return {
    code: 'LOCK_LOST',
    where,
    would: 'go on with the run',
    but: 'the lock key in the cluster no longer has our create revision, or no member answers about it',
    so: 'another run may be active; nothing more is changed',
    remedy: 'peershift status shows the cluster; peershift resume goes on when it is free',
  };
}
