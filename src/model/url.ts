/**
 * Turns text into a peer or client URL that etcd accepts, or says why it would not.
 *
 * The server does not check what `member update` brings (etcd `v3rpc/member.go`, 3.2 to 3.6): a URL that
 * `types.NewURLs` refuses makes every other member panic, again at each restart. So a peer URL exists
 * only as the value that `parsePeerUrl` made, and nothing else can be sent.
 */

import type { Brand } from '../base/brand.ts';
import { type Result, err, ok } from '../base/result.ts';

/** `scheme://host:port`, nothing behind it; scheme http or https, host as people wrote it. */
export type PeerUrl = Brand<string, 'PeerUrl'>;

export type Scheme = 'http' | 'https';

export interface UrlParts {
  readonly scheme: Scheme;
  /** Without brackets, lower case. */
  readonly host: string;
  readonly port: number;
}

const FORM = /^([a-z]+):\/\/(\[[0-9A-Fa-f:.%]+\]|[^[\]/:?#@\s]*)(?::(\d*))?(.*)$/;
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)$/;

/** The rules of etcd's `types.NewURLs` (client/pkg/types/urls.go), and no query or fragment, which break dials. */
export function parsePeerUrl(text: string): Result<PeerUrl, string> {
  const match = FORM.exec(text);
  if (match === null) return err(`"${text}" is not a URL of the form scheme://host:port`);
  const [, scheme, host = '', port, tail = ''] = match;
  if (scheme !== 'http' && scheme !== 'https') {
    return err(`scheme "${scheme ?? ''}" is not http or https`);
  }
  if (tail.startsWith('/')) {
    return err(`a path ("${tail}") is not allowed, not even "/": etcd panics on it`);
  }
  if (tail.startsWith('?') || tail.startsWith('#')) {
    return err(`a query or fragment ("${tail}") is not allowed`);
  }
  if (tail !== '') return err(`"${tail}" behind the host is not a port`);
  if (host === '') return err('the host is missing');
  if (!HOST.test(host)) return err(`"${host}" is not a host name or IP address`);
  if (port === undefined || port === '') return err('the port is missing');
  const number = Number(port);
  if (number < 1 || number > 65_535) return err(`port ${port} is not between 1 and 65535`);
  return ok(text as PeerUrl);
}

/** A proof asks the same few URLs some hundred thousand times; a cluster has two for each member. */
const PARTS = new Map<PeerUrl, UrlParts>();
const PARTS_KEPT = 1000;

export function urlParts(url: PeerUrl): UrlParts {
  const kept = PARTS.get(url);
  if (kept !== undefined) return kept;
  const [, scheme = '', host = '', port = ''] = FORM.exec(url) ?? [];
  const parts: UrlParts = {
    scheme: scheme as Scheme,
    host: host.replace(/^\[|\]$/g, '').toLowerCase(),
    port: Number(port),
  };
  if (PARTS.size >= PARTS_KEPT) PARTS.clear();
  PARTS.set(url, parts);
  return parts;
}

export function isHttps(url: PeerUrl): boolean {
  return url.startsWith('https://');
}

/** The same host and port with another scheme. */
export function withScheme(url: PeerUrl, scheme: Scheme): PeerUrl {
  return url.replace(/^https?:/, `${scheme}:`) as PeerUrl;
}

/** The same scheme and host with another port. */
export function withPort(url: PeerUrl, port: number): PeerUrl {
  return url.replace(/\d+$/, String(port)) as PeerUrl;
}

/** The host and port alone: what two URLs share that differ in the scheme. */
export function hostPort(url: PeerUrl): string {
  const { host, port } = urlParts(url);
  return `${host}:${String(port)}`;
}

/** Sorted as etcd stores and tries them: lexically, so http before https (urlpick.go, NewURLs). */
export function sortedUrls(urls: readonly PeerUrl[]): readonly PeerUrl[] {
  return [...urls].sort();
}

export function sameUrls(a: readonly PeerUrl[], b: readonly PeerUrl[]): boolean {
  return sortedUrls(a).join() === sortedUrls(b).join();
}

export function isIpAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':');
}

export function isLoopback(host: string): boolean {
  return /^127\.\d/.test(host) || host === '::1' || host === 'localhost';
}
