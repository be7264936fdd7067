/** Turns whatever carries requests to one member into the part of its door that is the same for all carriers. */

import type { EtcdMember } from '../../ports.ts';
import type { Caller } from './client.ts';
import { leases, rolesOf } from './leases.ts';
import { acquireLock, holdsLock, releaseLock } from './lock.ts';
import { alarms, hashKv, members, moveLeader, revision, status, updatePeerUrls } from './member.ts';

/** What a carrier does in a way of its own. */
type OwnWay = 'endpoint' | 'health' | 'metrics' | 'snapshot' | 'renewLease' | 'canary' | 'close';

/** Each method is one request and its answer, in etcd's own words. */
export function asked(client: Caller): Omit<EtcdMember, OwnWay> {
  return {
    members: () => members(client),
    status: () => status(client),
    alarms: () => alarms(client),
    updatePeerUrls: (id, urls) => updatePeerUrls(client, id, urls),
    moveLeader: (target, deadlineMs) => moveLeader(client, target, deadlineMs),
    revision: () => revision(client),
    hashKv: (at) => hashKv(client, at),
    leases: (most) => leases(client, most),
    rolesOf: (username) => rolesOf(client, username),
    acquireLock: (key, owner, ttlSeconds) => acquireLock(client, key, owner, ttlSeconds),
    holdsLock: (key, createRevision) => holdsLock(client, key, createRevision),
    releaseLock: (key, createRevision, leaseId) =>
      releaseLock(client, { key, createRevision, leaseId }),
  };
}
