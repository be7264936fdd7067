/** Turns URLs that a person wrote into URLs that etcd accepts, or says what is wrong with them. */

import { type PeerUrl, isIpAddress, isHttps, parsePeerUrl, urlParts } from '../model/url.ts';
import type { Context } from './context.ts';
import { type Path, pathText } from './finding.ts';

/** An https URL for peers; undefined when it is reported. */
export function toPeerUrl(context: Context, path: Path, text: string): PeerUrl | undefined {
  const hint = `write "https://${exampleHost(text)}:2380", and nothing behind the port`;
  const url = readUrl(context, path, text, hint);
  if (url === undefined || isHttps(url)) return url;
  const wanted = `https://${url.slice('http://'.length)}`;
  context.problem(path, `${pathText(path)} must begin with https`, `write "${wanted}"`);
  return undefined;
}

/** An https URL to listen on: etcd binds to addresses, not to names. */
export function toListenUrl(context: Context, path: Path, text: string): PeerUrl | undefined {
  const url = toPeerUrl(context, path, text);
  if (url === undefined) return undefined;
  const { host } = urlParts(url);
  if (isIpAddress(host) || host === 'localhost') return url;
  const message = `${pathText(path)} must have an IP address: etcd does not listen on a name`;
  context.problem(path, message, 'write the IP address of the host, or 0.0.0.0');
  return undefined;
}

/** An http or https client URL; undefined when it is reported. */
export function toEndpoint(context: Context, path: Path, text: string): PeerUrl | undefined {
  const hint = `write, for instance, "http://${exampleHost(text)}:2379", and nothing behind it`;
  if (!/^[a-z]+:\/\/[^/?#]*[/?#]/.test(text) || text.includes('@')) {
    return readUrl(context, path, text, hint);
  }
  const message = `${pathText(path)} must end with its port: no path, no query`;
  context.problem(path, message, hint);
  return undefined;
}

function readUrl(context: Context, path: Path, text: string, hint: string): PeerUrl | undefined {
  if (text.includes('@')) {
    // The text is not quoted: what stands before the @ may be a password.
    const message = `${pathText(path)} must not hold a user or password`;
    context.problem(path, message, 'take everything up to the @ away; see cluster.auth');
    return undefined;
  }
  const url = parsePeerUrl(text);
  if (url.ok) return url.value;
  context.problem(path, `${pathText(path)} is not usable: ${url.error}`, hint);
  return undefined;
}

/** The host of a URL that is wrong somewhere else, to show it right. */
function exampleHost(text: string): string {
  const host = /^(?:[A-Za-z]+:\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)/.exec(
    text,
  )?.[1];
  return host ?? '10.0.0.1';
}

const OCTET = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`^${OCTET}(\\.${OCTET}){3}$`);

/** An IPv4 or IPv6 address, without a port or a mask. */
export function isAddress(text: string): boolean {
  if (IPV4.test(text)) return true;
  const isIpv6 = /^[0-9A-Fa-f:]*(:\d+\.\d+\.\d+\.\d+)?$/.test(text) && !text.includes(':::');
  const groups = text.split(':').length;
  const halves = text.split('::').length;
  return isIpv6 && groups <= 8 && (halves === 2 || (halves === 1 && groups === 8));
}
