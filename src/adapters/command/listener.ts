/** Turns a host's socket tables into the one process that listens on a member's ports. */

import { type Fact, known, unknown } from '../../model/observed.ts';
import type { ExecOutcome, Host } from '../../ports.ts';

/** One listen address of a member: an IP address or `localhost`, as etcd demands. */
export interface ListeningPort {
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** Hex as the kernel prints it: IPv4 8 digits, IPv6 32, each 32-bit word in host order. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** Reading all of /proc/*\/fd on a busy host. */
const LOOK_DEADLINE_MS = 10_000;
/** 0A is LISTEN; the table of a busy host has a hundred thousand other lines. */
const LISTENERS = "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep ' 0A '";
/** Folder lines say whose descriptors follow; `$1` is a pattern of inode numbers. */
const HOLDERS = 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E "^/proc/|socket:.($1).$"';

/** Unknown when nobody, more than one process, or a process of another user listens there. */
export async function listenerPid(
  host: Host,
  ports: readonly ListeningPort[],
): Promise<Fact<number>> {
  const places = ports.map(({ host: name, port }) => `${name}:${String(port)}`).join(', ');
  const table = await ask(host, ['sh', '-c', LISTENERS]);
  if (!table.known) return table;
  const inodes = inodesOf(parseListeners(table.value), ports);
  if (inodes.length === 0) return unknown(`nobody on ${host.label} listens on ${places}`);
  const held = await ask(host, ['sh', '-c', HOLDERS, 'sh', inodes.join('|')]);
  if (!held.known) return held;
  const pids = parseHolders(held.value);
  const [pid] = pids;
  if (pid === undefined) return unknown(`who listens on ${places} belongs to another user`);
  if (pids.length > 1) return unknown(`${places} is held by processes ${pids.join(', ')}`);
  return known(pid);
}

export function parseListeners(text: string): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [address, port] = fields[1]?.split(':') ?? [];
    const inode = fields[9];
    if (address === undefined || port === undefined || inode === undefined) return [];
    return [{ address, port: Number.parseInt(port, 16), inode }];
  });
}

/** Sockets on the very address; those on a wildcard address only where there is none. */
export function inodesOf(
  listeners: readonly Listener[],
  ports: readonly ListeningPort[],
): readonly string[] {
  const inodes = ports.flatMap(({ host, port }) => {
    const samePort = listeners.filter((listener) => listener.port === port);
    const wanted = addressesOf(host);
    const exact = samePort.filter(({ address }) => wanted.includes(address));
    return exact.length > 0 ? exact : samePort.filter(({ address }) => /^0+$/.test(address));
  });
  return [...new Set(inodes.map(({ inode }) => inode))];
}

export function parseHolders(text: string): readonly number[] {
  const pids = new Set<number>();
  let current: number | undefined;
  for (const line of text.split('\n')) {
    const folder = /^\/proc\/(\d+)\/fd:/.exec(line)?.[1];
    if (folder !== undefined) current = Number(folder);
    else if (current !== undefined && line.includes('socket:')) pids.add(current);
  }
  return [...pids];
}

async function ask(host: Host, argv: readonly string[]): Promise<Fact<string>> {
  const asked = await host.exec(argv, { deadlineMs: LOOK_DEADLINE_MS });
  if (!asked.ok) return unknown(asked.error.but);
  return isSilentGrep(asked.value)
    ? known(asked.value.stdout)
    : unknown(`the sockets of ${host.label} cannot be listed: ${asked.value.stderr.trim()}`);
}

/** grep exits 1 when no line fits: an answer, not a failure. */
function isSilentGrep(outcome: ExecOutcome): boolean {
  return outcome.exitCode === 0 || outcome.exitCode === 1;
}

/** How /proc/net/tcp and tcp6 write the addresses of one host, on a little-endian machine. */
function addressesOf(host: string): readonly string[] {
  if (host === 'localhost') return [...addressesOf('127.0.0.1'), ...addressesOf('::1')];
  const four = hexOfIpv4(host);
  if (four !== undefined) return [four, `0000000000000000FFFF0000${four}`];
  const six = hexOfIpv6(host);
  return six === undefined ? [] : [six];
}

function hexOfIpv4(host: string): string | undefined {
  const bytes = host.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
  return hex(bytes.reverse());
}

function hexOfIpv6(host: string): string | undefined {
  const plain = host.replace(/^\[|\]$/g, '');
  if (!plain.includes(':')) return undefined;
  const [head = '', tail] = plain.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const words = [...left, ...Array.from({ length: Math.max(0, gap) }, () => 0), ...right];
  if (words.length !== 8) return undefined;
  const bytes = words.flatMap((word) => [word >> 8, word & 255]);
  return [0, 4, 8, 12].map((at) => hex(bytes.slice(at, at + 4).reverse())).join('');
}

function groups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
}
