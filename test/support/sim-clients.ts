/** Turns a simulated cluster into what clients meet at its client ports, and who is connected there. */

import { err, ok } from '../../src/base/result.ts';
import type { ClientSettings } from '../../src/model/client-settings.ts';
import type { MemberWorld } from '../../src/model/world.ts';
import { isHttps, urlParts } from '../../src/model/url.ts';
import type { ClientSight, PeerDialer, PeerRefusal, PeerTarget } from '../../src/ports.ts';
import type { SimCluster } from './sim-cluster.ts';
import { addressOf } from './worlds.ts';

const CLIENT_PORT = 2379;

/** As its process published it at its last start. */
export function publishedBy(sim: SimCluster, { name, process }: MemberWorld): readonly string[] {
  const advertised = process?.client?.advertise ?? [];
  if (advertised.length > 0) sim.published.set(name, advertised);
  return sim.published.get(name) ?? [`http://${addressOf(name)}:${String(CLIENT_PORT)}`];
}

export function sightOf(sim: SimCluster, name: string): ClientSight {
  return {
    look: () => {
      const connections = sim.clients.filter(({ local }) => local.startsWith(addressOf(name)));
      return Promise.resolve(ok({ connections }));
    },
  };
}

/** A peer port is not dialed by a run. */
export function clientDialer(sim: SimCluster): PeerDialer {
  const servedAt = ({ url }: PeerTarget): ClientSettings | undefined => {
    const { host, port } = urlParts(url);
    if (port !== CLIENT_PORT) throw new Error('a run dials no peer port');
    return sim.world.members.find(({ name }) => addressOf(name) === host)?.process?.client;
  };
  const refusal = (isRefused: boolean): Promise<PeerRefusal> => {
    const result = isRefused ? 'refused' : 'accepted';
    return Promise.resolve({ result, because: `it ${isRefused ? 'closed' : 'answered'}` });
  };
  return {
    dial: (target) => {
      const isServed = servedAt(target)?.listen.some(isHttps) === true;
      const trouble = { kind: 'connection-refused' as const, because: 'nobody answers' };
      return Promise.resolve(isServed ? ok({ ...ANSWER }) : err(trouble));
    },
    dialPlain: (target) => {
      return refusal(servedAt(target)?.listen.every(isHttps) !== false);
    },
    dialWithoutLeaf: (target) => refusal(servedAt(target)?.hasClientCertAuth === true),
    get: () => Promise.reject(new Error('a run dials no peer port')),
  };
}

const ANSWER = {
  ...{ protocol: 'TLSv1.3', cipher: 'A_CIPHER', version: '3.4.23', fingerprint: 'a-leaf' },
} as const;
