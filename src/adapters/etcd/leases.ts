/** Turns etcd's leases, and the roles of a user, into the few numbers and words that a check asks for. */

import type { IAuthUserGetResponse, ILeaseLeasesResponse, ILeaseTimeToLiveResponse } from 'etcd3';
import { ok } from '../../base/result.ts';
import type { Answer, GrantedLeases } from '../../ports.ts';
import type { Caller } from './client.ts';
import { ask } from './member.ts';

/** LeaseLeases (3.3 and later), then LeaseTimeToLive of at most `most` of them; a lease that ends meanwhile is left out. */
export async function leases(client: Caller, most: number): Answer<GrantedLeases> {
  const would = 'list the leases';
  const reply = await ask<ILeaseLeasesResponse>(client, 'Lease/LeaseLeases', {}, { would });
  if (!reply.ok) return reply;
  const asked = await Promise.all(
    reply.value.leases.slice(0, most).map(({ ID }) => {
      return ask<ILeaseTimeToLiveResponse>(
        client,
        'Lease/LeaseTimeToLive',
        { ID, keys: false },
        { would: `see how long lease ${ID} was granted for` },
      );
    }),
  );
  const grantedSeconds = asked.flatMap((each) => {
    return each.ok && Number(each.value.TTL) >= 0 ? [Number(each.value.grantedTTL)] : [];
  });
  return ok({ count: reply.value.leases.length, grantedSeconds });
}

/** UserGet: every user may ask for itself, root for all. */
export async function rolesOf(client: Caller, username: string): Answer<readonly string[]> {
  const would = `read the roles of the etcd user ${username}`;
  const reply = await ask<IAuthUserGetResponse>(
    client,
    'Auth/UserGet',
    { name: username },
    { would },
  );
  return reply.ok ? ok(reply.value.roles) : reply;
}
