/** Turns a member's host into who is connected to its client ports, and whether they speak TLS. */

import { type Result, err, ok } from '../../base/result.ts';
import type { ClientConnection, ClientLook, ClientSpeech } from '../../model/clients.ts';
import type { Failure } from '../../model/failure.ts';
import type { ClientListeners, ClientSight, ExecOutcome, Host } from '../../ports.ts';
import { type Heard, listenCommand, parseHeard } from './listening.ts';
import { ownPairs } from './own.ts';
import {
  type TcpSocket,
  isOwnAddress,
  isWildcard,
  parseHolders,
  parseOwnAddresses,
  parseSockets,
  placeText,
  portOf,
} from './socket-table.ts';

/** Reading /proc/*\/fd of a busy host. */
const TABLE_DEADLINE_MS = 10_000;
/** More than the look itself: starting perl on a busy host, and its answer. */
const LOOK_SLACK_MS = 10_000;

/** Arguments: pid or `-`. Sockets and addresses as the process sees them; then its own descriptors. */
const TABLE = [
  'at=/proc/$1/net; [ -r "$at/tcp" ] || at=/proc/net',
  'cat "$at/tcp" "$at/tcp6" "$at/fib_trie" "$at/if_inet6" 2>/dev/null',
  'echo "=="; echo "/proc/$1/fd:"; [ "$1" = - ] || ls -l "/proc/$1/fd" 2>/dev/null; exit 0',
].join('\n');

/** Standard input: one `socket:[INODE]` a line. Whose they are: the line of the folder, then the descriptor. */
const HOLDERS = [
  '{ cat; echo "=="; ls -l /proc/[0-9]*/fd 2>/dev/null; } |',
  `awk '$0 == "==" { on = 1; next } !on { wanted[$0] = 1; next }`,
  `/:$/ { folder = $0; next } $NF in wanted { print folder; print $NF }'`,
].join('\n');

/** Arguments: pids. */
const NAMES = 'for p in "$@"; do printf "%s " "$p"; cat "/proc/$p/comm" 2>/dev/null || echo; done';

type Said = Exclude<ClientSpeech, 'unknown'>;

/** What is known at one moment. */
interface Table {
  /** Accepted connections of this member, its own and ours left out, by `remote local`. */
  readonly connections: ReadonlyMap<string, TcpSocket>;
  readonly leftOut: ReadonlySet<string>;
  readonly processes: ReadonlyMap<string, string>;
  readonly isLocal: (place: string) => boolean;
}

/**
 * Looks from the host itself, and remembers from look to look which connection has said what, so that one
 * that speaks once in a while is known in the end. HOST_COMMAND_FAILED when the host cannot be asked.
 */
export function clientSight(host: Host, own: typeof ownPairs = ownPairs): ClientSight {
  let known: ReadonlyMap<string, Said> = new Map();
  return {
    look: async (listeners) => {
      const before = await tableOf(host, listeners, own);
      if (!before.ok) return before;
      const heard = await listen(host, listeners);
      const after = await tableOf(host, listeners, own);
      if (!after.ok) return after;
      const look = together(listeners, before.value, after.value, heard, known);
      known = look.known;
      return ok(look.seen);
    },
  };
}

async function listen(host: Host, { pid, lookMs, ports }: ClientListeners): Promise<Heard> {
  const argv = listenCommand(
    pid,
    lookMs,
    ports.map(({ port }) => port),
  );
  const asked = await host.exec(argv, { deadlineMs: lookMs + LOOK_SLACK_MS });
  if (!asked.ok) return { speech: new Map(), blind: asked.error.but };
  const heard = parseHeard(asked.value.stdout);
  const said = asked.value.stderr.trim().split('\n').at(-1) ?? '';
  return heard.blind === undefined || said === '' ? heard : { ...heard, blind: said };
}

function together(
  { ports }: ClientListeners,
  before: Table,
  after: Table,
  heard: Heard,
  known: ReadonlyMap<string, Said>,
): { readonly seen: ClientLook; readonly known: ReadonlyMap<string, Said> } {
  const schemes = new Map(ports.map((each) => [each.port, each.schemes]));
  const byPort = (local: string): ClientSpeech => {
    const [first, ...others] = schemes.get(portOf(local)) ?? [];
    if (first === undefined || others.length > 0) return 'unknown';
    return first === 'http' ? 'plain' : 'tls';
  };
  const remembered = new Map<string, Said>();
  const connections: ClientConnection[] = [];
  for (const [pair, { remote, local, inode }] of after.connections) {
    // What is plain stays plain: the bytes of a value may look like TLS, its frames never do.
    const said =
      known.get(inode) === 'plain' ? 'plain' : (heard.speech.get(pair) ?? known.get(inode));
    if (said !== undefined) remembered.set(inode, said);
    const process = after.processes.get(pair);
    connections.push({
      remote: placeText(remote),
      local: placeText(local),
      speaks: byPort(local) === 'unknown' ? (said ?? 'unknown') : byPort(local),
      ...(process === undefined ? {} : { process }),
    });
  }
  const blind = ports.some((each) => each.schemes.length > 1) ? heard.blind : undefined;
  return {
    known: remembered,
    seen: {
      connections: [...connections, ...gone(before, after, heard, byPort)],
      ...(blind === undefined ? {} : { blind }),
    },
  };
}

