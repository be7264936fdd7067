/** Turns proxy variables of a running etcd into the peers that its https dials would not reach directly. */

import { type Objection, objection } from '../check.ts';
import type { DesiredSpec } from '../desired.ts';
import type { HostProbe } from '../host-probe.ts';
import type { ObservedState } from '../observed.ts';
import { isIpAddress, isLoopback, urlParts } from '../url.ts';

/**
 * etcd dials its peers through http.ProxyFromEnvironment (transport.go): with https URLs HTTPS_PROXY
 * begins to count, and what NO_PROXY does not name goes through the proxy.
 */
export function proxyObjections(
  desired: DesiredSpec,
  state: ObservedState | undefined,
  probes: readonly HostProbe[],
): ReadonlyMap<string, readonly Objection[]> {
  return new Map(
    probes
      .filter(({ proxy }) => proxy.known)
      .map((probe) => [probe.member, objectionsOf(desired, state, probe)]),
  );
}

function objectionsOf(
  desired: DesiredSpec,
  state: ObservedState | undefined,
  { member, proxy }: HostProbe,
): readonly Objection[] {
  if (!proxy.known) return [];
  const variables = proxy.value;
  const proxyUrl = variables.HTTPS_PROXY ?? variables.https_proxy ?? '';
  if (proxyUrl === '') return [];
  const direct = variables.NO_PROXY ?? variables.no_proxy ?? '';
  const hosts = peerHosts(desired, state, member).filter((host) => !isDirect(host, direct));
  if (hosts.length === 0) return [];
  return [
    objection(
      'fail',
      `etcd runs with HTTPS_PROXY=${proxyUrl}, and NO_PROXY does not name ${hosts.join(', ')}: once peer URLs are https its dials go through the proxy`,
      `add ${hosts.join(',')} to NO_PROXY in the environment of the service, or take HTTPS_PROXY out`,
    ),
  ];
}

function peerHosts(
  desired: DesiredSpec,
  state: ObservedState | undefined,
  member: string,
): readonly string[] {
  const hosts = desired.members
    .filter(({ name }) => name !== member)
    .flatMap(({ name, peerUrl }) => {
      const listed = state?.members.find((each) => each.name === name)?.peerUrls ?? [];
      return (peerUrl === undefined ? listed : [peerUrl]).map((url) => urlParts(url).host);
    });
  return [...new Set(hosts)];
}

/** Go's httpproxy: localhost and loopback never, `*` all, a name with its subdomains, an address, a CIDR. */
export function isDirect(host: string, noProxy: string): boolean {
  if (isLoopback(host)) return true;
  return noProxy
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '')
    .some((word) => word === '*' || isNamed(host.toLowerCase(), word));
}

function isNamed(host: string, word: string): boolean {
  if (word.includes('/')) return isInside(host, word);
  const plain = word
    .replace(/^\[|\]$/g, '')
    .replace(/:\d+$/, (port) => (/:.*:/.test(word) ? port : ''));
  if (isIpAddress(host)) return plain === host;
  if (plain.startsWith('*.')) return host.endsWith(plain.slice(1));
  if (plain.startsWith('.')) return host.endsWith(plain);
  return host === plain || host.endsWith(`.${plain}`);
}

/** IPv4 only: an IPv6 network in NO_PROXY counts as not naming the host, which only ever warns too often. */
function isInside(host: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const [a, b] = [numberOf(host), numberOf(base)];
  const size = 2 ** (32 - Number(bits));
  if (a === undefined || b === undefined || !Number.isInteger(size)) return false;
  return Math.floor(a / size) === Math.floor(b / size);
}

function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
