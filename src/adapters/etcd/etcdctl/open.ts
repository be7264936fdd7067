/** Turns a member's client URL and its host into the door through which that member is asked by etcdctl. */

import { err, ok } from '../../../base/result.ts';
import type { Answer, EtcdMember, Host, OpenEtcd } from '../../../ports.ts';
import { asked } from '../asked.ts';
import { parseClientUrl, tlsProblem } from '../endpoint.ts';
import { failureOf } from '../errors.ts';
import { secondsLeft } from '../lock.ts';
import { CtlClient, type CtlOptions } from './client.ts';
import { snapshot } from './snapshot.ts';

export interface OpenEtcdctl extends CtlOptions {
  /** A name on the PATH of the hosts, or a path there. */
  readonly etcdctl: string;
  /** The machine whose etcdctl asks the member at this host name or address. */
  readonly hostOf: (host: string) => Host;
  /** For what etcdctl cannot tell: the metrics. */
  readonly direct: OpenEtcd;
}

/**
 * Opens client URLs that are asked by `etcdctl` on the members' hosts; each call is one command, which ends
 * within its time. ETCDCTL_UNUSABLE: it is missing there, older than 3.3, or what it answers is not understood.
 */
export function makeOpenEtcdctl(options: OpenEtcdctl): OpenEtcd {
  const { tls, etcdctl, hostOf, direct } = options;
  const problem = tls === undefined ? undefined : tlsProblem(tls);
  return (endpoint) => {
    const parsed = parseClientUrl(endpoint, tls !== undefined);
    const program = { etcdctl, host: hostOf(parsed.host) };
    return openMember(new CtlClient(parsed, program, options, problem), direct(endpoint));
  };
}

function openMember(client: CtlClient, direct: EtcdMember): EtcdMember {
  return {
    ...asked(client),
    endpoint: direct.endpoint,
    health: () => health(client),
    metrics: () => direct.metrics(),
    snapshot: (path) => snapshot(client, path),
    renewLease: async (leaseId) => {
      const reply = await client.call<{ TTL: string }>('Lease/LeaseKeepAlive', { ID: leaseId });
      return secondsLeft(client, reply);
    },
    close: () => {
      direct.close();
    },
  };
}

/** `endpoint health`: a linearizable read through that member; from 3.5 on an alarm is ill health, too. */
async function health(
  client: CtlClient,
): Answer<{ readonly isHealthy: boolean; readonly reason: string | undefined }> {
  const would = 'ask whether the member is healthy (etcdctl endpoint health)';
  const ended = await client.run(['endpoint', 'health']);
  if (ended.ok) return ok({ isHealthy: true, reason: undefined });
  const { kind, words } = ended.error;
  if (kind === 'not-sent' || kind === 'cut') {
    return err(failureOf(client.endpoint, ended.error, { would }));
  }
  return ok({ isHealthy: false, reason: words });
}
