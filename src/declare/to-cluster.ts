/** Turns the cluster block into the way to the live cluster's client URLs. */

import { type DesiredCluster, movesClients } from '../model/desired.ts';
import { isHttps } from '../model/url.ts';
import { type Context, hostPath, operatorPath } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { pathText } from './finding.ts';
import type { LoosePlan } from './shape.ts';
import { toEndpoint } from './urls.ts';

type LooseCluster = NonNullable<LoosePlan['cluster']>;

/** Undefined: what is wrong is reported. */
export function toCluster(
  context: Context,
  {
    cluster,
    memberApi,
    scope = DEFAULTS.scope,
  }: Pick<LoosePlan, 'cluster' | 'memberApi' | 'scope'>,
): DesiredCluster | undefined {
  if (cluster === undefined) return undefined;
  const endpoints = toEndpoints(context, cluster, movesClients(scope));
  const { via = DEFAULTS.via, auth } = cluster;
  const tls = toTls(context, cluster.tls);
  const passwordEnv = auth?.password?.env;
  const username = auth?.username;
  const isAuthWhole = username !== undefined && passwordEnv !== undefined;
  const etcdctl = toEtcdctl(context, cluster.etcdctl, memberApi);
  return {
    endpoints,
    via,
    tls,
    auth: isAuthWhole ? { username, passwordEnv } : undefined,
    ...(etcdctl === undefined ? {} : { etcdctl }),
  };
}

/** A name for the PATH, or a path that every host has. */
function toEtcdctl(
  context: Context,
  text: string | undefined,
  memberApi: LoosePlan['memberApi'],
): string | undefined {
  if (text === undefined) return undefined;
  const path = ['cluster', 'etcdctl'];
  if (memberApi !== 'etcdctl') {
    const message = 'cluster.etcdctl stands without memberApi: etcdctl, and nothing would use it';
    context.problem(path, message, 'write memberApi: etcdctl, or take it away');
  }
  return text.includes('/') ? hostPath(context, path, text, false) : text;
}

/** Where clients are moved, the TLS files are for the day the same endpoints answer https. */
function toEndpoints(context: Context, cluster: LooseCluster, moves: boolean): readonly string[] {
  const seen = new Map<string, number>();
  const hasTls = context.has(['cluster', 'tls']);
  return (cluster.endpoints ?? []).flatMap((text, index) => {
    if (text === undefined) return [];
    const path = ['cluster', 'endpoints', index];
    const url = toEndpoint(context, path, text);
    if (url === undefined) return [];
    const first = seen.get(url.toLowerCase());
    if (first !== undefined) {
      const message = `${url} is the same as cluster.endpoints[${String(first)}]`;
      context.problem(path, message, 'take one of the two away');
    }
    seen.set(url.toLowerCase(), first ?? index);
    if (isHttps(url) && !hasTls && !moves) {
      const message = `${url} needs cluster.tls.ca: nothing else says which CA to trust`;
      context.problem(
        path,
        message,
        'write, for instance, "tls: { ca: pki/ca.pem }" under cluster',
      );
    }
    if (!isHttps(url) && hasTls && !moves) {
      const message = `${url} is http, and cluster.tls asks for TLS`;
      context.problem(path, message, 'write https, or take cluster.tls away');
    }
    return [url];
  });
}

function toTls(context: Context, tls: LooseCluster['tls']): DesiredCluster['tls'] {
  if (tls === undefined) return undefined;
  const path = ['cluster', 'tls'];
  pairOf(context, path, 'cert', 'key');
  pairOf(context, path, 'key', 'cert');
  const ca = operatorPath(context, [...path, 'ca'], tls.ca);
  const cert = operatorPath(context, [...path, 'cert'], tls.cert);
  const key = operatorPath(context, [...path, 'key'], tls.key);
  return ca === undefined ? undefined : { ca, cert, key };
}

/** Reports one of certificate and key that stands there without the other. */
export function pairOf(
  context: Context,
  path: readonly (string | number)[],
  one: 'cert' | 'key',
  other: 'cert' | 'key',
): void {
  if (!context.has([...path, one]) || context.has([...path, other])) return;
  const message = `${pathText([...path, one])} stands without ${other}: a certificate and its key go together`;
  context.problem([...path, one], message, `add "${other}: ..." beside it, or take it away`);
}
