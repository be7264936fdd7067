/**
 * Would b's listener and a's process agree on a link at this URL, and if not, why not? The heart.
 *
 *   a  --TCP-->  b          b is up and listens on that host and port with that scheme
 *   a  --TLS-->  b          a's loaded trust verifies b's leaf; the leaf names the URL's host
 *   a  <--ask--  b          where b demands it: a's leaf, verified by b's loaded trust, with clientAuth,
 *                           whose SANs cover a's source address as b sees it
 *
 * Sources: client/pkg/transport/{listener,listener_tls,transport}.go of etcd 3.2 to 3.6, and runs of
 * 3.3.25, 3.4.23, 3.5.16 and 3.5.30.
 */

import { isoTime } from '../base/time.ts';
import type { CaId, Leaf } from './certificate.ts';
import { namesHost, normalAddress, sanText } from './certificate.ts';
import type { Fact } from './observed.ts';
import { type PeerUrl, isIpAddress, isLoopback, urlParts } from './url.ts';
import type { MemberWorld, PeerProcess } from './world.ts';

export type DialReason =
  | 'source-down'
  | 'target-down'
  | 'not-advertised'
  | 'not-listening'
  | 'http-to-tls'
  | 'https-to-plain'
  | 'no-trust'
  | 'server-leaf'
  | 'server-name'
  | 'server-usage'
  | 'no-client-leaf'
  | 'client-untrusted'
  | 'client-usage'
  | 'client-source'
  | 'expired'
  | 'allowed-name'
  | 'seen-broken';

export type DialAnswer =
  | { readonly can: 'yes'; readonly url: PeerUrl }
  | { readonly can: 'no'; readonly reason: DialReason; readonly because: string }
  | { readonly can: 'unknown'; readonly because: string };

export interface DialCase {
  readonly nowMs: number;
  readonly url: PeerUrl;
  readonly from: MemberWorld;
  readonly to: MemberWorld;
  readonly source: PeerProcess;
  readonly target: PeerProcess;
}

export function dialUrl(at: DialCase): DialAnswer {
  const { url, to, target } = at;
  const wanted = urlParts(url);
  const samePort = target.peer.listen.map(urlParts).filter((listener) => {
    return listener.port === wanted.port && accepts(listener.host, wanted.host);
  });
  if (samePort.length === 0) {
    const listens = target.peer.listen.join(', ');
    return no('not-listening', `${to.name} is advertised at ${url} and listens on ${listens}`);
  }
  if (!samePort.some((listener) => listener.scheme === wanted.scheme)) {
    return wanted.scheme === 'http'
      ? no('http-to-tls', `${to.name} is advertised at ${url} and speaks TLS on that port`)
      : no(
          'https-to-plain',
          `${to.name} is advertised at ${url} and speaks plain http on that port`,
        );
  }
  if (wanted.scheme === 'http') return { can: 'yes', url };
  return serverRefusal(at, wanted.host) ?? clientRefusal(at) ?? { can: 'yes', url };
}

/** What the dialer holds against the server's certificate. */
function serverRefusal(at: DialCase, host: string): DialAnswer | undefined {
  const { from, to, source, target } = at;
  // Auto TLS dials with InsecureSkipVerify (embed/config.go PeerSelfCert).
  if (source.peer.hasAutoTls) return undefined;
  if (target.peer.hasAutoTls) {
    return no('no-trust', `${to.name} shows a self-signed certificate (peer-auto-tls)`);
  }
  const leaf = leafOf(to, target);
  if (leaf === undefined) return no('server-leaf', `${to.name} has no usable leaf on its disk`);
  const trust = trusts(source.pool, leaf);
  if (trust === 'unknown') return unknownPool(from, source.pool);
  if (trust === 'no')
    return no('no-trust', `${from.name} has not loaded the CA of ${to.name}'s leaf`);
  const age = datesRefusal(at.nowMs, leaf, to.name);
  if (age !== undefined) return age;
  if (!namesHost(leaf, host)) {
    return no(
      'server-name',
      `${to.name}'s leaf is valid for ${sanText(leaf)}, not for ${host}, its peer URL's host`,
    );
  }
  if (!leaf.serverAuth) return no('server-usage', `${to.name}'s leaf lacks serverAuth`);
  return nameRefusal(source, leaf, from.name, to.name);
}

