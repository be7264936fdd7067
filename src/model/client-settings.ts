/** Turns a member's settings into what its process does on the client side. */

import { FLAG, type Settings, urlList } from './settings.ts';
import { type PeerUrl, type Scheme, hostPort, isHttps, urlParts, withScheme } from './url.ts';

/** What a process does for clients, or will do after its next start. */
export interface ClientSettings {
  readonly listen: readonly PeerUrl[];
  /** Published in the member list at each start, and by nothing else. */
  readonly advertise: readonly PeerUrl[];
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly trustedCaFile: string | undefined;
  readonly hasClientCertAuth: boolean;
}

/** Settings never change, and a proof reads the same few some ten thousand times. */
const READ = new WeakMap<Settings, ClientSettings>();

/** Undefined where the settings do not say on which URLs clients are served. */
export function clientSettings(settings: Settings): ClientSettings | undefined {
  const listen = settings[FLAG.listenClientUrls];
  if (listen === undefined) return undefined;
  const known = READ.get(settings);
  if (known !== undefined) return known;
  const text = (flag: string): string | undefined => {
    const value = settings[flag];
    return value === undefined || value === '' ? undefined : value;
  };
  const read: ClientSettings = {
    listen: urlList(listen),
    advertise: urlList(settings[FLAG.advertiseClientUrls] ?? ''),
    certFile: text(FLAG.certFile),
    keyFile: text(FLAG.keyFile),
    trustedCaFile: text(FLAG.trustedCaFile),
    hasClientCertAuth: settings[FLAG.clientCertAuth]?.toLowerCase() === 'true',
  };
  READ.set(settings, read);
  return read;
}

/** Both schemes on the same hosts and ports: etcd serves http and https on one client port. */
export function inBothSchemes(urls: readonly PeerUrl[]): readonly PeerUrl[] {
  return [...new Set([...inHttps(urls), ...urls.map((url) => withScheme(url, 'http'))])];
}

export function inHttps(urls: readonly PeerUrl[]): readonly PeerUrl[] {
  return [...new Set(urls.map((url) => withScheme(url, 'https')))];
}

/** It answers https on every port that it has, and the list names one such URL first. */
export function servesHttps(client: ClientSettings | undefined): boolean {
  if (client === undefined) return false;
  const secure = new Set(client.listen.filter(isHttps).map(hostPort));
  const answers = client.listen.every((url) => secure.has(hostPort(url)));
  return answers && client.advertise.some(isHttps);
}

export function servesHttp(client: ClientSettings | undefined): boolean {
  return client?.listen.some((url) => !isHttps(url)) === true;
}

/** Its ports, each with the schemes that are served there. */
export function listenersOf({ listen }: ClientSettings): readonly {
  readonly port: number;
  readonly schemes: readonly Scheme[];
}[] {
  const ports = new Map<number, Set<Scheme>>();
  for (const url of listen) {
    const { port, scheme } = urlParts(url);
    ports.set(port, (ports.get(port) ?? new Set()).add(scheme));
  }
  return [...ports].map(([port, schemes]) => ({ port, schemes: [...schemes] }));
}
