/**
 * Turns fresh probes of etcd's own, and dials of our own to peer ports, into who can dial whom. It
 * shares no code with the model that is checked against it, nor with the gates of a run.
 *
 *   issue the same URLs of b again   every member a that applies it makes two new probers of b
 *   first probes after 4 s, first tick after 5 s, each tick of a failing prober 5 s after the last
 *   a tick adds two samples; one that was never reached adds 0 to the sum (rafthttp probing_status.go)
 *
 * A probe may ride on a connection that was opened before a leaf was swapped in place. There, and for a
 * member that does not apply what the others agree on, the peer port decides: a dial from here, with the
 * files of the member that would dial. Everywhere else both must say the same.
 */

import { get as plainGet } from 'node:http';
import { get as tlsGet } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

import { fieldOf, Gateway } from '../../src/lab/gateway.ts';

export interface SeenMember {
  readonly name: string;
  /** `http://127.x.y.11:2379` */
  readonly endpoint: string;
  /** PEM texts that its dials use: the CA as loaded at its start, leaf and key as they stand now. */
  readonly files: DialFiles;
  /** The URLs that it last said others have, for when it does not answer. */
  readonly lastView: PeerUrls;
}

export interface DialFiles {
  readonly ca: string | undefined;
  readonly leaf: { readonly certificatePem: string; readonly keyPem: string } | undefined;
}

/** Member name to its peer URLs. */
export type PeerUrls = Readonly<Record<string, readonly string[]>>;

export interface SeenCluster {
  readonly members: readonly SeenMember[];
  /** May a connection of this pair, `a>b`, be older than a leaf that was swapped in place? */
  readonly mayBeOld: (pair: string) => boolean;
}

export interface SeenLinks {
  /** `m1>m2` to `yes`, `no`, or what was seen when two observations differ. */
  readonly cells: ReadonlyMap<string, string>;
  /** What each member says, or last said, of the others. */
  readonly views: ReadonlyMap<string, PeerUrls>;
  /** Members that did not apply what the others agreed on in time. */
  readonly behind: readonly string[];
}

const CALL_MS = 2000;
/** A change of the list right after an election may be dropped by etcd and never answered. */
const UPDATE_TRIES = 5;
const UPDATE_MS = 4000;
/** An entry reaches every member that is linked within a heartbeat or two (100 ms). */
const APPLY_MS = 2500;
const APPLY_LOOK_MS = 50;
const POLL_MS = 250;
const TICK_MS = 5000;
/** Both probers' ticks, on a machine that crawls. */
const TICK_GRACE_MS = 3000;
const SAMPLES_PER_TICK = 2;
const DIAL_MS = 5000;

/** Takes 5 s and a little, or as many times that as a member has URLs that fail. */
export async function observeLinks(cluster: SeenCluster): Promise<SeenLinks> {
  const asked = cluster.members.map((member) => new Asked(member));
  try {
    const { list, index } = await reissueAll(asked);
    const rows = await Promise.all(asked.map((each) => rowOf(each, list, index)));
    const cells = new Map<string, string>();
    const views = new Map<string, PeerUrls>();
    for (const [at, { name, member }] of asked.entries()) {
      const probed = rows[at];
      const view = probed === undefined ? await asked[at]?.view() : urlsOf(list);
      views.set(name, view ?? member.lastView);
      for (const to of asked.filter((each) => each.name !== name)) {
        const pair = `${name}>${to.name}`;
        const port = await dialsAny(views.get(name)?.[to.name] ?? [], member.files);
        cells.set(pair, decided(probed?.get(to.name), port, cluster.mayBeOld(pair)));
      }
    }
    const behind = asked.flatMap(({ name }, at) => (rows[at] === undefined ? [name] : []));
    return { cells, views, behind };
  } finally {
    for (const each of asked) each.close();
  }
}

/** What each member that answers says of the others' URLs. */
export async function readViews(cluster: SeenCluster): Promise<ReadonlyMap<string, PeerUrls>> {
  const views = new Map<string, PeerUrls>();
  for (const member of cluster.members) {
    const asked = new Asked(member);
    const view = await asked.view();
    if (view !== undefined) views.set(member.name, view);
    asked.close();
  }
  return views;
}

type Probe = 'reached' | 'not reached' | 'no tick' | undefined;

function decided(probe: Probe, port: string, mayBeOld: boolean): string {
  const byPort = port === 'status 200' ? 'yes' : 'no';
  if (probe === undefined) return byPort;
  if (probe === 'reached' && byPort === 'no' && mayBeOld) return 'no';
  const byProbe = probe === 'reached' ? 'yes' : 'no';
  return probe === 'no tick' || byProbe !== byPort ? `probe: ${probe}, port: ${port}` : byPort;
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly urls: readonly string[];
}

function urlsOf(list: readonly Listed[]): PeerUrls {
  return Object.fromEntries(list.map(({ name, urls }) => [name, urls]));
}

/** One member, asked over its client URL. */
class Asked {
  readonly member: SeenMember;
  readonly name: string;
  readonly #gateway: Gateway;

  constructor(member: SeenMember) {
    this.member = member;
    this.name = member.name;
    this.#gateway = new Gateway(member.endpoint);
  }

  async list(): Promise<readonly Listed[] | undefined> {
    const text = await this.#call('/cluster/member/list', {}, CALL_MS);
    const members = text === undefined ? undefined : fieldOf(text, 'members');
    if (!Array.isArray(members)) return undefined;
    return (members as { ID: string; name?: string; peerURLs: string[] }[]).map((each) => ({
      id: each.ID,
      name: each.name ?? '',
      urls: each.peerURLs,
    }));
  }

  async view(): Promise<PeerUrls | undefined> {
    const list = await this.list();
    return list === undefined ? undefined : urlsOf(list);
  }