/** Plain text of connections that came and went while bytes were looked at: a probe, a cron job. */
function gone(
  before: Table,
  after: Table,
  { speech }: Heard,
  byPort: (local: string) => ClientSpeech,
): readonly ClientConnection[] {
  return [...speech].flatMap(([pair, said]): readonly ClientConnection[] => {
    const [remote = '', local = ''] = pair.split(' ');
    if (said !== 'plain' || byPort(local) === 'tls' || after.connections.has(pair)) return [];
    if (before.leftOut.has(pair) || after.leftOut.has(pair) || !after.isLocal(local)) return [];
    const process = before.processes.get(pair);
    return [
      {
        remote: placeText(remote),
        local: placeText(local),
        speaks: said,
        ...(process === undefined ? {} : { process }),
      },
    ];
  });
}

async function tableOf(
  host: Host,
  { pid, ports }: ClientListeners,
  own: typeof ownPairs,
): Promise<Result<Table, Failure>> {
  const [asked, ours] = await Promise.all([
    ask(host, ['sh', '-c', TABLE, 'sh', String(pid ?? '-')]),
    own(),
  ]);
  if (!asked.ok) return asked;
  const [table = '', descriptors = ''] = asked.value.stdout.split('==\n');
  const sockets = parseSockets(table);
  const held = parseHolders(descriptors);
  // Where its descriptors cannot be read, all that is on its ports counts.
  const isTheirs = (socket: TcpSocket): boolean => held.size === 0 || held.has(socket.inode);
  const served = sockets.filter(({ local }) => ports.some(({ port }) => port === portOf(local)));
  const listening = served.filter((each) => each.isListening && isTheirs(each));
  const accepted = served.filter((each) => !each.isListening && isTheirs(each));
  const others = await otherEnds(host, sockets, accepted);
  const isOurs = (pair: string, inode: string): boolean => {
    const end = others.get(pair);
    const isItself = end?.pid !== undefined && end.pid === (held.get(inode) ?? end.serverPid);
    return ours.has(pair) || isItself;
  };
  const addresses = parseOwnAddresses(table);
  const pairs = accepted.map((each) => [`${each.remote} ${each.local}`, each] as const);
  return ok({
    connections: new Map(pairs.filter(([pair, { inode }]) => !isOurs(pair, inode))),
    leftOut: new Set([
      ...ours,
      ...pairs.flatMap(([pair, { inode }]) => (isOurs(pair, inode) ? [pair] : [])),
    ]),
    processes: new Map([...others].map(([pair, { text }]) => [pair, text])),
    isLocal: (place) =>
      listening.some(({ local }) => {
        if (!isWildcard(local)) return local === place;
        return portOf(local) === portOf(place) && isOwnAddress(place, addresses);
      }),
  });
}

interface OtherEnd {
  readonly text: string;
  readonly pid: number;
  readonly serverPid: number | undefined;
}

/** Who on the same host holds the other end of each connection. */
async function otherEnds(
  host: Host,
  sockets: readonly TcpSocket[],
  accepted: readonly TcpSocket[],
): Promise<ReadonlyMap<string, OtherEnd>> {
  const byPlaces = new Map(sockets.map((each) => [`${each.local} ${each.remote}`, each]));
  const ends = accepted.flatMap(({ remote, local, inode }) => {
    const end = byPlaces.get(`${remote} ${local}`);
    return end === undefined ? [] : [{ pair: `${remote} ${local}`, inode, other: end.inode }];
  });
  if (ends.length === 0) return new Map();
  const inodes = ends.flatMap(({ inode, other }) => [inode, other]);
  const stdin = inodes.map((inode) => `socket:[${inode}]\n`).join('');
  const asked = await ask(host, ['sh', '-c', HOLDERS], stdin);
  // Only a name for people, and what is the member's own: without it, all of them count.
  if (!asked.ok) return new Map();
  const holders = parseHolders(asked.value.stdout);
  const names = await namesOf(host, [...new Set(holders.values())]);
  return new Map(
    ends.flatMap(({ pair, inode, other }) => {
      const pid = holders.get(other);
      if (pid === undefined) return [];
      const text = `${names.get(pid) ?? 'process'} ${String(pid)}`;
      return [[pair, { text, pid, serverPid: holders.get(inode) }] as const];
    }),
  );
}

async function namesOf(host: Host, pids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const asked = await ask(host, ['sh', '-c', NAMES, 'sh', ...pids.map(String)]);
  if (!asked.ok) return new Map();
  const lines = asked.value.stdout.matchAll(/^(\d+) (.+)$/gm);
  // Whoever runs a program names it.
  const printable = (name: string): string => name.replaceAll(/[^\x20-\x7e]/g, '?');
  return new Map([...lines].map(([, pid, name = '']) => [Number(pid), printable(name)]));
}

async function ask(
  host: Host,
  argv: readonly string[],
  stdin?: string,
): Promise<Result<ExecOutcome, Failure>> {
  const options = stdin === undefined ? {} : { stdin };
  const asked = await host.exec(argv, { deadlineMs: TABLE_DEADLINE_MS, ...options });
  if (!asked.ok || asked.value.exitCode === 0) return asked;
  return err({
    code: 'HOST_COMMAND_FAILED',
    where: `host ${host.label}`,
    would: 'list who is connected to the client ports',
    but: asked.value.stderr.trim().split('\n').at(-1) ?? 'the list of sockets cannot be read',
    so: 'it is not known who still speaks plain http; nothing was changed',
    remedy: `see why /proc/net/tcp cannot be read on ${host.label}, then run the command again`,
  });
}
