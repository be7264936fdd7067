/** Turns a member's client URL into the door through which one member is asked, and nobody else. */

import type { EtcdMember, OpenEtcd } from '../../ports.ts';
import { asked } from './asked.ts';
import { canaryCalls } from './canary.ts';
import { EtcdClient, type EtcdOptions } from './client.ts';
import { parseClientUrl, tlsProblem } from './endpoint.ts';
import { health, metrics } from './http.ts';
import { renewLease } from './lock.ts';
import { snapshot } from './snapshot.ts';

export type { EtcdOptions } from './client.ts';

/**
 * Opens client URLs that share TLS files and a login. Nothing is loaded or dialled before a method is
 * called. Each call goes to that one URL, is sent once, and ends within `callMs` (milliseconds); only
 * moveLeader has its own deadline, and snapshot one for each piece of the stream.
 * A URL that cannot be used, or TLS files that cannot, are the answer of every call.
 */
export function makeOpenEtcd(options: EtcdOptions): OpenEtcd {
  const tlsTrouble = options.tls === undefined ? undefined : tlsProblem(options.tls);
  return (endpoint) => openMember(endpoint, options, tlsTrouble);
}

function openMember(
  endpoint: string,
  options: EtcdOptions,
  tlsTrouble: string | undefined,
): EtcdMember {
  const client = new EtcdClient(
    parseClientUrl(endpoint, options.tls !== undefined),
    options,
    tlsTrouble,
  );
  return {
    ...asked(client),
    endpoint,
    health: () => health(client),
    metrics: () => metrics(client),
    snapshot: (path) => snapshot(client, path),
    renewLease: (leaseId) => renewLease(client, leaseId),
    canary: canaryCalls(client),
    close: () => {
      client.close();
    },
  };
}