  async isHealthy(): Promise<boolean> {
    const answer = await this.#gateway.get('/health', CALL_MS);
    return answer.kind === 'answered' && answer.status === 200;
  }

  async appliedIndex(): Promise<number | undefined> {
    const text = await this.#call('/maintenance/status', {}, CALL_MS);
    const index = text === undefined ? undefined : fieldOf(text, 'raftAppliedIndex');
    return index === undefined ? undefined : Number(index);
  }

  async update(id: string, urls: readonly string[]): Promise<boolean> {
    const body = { ID: id, peerURLs: urls };
    return (await this.#call('/cluster/member/update', body, UPDATE_MS)) !== undefined;
  }

  /** Count and sum of its round trips to each member, by ID in hex. */
  async roundTrips(): Promise<ReadonlyMap<string, RoundTrips> | undefined> {
    const answer = await this.#gateway.get('/metrics', CALL_MS);
    if (answer.kind !== 'answered') return undefined;
    const found = new Map<string, { count: number; sum: number }>();
    for (const [, part = '', id = '', number] of answer.text.matchAll(ROUND_TRIPS)) {
      const own = found.get(id) ?? { count: 0, sum: 0 };
      found.set(id, { ...own, [part]: Number(number) });
    }
    return found;
  }

  close(): void {
    this.#gateway.close();
  }

  async #call(path: string, body: object, deadlineMs: number): Promise<string | undefined> {
    const answer = await this.#gateway.call(path, body, deadlineMs);
    return answer.kind === 'answered' && answer.status === 200 ? answer.text : undefined;
  }
}

interface RoundTrips {
  readonly count: number;
  readonly sum: number;
}

const ROUND_TRIPS = /^etcd_network_peer_round_trip_time_seconds_(count|sum)\{To="(\w+)"\} (\S+)$/gm;

/** The same URLs once more for every member, one after the other; the list as agreed, and its index. */
async function reissueAll(
  asked: readonly Asked[],
): Promise<{ readonly list: readonly Listed[]; readonly index: number }> {
  for (let attempt = 0; attempt < UPDATE_TRIES; attempt += 1) {
    const healthy = await firstHealthy(asked);
    const list = await healthy?.list();
    if (healthy === undefined || list === undefined) continue;
    let isDone = true;
    for (const { id, urls } of list) isDone &&= await healthy.update(id, urls);
    const index = isDone ? await healthy.appliedIndex() : undefined;
    if (index !== undefined) return { list, index };
  }
  throw new Error(`the list did not take its own URLs in ${String(UPDATE_TRIES)} tries`);
}

/** The first that says so: a member that hangs must not use up the time until the first tick. */
function firstHealthy(asked: readonly Asked[]): Promise<Asked | undefined> {
  const states = asked.map(async (each) => {
    if (await each.isHealthy()) return each;
    throw new Error(`${each.name} is not healthy`);
  });
  return Promise.any(states).catch(() => undefined);
}

/** Each other member, to what this one's new probers found; undefined when it applies nothing. */
async function rowOf(
  from: Asked,
  list: readonly Listed[],
  index: number,
): Promise<ReadonlyMap<string, Probe> | undefined> {
  const lateAtMs = performance.now() + APPLY_MS;
  while (((await from.appliedIndex()) ?? 0) < index) {
    if (performance.now() > lateAtMs) return undefined;
    await delay(APPLY_LOOK_MS);
  }
  const before = await from.roundTrips();
  if (before === undefined) return undefined;
  const others = list.filter(({ name }) => name !== from.name);
  const found = new Map<string, Probe>(others.map(({ name }) => [name, 'no tick']));
  const ticks = Math.max(...others.map(({ urls }) => urls.length));
  const giveUpAtMs = performance.now() + TICK_MS * ticks + TICK_GRACE_MS;
  while ([...found.values()].includes('no tick') && performance.now() < giveUpAtMs) {
    await delay(POLL_MS);
    const now = await from.roundTrips();
    for (const { name, id, urls } of others) {
      if (found.get(name) !== 'no tick') continue;
      const hex = BigInt(id).toString(16);
      const samples = (now?.get(hex)?.count ?? 0) - (before.get(hex)?.count ?? 0);
      const growth = (now?.get(hex)?.sum ?? 0) - (before.get(hex)?.sum ?? 0);
      if (samples >= SAMPLES_PER_TICK && growth > 0) found.set(name, 'reached');
      else if (samples >= SAMPLES_PER_TICK * urls.length) found.set(name, 'not reached');
    }
  }
  return found;
}

/** `status 200`, or what each URL said instead. */
async function dialsAny(urls: readonly string[], files: DialFiles): Promise<string> {
  const said: string[] = [];
  for (const url of urls) {
    const answer = await dialPort(url, files);
    if (answer === 'status 200') return answer;
    said.push(`${url} ${answer}`);
  }
  return said.length === 0 ? 'no URL is known' : said.join('; ');
}

/** GET /version on a peer port as a member with these files would ask for it. */
function dialPort(url: string, files: DialFiles): Promise<string> {
  const { ca, leaf } = files;
  return new Promise((resolve) => {
    const options = { agent: false as const, signal: AbortSignal.timeout(DIAL_MS) };
    const pair = leaf === undefined ? {} : { cert: leaf.certificatePem, key: leaf.keyPem };
    const request = url.startsWith('http:')
      ? plainGet(`${url}/version`, options)
      : tlsGet(`${url}/version`, { ...options, ...pair, ...(ca === undefined ? {} : { ca }) });
    request.once('error', (error) => {
      resolve(error.message);
    });
    request.once('response', (response) => {
      response.resume();
      resolve(`status ${String(response.statusCode)}`);
    });
  });
}