/** What the listener holds against the dialer's certificate. */
function clientRefusal(at: DialCase): DialAnswer | undefined {
  const { from, to, source, target } = at;
  if (!target.demandsClientCert) return undefined;
  const leaf = leafOf(from, source);
  if (leaf === undefined) {
    return no(
      'no-client-leaf',
      `${to.name} demands a client certificate and ${from.name} has loaded none`,
    );
  }
  const trust = trusts(target.pool, leaf);
  if (trust === 'unknown') return unknownPool(to, target.pool);
  if (trust === 'no') {
    return no('client-untrusted', `${to.name} has not loaded the CA of ${from.name}'s leaf`);
  }
  const age = datesRefusal(at.nowMs, leaf, from.name);
  if (age !== undefined) return age;
  if (!leaf.clientAuth) return no('client-usage', `${from.name}'s leaf lacks clientAuth`);
  const name = nameRefusal(target, leaf, to.name, from.name);
  if (name !== undefined) return name;
  return target.peer.skipsClientSan ? undefined : sourceRefusal(from, to, leaf);
}

/** etcd's checkCertSAN: the SANs must cover the address that the connection comes from. */
function sourceRefusal(from: MemberWorld, to: MemberWorld, leaf: Leaf): DialAnswer | undefined {
  if (leaf.ipAddresses.length === 0 && leaf.dnsNames.length === 0) return undefined;
  const fact = from.sources[to.name];
  if (fact?.known !== true) {
    const reason = fact === undefined ? 'nothing was seen' : fact.reason;
    return {
      can: 'unknown',
      because: `the address that ${from.name} dials ${to.name} from: ${reason}`,
    };
  }
  const missing = fact.value.filter(
    (address) => !leaf.ipAddresses.includes(normalAddress(address)),
  );
  if (missing.length === 0) return undefined;
  const list = missing.join(', ');
  if (leaf.dnsNames.length > 0) {
    const names = leaf.dnsNames.join(', ');
    return {
      can: 'unknown',
      because: `whether ${names} resolves to ${list}, the source address of ${from.name}, on ${to.name}`,
    };
  }
  return no(
    'client-source',
    `${from.name}'s leaf is valid for ${sanText(leaf)}, not for ${list}, the address its dials to ${to.name} come from`,
  );
}

/** The leaf that a process shows: whatever stands at its path now, when key and leaf fit. */
export function leafOf(member: MemberWorld, process: PeerProcess): Leaf | undefined {
  const { certFile, keyFile } = process.peer;
  if (certFile === undefined || keyFile === undefined) return undefined;
  const leaf = member.disk.files[certFile];
  const key = member.disk.files[keyFile];
  if (leaf?.kind !== 'leaf' || key?.kind !== 'key') return undefined;
  return key.keyId === leaf.leaf.keyId ? leaf.leaf : undefined;
}

function accepts(listenHost: string, dialedHost: string): boolean {
  if (listenHost === '0.0.0.0' || listenHost === '::' || listenHost === dialedHost) return true;
  if (listenHost === 'localhost') return isLoopback(dialedHost);
  // A DNS name in the URL: listeners are IP addresses, so only the port can be compared here.
  return !isIpAddress(dialedHost);
}

function trusts(pool: Fact<readonly CaId[]>, leaf: Leaf): 'yes' | 'no' | 'unknown' {
  if (!pool.known) return 'unknown';
  return leaf.trustedBy.some((authority) => pool.value.includes(authority)) ? 'yes' : 'no';
}

function unknownPool(member: MemberWorld, pool: Fact<readonly CaId[]>): DialAnswer {
  return {
    can: 'unknown',
    because: `which CA ${member.name} has loaded: ${pool.known ? '' : pool.reason}`,
  };
}

function datesRefusal(nowMs: number, leaf: Leaf, owner: string): DialAnswer | undefined {
  if (nowMs >= leaf.notBeforeMs && nowMs <= leaf.notAfterMs) return undefined;
  const [what, when] =
    nowMs < leaf.notBeforeMs
      ? ['is not valid before', leaf.notBeforeMs]
      : ['expired at', leaf.notAfterMs];
  return no('expired', `${owner}'s leaf ${what} ${isoTime(when)}`);
}

/** `--peer-cert-allowed-cn` and `-hostname` are applied to both sides of a dial (transport `baseConfig`). */
function nameRefusal(
  process: PeerProcess,
  leaf: Leaf,
  judge: string,
  owner: string,
): DialAnswer | undefined {
  const { allowedCn, allowedHostname } = process.peer;
  if (allowedCn !== undefined && !allowedCn.split(',').includes(leaf.commonName ?? '')) {
    return no(
      'allowed-name',
      `${judge} allows only the common name ${allowedCn}, and ${owner}'s leaf has ${leaf.commonName ?? 'none'}`,
    );
  }
  if (
    allowedHostname !== undefined &&
    !allowedHostname.split(',').some((name) => namesHost(leaf, name))
  ) {
    return no(
      'allowed-name',
      `${judge} allows only the host name ${allowedHostname}, and ${owner}'s leaf has ${sanText(leaf)}`,
    );
  }
  return undefined;
}

export function no(reason: DialReason, because: string): DialAnswer {
  return { can: 'no', reason, because };
}
