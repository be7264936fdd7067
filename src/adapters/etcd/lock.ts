/** Turns a key under a lease into a lock that one run holds, and says who holds it otherwise. */

import type {
  ICompare,
  IDuplexStream,
  IKeyValue,
  ILeaseGrantResponse,
  ILeaseKeepAliveRequest,
  ILeaseKeepAliveResponse,
  ILeaseTimeToLiveResponse,
  IRangeResponse,
  IResponseOp,
  ITxnRequest,
  ITxnResponse,
} from 'etcd3';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, LockAttempt } from '../../ports.ts';
import { type Caller, type EtcdClient, type Line, start } from './client.ts';
import { failureOf } from './errors.ts';
import { ask } from './member.ts';
import type { Trouble } from './trouble.ts';

/** The lease of a key that nothing will ever remove. */
const NO_LEASE = '0';

/**
 * Grants a lease and creates the key under it in one transaction. What failed half-way is taken back; where
 * even that fails, the lease ends by itself after `ttlSeconds`. The seconds of a holder are those left of its
 * lease, or, when the member cannot tell, the TTL asked for here: the holder's own is most likely the same.
 */
export async function acquireLock(
  client: Caller,
  key: string,
  owner: string,
  ttlSeconds: number,
): Answer<LockAttempt> {
  const would = `take the cluster lock ${key}`;
  const grant = await ask<ILeaseGrantResponse>(
    client,
    'Lease/LeaseGrant',
    grantRequest(ttlSeconds),
    {
      would,
      so: 'the lock is not taken',
    },
  );
  if (!grant.ok) return grant;
  const leaseId = grant.value.ID;
  const created = await client.call<ITxnResponse>('KV/Txn', createRequest(key, owner, leaseId));
  if (created.ok && created.value.succeeded) {
    return ok({ kind: 'acquired', leaseId, createRevision: created.value.header.revision });
  }
  const isUndone = await revoke(client, leaseId);
  if (created.ok) return held(client, key, created.value.responses, ttlSeconds);
  const so = isUndone
    ? 'the lock is not taken'
    : `the lock may be taken; it goes by itself within ${String(ttlSeconds)} s`;
  return err(failureOf(client.endpoint, created.error, { would, so }));
}

/** Of a lease whose ID etcd is to choose. */
export function grantRequest(ttlSeconds: number): object {
  return { TTL: String(ttlSeconds), ID: NO_LEASE };
}

function createRequest(key: string, owner: string, lease: string): ITxnRequest {
  const bytes = Buffer.from(key);
  return {
    compare: [hasCreateRevision(key, '0')],
    success: [{ request_put: { key: bytes, value: Buffer.from(owner), lease } }],
    failure: [{ request_range: { key: bytes } }],
  };
}

function hasCreateRevision(key: string, createRevision: string): ICompare {
  return {
    result: 'Equal',
    target: 'Create',
    key: Buffer.from(key),
    create_revision: createRevision,
  };
}

async function held(
  client: Caller,
  key: string,
  responses: readonly IResponseOp[],
  askedSeconds: number,
): Answer<LockAttempt> {
  const found: IKeyValue | undefined = responses[0]?.response_range.kvs[0];
  if (found === undefined || found.lease === NO_LEASE) {
    return err(failureOf(client.endpoint, everlasting(key, found), lockedForGood(key)));
  }
  const left = await client.call<ILeaseTimeToLiveResponse>('Lease/LeaseTimeToLive', {
    ID: found.lease,
    keys: false,
  });
  return ok({
    kind: 'held',
    owner: found.value.toString('utf8'),
    leaseId: found.lease,
    createRevision: found.create_revision,
    ttlSeconds: left.ok ? Math.max(0, Number(left.value.TTL)) : askedSeconds,
  });
}

function everlasting(key: string, found: IKeyValue | undefined): Trouble {
  const value = found === undefined ? '' : ` with the value "${found.value.toString('utf8')}"`;
  return {
    kind: 'refused',
    words: `the key ${key} exists${value} and has no lease, so it was not made by a run`,
    remedy: `when no run is active, remove it: etcdctl del ${key}`,
  };
}

