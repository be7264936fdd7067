/**
 * Turns a world into a live simulated cluster: members start from their disks, elect, spread the member
 * list and probe each other, all by the laws of the model. It outlives the peershift that works on it.
 */

import type { FileContent } from '../../src/model/certificate.ts';
import type { ClientConnection } from '../../src/model/clients.ts';
import { dialBetween } from '../../src/model/dial.ts';
import { type MemberName, memberName } from '../../src/model/ids.ts';
import type { Settings } from '../../src/model/settings.ts';
import { flagOfEnvironment } from '../../src/model/settings.ts';
import { started, stopped } from '../../src/model/steps/restart-member.ts';
import { linkedMajority, settle } from '../../src/model/steps/settle.ts';
import type { PeerUrl } from '../../src/model/url.ts';
import { type World, isUp, memberOf, withMember } from '../../src/model/world.ts';
import { FakeConfig, FakeHost, FakeLog, FakeService, envFileOf } from './fake-doors.ts';
import { FakeDeadMan } from './fake-dead-man.ts';
import { SimTime } from './sim-time.ts';
import { addressOf } from './worlds.ts';

export const CONFIG_PATH = '/etc/default/etcd';
/** rafthttp probes a peer a second before the tick that counts the answer (facts, section 7). */
const TICK_MS = 5000;
const PROBE_BEFORE_TICK_MS = 1000;

export interface SimMember {
  readonly name: MemberName;
  readonly host: FakeHost;
  readonly service: FakeService;
  readonly config: FakeConfig;
  readonly log: FakeLog;
  readonly deadMan: FakeDeadMan;
}

/** Since when a process has probed a peer, and what its histogram had before. */
interface Prober {
  readonly sinceMs: number;
  readonly count: number;
  readonly sum: number;
  ticks: number;
  isCounted: boolean;
  lastSeconds: number;
  countNow: number;
  sumNow: number;
}

export interface SimLock {
  readonly key: string;
  readonly owner: string;
  readonly leaseId: string;
  readonly createRevision: string;
  expiresAtMs: number;
}

export class SimCluster {
  readonly time: SimTime;
  readonly members: readonly SimMember[];
  readonly here = new FakeHost('here');
  world: World;
  term = 4;
  index = 1200;
  readonly applied = new Map<string, number>();
  lock: SimLock | undefined;
  /** Connections to client ports, by their local address. */
  clients: readonly ClientConnection[] = [];
  /** Client URLs as each member last published them. */
  readonly published = new Map<string, readonly string[]>();
  /** Member updates with other URLs than before, in order. */
  readonly updates: string[] = [];
  readonly transfers: string[] = [];
  /** etcd's own reason for not starting, beside those of the model. */
  refusesStart: (name: string, settings: Settings) => boolean = () => false;
  /** Members whose /metrics cannot be read: by name, why. */
  readonly hidesMetrics = new Map<string, string>();
  readonly #probers = new Map<string, Prober>();

  constructor(world: World) {
    this.world = world;
    this.time = new SimTime(world.nowMs);
    this.members = world.members.map((member) => this.#member(world, member.name));
    this.#followTime(this.here);
    for (const member of this.members) {
      if (isUp(memberOf(world, member.name))) member.service.run(world.nowMs - 3_600_000);
      member.service.onChange = () => {
        this.#follow(member);
      };
      this.applied.set(member.name, this.index);
    }
  }

  member(name: string): SimMember {
    const member = this.members.find((each) => each.name === name);
    if (member === undefined) throw new Error(`no member ${name}`);
    return member;
  }

  /** The names that have quorum together now. */
  get majority(): ReadonlySet<string> {
    return linkedMajority(this.world) ?? new Set();
  }

  /** A committed write: everybody in the majority applies it. */
  commit(): void {
    this.index += 1;
    for (const name of this.majority) this.applied.set(name, this.index);
  }

  /** Nobody does anything for so long; dead-men do what they are for. */
  pass(ms: number): void {
    this.time.nowMs += ms;
    this.world = { ...this.world, nowMs: this.world.nowMs + ms };
    for (const { deadMan } of this.members) deadMan.pass();
  }

  update(name: string, urls: readonly PeerUrl[]): void {
    const before = (this.world.record[name] ?? []).join();
    if (before !== urls.join()) this.updates.push(`${name} ${urls.join()}`);
    const record = { ...this.world.record, [name]: urls };
    this.world = settle({ ...this.world, record });
    this.commit();
    for (const member of this.world.members) {
      if (member.name !== name && isUp(member) && this.majority.has(member.name)) {
        this.#probe(member.name, name);
      }
    }
    this.#elect();
  }

  lead(name: string): void {
    this.world = { ...this.world, leader: memberName(name) };
    this.term += 1;
  }

  /** A member dies by itself. */
  crash(name: string): void {
    void this.member(name).service.stop();
  }

  /** From now on `from` cannot reach `to`, whatever the certificates say. */
  block(...pairs: readonly string[]): void {
    this.world = { ...this.world, blocked: [...this.world.blocked, ...pairs] };
  }

  /** What a member's round trip histogram of a peer shows now. */
  roundTrips(from: string, to: string): { readonly count: number; readonly sum: number } {
    const prober = this.#probers.get(`${from}>${to}`);
    if (prober === undefined) return { count: 0, sum: 0 };
    this.#tick(prober, from, to);
    return { count: prober.countNow, sum: prober.sumNow };
  }

  #probe(from: string, to: string): void {
    const { count, sum } = this.roundTrips(from, to);
    const fresh = { ticks: 0, isCounted: false, lastSeconds: 0, countNow: count, sumNow: sum };
    this.#probers.set(`${from}>${to}`, { sinceMs: this.time.nowMs, count, sum, ...fresh });
  }

