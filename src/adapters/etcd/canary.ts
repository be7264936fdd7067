/** Turns etcd's leases, puts and linearizable reads into what a canary does through one member. */

import type { ILeaseGrantResponse, IRangeResponse } from 'etcd3';
import { ok } from '../../base/result.ts';
import type { CanaryCalls } from '../../ports.ts';
import type { Caller } from './client.ts';
import { grantRequest, revokeLease } from './lock.ts';
import { ask } from './member.ts';

/** LeaseGrant, Put, Range (linearizable unless `serializable` is set) and LeaseRevoke of etcd's rpc.proto. */
export function canaryCalls(client: Caller): CanaryCalls {
  return {
    grant: async (ttlSeconds) => {
      const would = 'grant a lease for the canary';
      const request = grantRequest(ttlSeconds);
      const reply = await ask<ILeaseGrantResponse>(client, 'Lease/LeaseGrant', request, { would });
      return reply.ok ? ok(reply.value.ID) : reply;
    },
    write: async (key, value, lease) => {
      const request = { key: Buffer.from(key), value: Buffer.from(value), lease };
      const reply = await ask(client, 'KV/Put', request, {
        would: `write the canary's key ${key}`,
      });
      return reply.ok ? ok(undefined) : reply;
    },
    read: async (key) => {
      const request = { key: Buffer.from(key) };
      const would = `read the canary's key ${key}`;
      const reply = await ask<IRangeResponse>(client, 'KV/Range', request, { would });
      return reply.ok ? ok(reply.value.kvs[0]?.value.toString('utf8')) : reply;
    },
    revoke: (lease) => revokeLease(client, lease),
  };
}