function lockedForGood(key: string): { would: string; so: string; code: 'ALREADY_RUNNING' } {
  return {
    code: 'ALREADY_RUNNING',
    would: `take the cluster lock ${key}`,
    so: 'the lock is not taken and will not become free by itself',
  };
}

/** With all keys that hang on it; good when it is gone already. */
export async function revokeLease(client: Caller, leaseId: string): Answer<undefined> {
  const reply = await client.call('Lease/LeaseRevoke', { ID: leaseId });
  if (reply.ok || isGone(reply.error)) return ok(undefined);
  const so = 'the lease and its keys go by themselves when its time is over';
  return err(failureOf(client.endpoint, reply.error, { would: `revoke lease ${leaseId}`, so }));
}

/** Is the lease gone, or was it never there? */
async function revoke(client: Caller, leaseId: string): Promise<boolean> {
  return (await revokeLease(client, leaseId)).ok;
}

function isGone(trouble: Trouble): boolean {
  return trouble.kind === 'refused' && trouble.words.includes('requested lease not found');
}

/** One keep-alive there and back: a stream that stays open would hide that its answers have stopped. */
export async function renewLease(client: EtcdClient, leaseId: string): Answer<number> {
  const reply = await client.use('Lease', {}, (line) => keepAliveOnce(line, leaseId));
  return secondsLeft(client, reply);
}

/** What a keep-alive's answer says of the lease; 0 when it is gone. */
export function secondsLeft(
  client: Caller,
  reply: Result<{ readonly TTL: string }, Trouble>,
): Result<number, Failure> {
  if (reply.ok) return ok(Math.max(0, Number(reply.value.TTL)));
  if (isGone(reply.error)) return ok(0);
  return err(
    failureOf(client.endpoint, reply.error, {
      would: 'renew the lease of the cluster lock',
      so: 'the lease runs on with the seconds that are left of it',
    }),
  );
}

function keepAliveOnce(line: Line, leaseId: string): Promise<ILeaseKeepAliveResponse> {
  const options = { deadline: line.deadlineAtMs };
  const stream = start(line, 'LeaseKeepAlive', line.metadata, options) as IDuplexStream<
    ILeaseKeepAliveRequest,
    ILeaseKeepAliveResponse
  >;
  return new Promise((resolve, reject) => {
    // Stays on: cancel() below makes one more error, which nobody needs.
    stream.on('error', reject);
    stream.on('end', () => {
      reject(new Error('the stream ended without an answer'));
    });
    stream.on('data', (reply) => {
      resolve(reply);
      stream.cancel();
    });
    stream.write({ ID: leaseId });
  });
}

/** By a linearizable read: false when the key is gone or was made anew by somebody else. */
export async function holdsLock(
  client: Caller,
  key: string,
  createRevision: string,
): Answer<boolean> {
  const request = { key: Buffer.from(key) };
  const reply = await ask<IRangeResponse>(client, 'KV/Range', request, {
    would: `see whether the cluster lock ${key} is still held`,
    so: 'whether the lock is still held is not known',
  });
  if (!reply.ok) return reply;
  return ok(reply.value.kvs[0]?.create_revision === createRevision);
}

export interface HeldLock {
  readonly key: string;
  readonly createRevision: string;
  readonly leaseId: string;
}

/** Removes the key if it is still this one, and the lease with whatever else hangs on it. */
export async function releaseLock(client: Caller, lock: HeldLock): Answer<undefined> {
  const removed = await client.call<ITxnResponse>('KV/Txn', {
    compare: [hasCreateRevision(lock.key, lock.createRevision)],
    success: [{ request_delete_range: { key: Buffer.from(lock.key) } }],
    failure: [],
  } satisfies ITxnRequest);
  const isRevoked = await revoke(client, lock.leaseId);
  if (removed.ok || isRevoked) return ok(undefined);
  return err(
    failureOf(client.endpoint, removed.error, {
      would: `release the cluster lock ${lock.key}`,
      so: 'the lock stays until its lease ends by itself',
    }),
  );
}