  /** A tick repeats the last round trip that there was, so only the first one after a re-issue is evidence. */
  #tick(prober: Prober, from: string, to: string): void {
    const due = Math.floor((this.time.nowMs - prober.sinceMs) / TICK_MS);
    const probed = this.time.nowMs - prober.sinceMs >= TICK_MS - PROBE_BEFORE_TICK_MS;
    if (probed && dialBetween(this.world, from, to).can === 'yes') prober.lastSeconds = 0.001;
    while (prober.ticks < due) {
      prober.ticks += 1;
      prober.countNow += 2;
      prober.sumNow += prober.lastSeconds;
    }
  }

  /** After a service was asked to start or stop. */
  #follow({ name, host, service }: SimMember): void {
    const wasUp = isUp(memberOf(this.world, name));
    if (service.pid === undefined) {
      this.world = stopped(this.world, name);
    } else if (!wasUp) {
      this.#readDisk(name);
      const settings = memberOf(this.world, name).disk.settings;
      const up = this.refusesStart(name, settings) ? this.world : started(this.world, name);
      this.world = { ...up, unobserved: [], blocked: this.world.blocked };
      if (!isUp(memberOf(up, name))) {
        host.processes.delete(service.pid);
        service.pid = undefined;
      }
      for (const key of [...this.#probers.keys()]) {
        if (key.startsWith(`${name}>`)) this.#probers.delete(key);
      }
      for (const peer of this.world.members) {
        if (peer.name !== name && isUp(memberOf(this.world, name))) this.#probe(name, peer.name);
      }
    }
    this.#elect();
  }

  /** A majority always has a leader; a leader outside of it leads nobody. */
  #elect(): void {
    const { majority } = this;
    for (const name of majority) this.applied.set(name, this.index);
    const { leader } = this.world;
    if (leader !== undefined && majority.has(leader)) return;
    const [next] = [...majority].sort();
    this.world = { ...this.world, leader: next === undefined ? undefined : memberName(next) };
    if (next !== undefined) this.term += 1;
  }

  #readDisk(name: string): void {
    const { host } = this.member(name);
    const lines = (host.textOf(CONFIG_PATH) ?? '').split('\n').filter((line) => line.includes('='));
    const settings = Object.fromEntries(
      lines.flatMap((line) => {
        const flag = flagOfEnvironment(line.slice(0, line.indexOf('=')));
        return flag === undefined ? [] : [[flag, line.slice(line.indexOf('=') + 1)] as const];
      }),
    );
    const files = Object.fromEntries(
      [...host.files.keys()].flatMap((path) => {
        const text = host.textOf(path) ?? '';
        if (!text.startsWith('fake ')) return [];
        return [[path, JSON.parse(text.slice('fake '.length)) as FileContent] as const];
      }),
    );
    const member = memberOf(this.world, name);
    this.world = withMember(this.world, { ...member, disk: { settings, files } });
  }

  #member(world: World, name: MemberName): SimMember {
    const { disk, sources } = memberOf(world, name);
    const host = new FakeHost(name);
    host.put(CONFIG_PATH, envFileOf(disk.settings));
    for (const [path, content] of Object.entries(disk.files)) {
      host.put(path, `fake ${JSON.stringify(content)}\n`);
    }
    for (const [peer, fact] of Object.entries(sources)) {
      const [address] = fact.known ? fact.value : [];
      if (address !== undefined) host.sources.set(addressOf(peer), address);
    }
    this.#followTime(host);
    const service = new FakeService(host, CONFIG_PATH);
    const config = new FakeConfig(host, CONFIG_PATH);
    const deadMan = new FakeDeadMan(host, service);
    return { name, host, service, config, log: new FakeLog(), deadMan };
  }

  #followTime(host: FakeHost): void {
    Object.defineProperty(host, 'nowMs', { get: () => this.time.nowMs });
  }
}
