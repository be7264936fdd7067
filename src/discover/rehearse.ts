/**
 * Turns the leaves that will be used into real mutual TLS handshakes between all hosts, before anything
 * is restarted: a throw-away listener on each host, dialled from every other one. Nothing of etcd is
 * touched; keys that are put on a host are 0600 in a folder that goes away, whatever becomes of us.
 */

import { type Leaf, normalAddress } from '../model/certificate.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import { listeningOf } from '../model/host-probe.ts';
import type { Material } from '../model/material.ts';
import { type ObservedMember, type ObservedState, valueOf } from '../model/observed.ts';
import {
  type PairAnswer,
  type Rehearsal,
  type RehearsedPair,
  judgeHandshake,
} from '../model/rehearsal.ts';
import { peerSettings } from '../model/settings.ts';
import { isIpAddress, urlParts } from '../model/url.ts';
import type { Host, MemberDoors, Pki } from '../ports.ts';
import { type HostFiles, placeFiles, removeFolder } from './rehearse-files.ts';
import { DIAL, HANDSHAKE_SECONDS, LISTEN, NAMES_OF } from './rehearse-scripts.ts';

export interface RehearseInput {
  readonly desired: DesiredSpec;
  readonly state: ObservedState;
  readonly material: Material;
  readonly doors: ReadonlyMap<string, MemberDoors>;
  readonly here: Host;
  readonly pki: Pki;
  /** The second port of a member, where the rollout opens one. */
  readonly newPorts: ReadonlyMap<string, number>;
  /** The first port to listen on; undefined: a high one that is free. */
  readonly firstPort: number | undefined;
  /** Sets this rehearsal's words apart from those of another. */
  readonly id: string;
}

/** One end of the handshakes: a member, with what it listens on and dials with. */
interface End {
  readonly member: DesiredMember;
  readonly seen: ObservedMember;
  readonly host: Host;
  readonly files: HostFiles | string;
  readonly leaf: Leaf | undefined;
  readonly dialHost: string;
  readonly acceptHost: string;
  readonly port: number;
  readonly isRealPort: boolean;
}

/** Above what services use and below what kernels give to clients by themselves (32768). */
const FIRST_PORT = 23_790;
/** Beyond the scripts' own end: ssh, a loaded host, and the names that are looked up. */
const SCRIPT_MS = (HANDSHAKE_SECONDS + 18) * 1000;
const LOOK_MS = 20_000;

/** Every ordered pair once; listeners at the same time, the dials of one listener one after the other. */
export async function rehearse(input: RehearseInput): Promise<Rehearsal> {
  const members = membersOf(input);
  const files = await placeFiles(
    input,
    members.map(({ member }) => member),
  );
  try {
    const taken = await takenPorts(members.map(({ host }) => host));
    const ends = members.map((each, at) =>
      endOf(input, each, files.of.get(each.member.name), taken, at),
    );
    const rows = await Promise.all(ends.map((to) => dialsTo(input, ends, to)));
    return { pairs: inOrder(rows.flat(), ends), standIns: files.standIns };
  } finally {
    await Promise.all(
      members.map(({ member, host }) => removeFolder(host, files.of.get(member.name))),
    );
  }
}

interface Known {
  readonly member: DesiredMember;
  readonly seen: ObservedMember;
  readonly host: Host;
}

function membersOf({ desired, state, doors }: RehearseInput): readonly Known[] {
  return desired.members.flatMap((member) => {
    const seen = state.members.find(({ name }) => name === member.name);
    const host = doors.get(member.name)?.host;
    return seen === undefined || host === undefined ? [] : [{ member, seen, host }];
  });
}

function endOf(
  input: RehearseInput,
  { member, seen, host }: Known,
  files: HostFiles | string | undefined,
  taken: ReadonlySet<number>,
  at: number,
): End {
  const [url] = member.peerUrl === undefined ? seen.peerUrls : [member.peerUrl];
  const dialHost = url === undefined ? '' : urlParts(url).host;
  const settings = valueOf(seen.disk) ?? valueOf(seen.running) ?? {};
  const listens = peerSettings(settings).listen.map((each) => urlParts(each).host);
  const acceptHost = listens.includes(dialHost) ? dialHost : (listens[0] ?? '0.0.0.0');
  const newPort = input.newPorts.get(member.name);
  return {
    member,
    seen,
    host,
    files: files ?? 'nothing was put on its host',
    leaf: files === undefined || typeof files === 'string' ? undefined : files.leaf,
    dialHost,
    acceptHost,
    port: newPort ?? freePort(taken, (input.firstPort ?? FIRST_PORT) + at),
    isRealPort: newPort !== undefined,
  };
}

function freePort(taken: ReadonlySet<number>, first: number): number {
  let port = first;
  while (taken.has(port) && port < 65_535) port += 1;
  return port;
}

async function takenPorts(hosts: readonly Host[]): Promise<ReadonlySet<number>> {
  const argv = ['sh', '-c', 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; :'];
  const answers = await Promise.all(hosts.map((host) => host.exec(argv, { deadlineMs: LOOK_MS })));
  const lines = answers.flatMap((answer) => (answer.ok ? answer.value.stdout.split('\n') : []));
  return new Set(listeningOf(lines).map(({ port }) => port));
}

async function dialsTo(
  input: RehearseInput,
  ends: readonly End[],
  to: End,
): Promise<readonly RehearsedPair[]> {
  const pairs: RehearsedPair[] = [];
  for (const from of ends) {
    if (from.member.name === to.member.name) continue;
    const answer = await handshake(input, from, to);
    pairs.push({ from: from.member.name, to: to.member.name, answer });
  }
  return pairs;
}

async function handshake(input: RehearseInput, from: End, to: End): Promise<PairAnswer> {
  if (typeof from.files === 'string') return { kind: 'unknown', because: from.files };
  if (typeof to.files === 'string') return { kind: 'unknown', because: to.files };
  const names = `${from.member.name}-${to.member.name}`.replace(/[^\w-]/g, '_');
  const word = `rehearsal-${input.id}-${names}`;
  const marker = `peershift-rehearsal-${input.id}`;
  const options = { deadlineMs: SCRIPT_MS, marker };
  const target = socketText(to.dialHost, to.port);
  const kind = isIpAddress(to.dialHost) ? '-verify_ip' : '-verify_hostname';
  const hex = to.port.toString(16).toUpperCase().padStart(4, '0');
  const [server, client] = await Promise.all([
    to.host.exec(
      [
        ...['sh', '-c', LISTEN, 'sh', to.files.folder, socketText(to.acceptHost, to.port), hex],
        ...[to.files.cert, to.files.key, to.files.ca, word, ...(from.leaf?.dnsNames ?? [])],
      ],
      options,
    ),
    from.host.exec(
      [
        ...['sh', '-c', DIAL, 'sh', from.files.folder, target, kind, to.dialHost],
        ...[from.files.cert, from.files.key, from.files.ca, word],
      ],
      options,
    ),
  ]);
  if (!server.ok)
    return { kind: 'unknown', because: `on ${to.member.name}'s host: ${server.error.but}` };
  if (!client.ok)
    return { kind: 'unknown', because: `on ${from.member.name}'s host: ${client.error.but}` };
  const broken = [server.value, client.value].find(({ exitCode }) => exitCode === 2);
  if (broken !== undefined) return { kind: 'unknown', because: broken.stderr.trim() };
  const heard = linesOf(server.value.stdout);
  if (/Address already in use|unable to bind/i.test(heard('said').join('\n'))) {
    return {
      kind: 'unknown',
      because: `port ${String(to.port)} of ${to.member.name}'s host is in use`,
    };
  }
  const dialled = linesOf(client.value.stdout);
  const source = peerAddress(heard('peer')[0] ?? '');
  return judgeHandshake({
    url: target,
    from: from.member.name,
    to: to.member.name,
    client: dialled('said').join('\n'),
    server: heard('said').join('\n'),
    isAcknowledged:
      heard('answered')[0] === 'yes' &&
      dialled('got').some((line) => line.includes(`answer-${word}`)),
    source,
    isRealPort: to.isRealPort,
    leaf: from.leaf,
    resolved:
      source === undefined ? [] : await resolvedNames(to.host, from.leaf, source, heard('name')),
    skipsClientSan: peerSettings(valueOf(to.seen.disk) ?? {}).skipsClientSan,
  });
}

/** As etcd's checkCertSAN: a name that resolves to the address, or the address's own name by PTR. */
async function resolvedNames(
  host: Host,
  leaf: Leaf | undefined,
  source: string,
  forward: readonly string[],
): Promise<readonly string[]> {
  const found = forward.flatMap((line) => {
    const [name = '', address = ''] = line.split(' ');
    return normalAddress(address) === source && !name.startsWith('*') ? [name] : [];
  });
  if (found.length > 0 || (leaf?.dnsNames ?? []).length === 0) return found;
  const asked = await host.exec(['sh', '-c', NAMES_OF, 'sh', source], { deadlineMs: LOOK_MS });
  const names = asked.ok ? asked.value.stdout.trim().split(/\s+/).slice(1) : [];
  return names.filter((name) => leaf?.dnsNames.some((san) => isNamed(name, san)) === true);
}

function isNamed(name: string, san: string): boolean {
  const [a, b] = [name.toLowerCase().replace(/\.$/, ''), san.toLowerCase().replace(/\.$/, '')];
  return a === b || (b.startsWith('*.') && a.endsWith(b.slice(1)));
}

function linesOf(stdout: string): (word: string) => readonly string[] {
  const lines = stdout.split('\n');
  return (word) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
}

/** The kernel's hex, read by the reader of listening sockets; undefined when nothing was seen. */
function peerAddress(hex: string): string | undefined {
  const [row] = listeningOf([`0: ${hex}:0001 0:0 0A `]);
  return row === undefined || row.address === '*' ? undefined : normalAddress(row.address);
}

function socketText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function inOrder(pairs: readonly RehearsedPair[], ends: readonly End[]): readonly RehearsedPair[] {
  const place = (name: string): number => ends.findIndex(({ member }) => member.name === name);
  return [...pairs].sort((a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to));
}
