/**
 * One state of the cluster as the proof sees it: for each member what its process runs with, what its
 * disk would give the next start, and its own copy of the member list.
 *
 * Handshakes use the leaf that stands on disk now (etcd reads certificate and key at every handshake,
 * client/pkg/transport/listener.go); trust and listeners are those of process start.
 */

import { Canonical, CanonicalList, numberOf } from '../base/canonical.ts';
import type { CaId, FileContent } from './certificate.ts';
import type { ClientSettings } from './client-settings.ts';
import type { MemberId, MemberName } from './ids.ts';
import type { Fact } from './observed.ts';
import { type PeerSettings, type Settings, oneSettings } from './settings.ts';
import type { PeerUrl } from './url.ts';

export interface World {
  /** For certificate dates. */
  readonly nowMs: number;
  readonly members: readonly MemberWorld[];
  /** The member list as the cluster agreed on it. */
  readonly record: Readonly<Record<string, readonly PeerUrl[]>>;
  /** Undefined: some member leads, and which one is not decided (an election took place). */
  readonly leader: MemberName | undefined;
  /** Ordered pairs `a>b` whose link was not observed since either end's last restart or URL change. */
  readonly unobserved: readonly string[];
  /** Ordered pairs that fresh probes have shown broken although everything known of them fits. */
  readonly blocked: readonly string[];
  /** The one dead-man switch that waits on a host; absent: none does. */
  readonly armed?: ArmedDeadMan;
  readonly movesClients?: true; // what members do on the client side counts
}

export interface ArmedDeadMan {
  readonly member: MemberName;
  /** The settings that peershift writes, as its firing leaves them. */
  readonly settings: Settings;
}

export interface MemberWorld {
  readonly name: MemberName;
  readonly id: MemberId;
  readonly version: string;
  /** It has no vote. */
  readonly isLearner?: boolean;
  /** Undefined while the member is down. */
  readonly process: PeerProcess | undefined;
  readonly disk: Disk;
  /** Name to peer URLs, as this member has them. */
  readonly view: Readonly<Record<string, readonly PeerUrl[]>>;
  /** The addresses that its dials to the named peer come from. */
  readonly sources: Readonly<Record<string, Fact<readonly string[]>>>;
}

export interface Disk {
  readonly settings: Settings;
  /** By path. */
  readonly files: Readonly<Record<string, FileContent>>;
}

/** What was loaded when the process started. */
export interface PeerProcess {
  readonly peer: PeerSettings;
  /** The trusted CA pool; empty when no CA file was given (system roots, which know none of our leaves). */
  readonly pool: Fact<readonly CaId[]>;
  /** Does its https listener demand a client certificate? */
  readonly demandsClientCert: boolean;
  readonly client?: ClientSettings;
}

/** One object, for every world whose links were just seen. */
export const NOTHING_UNOBSERVED: readonly string[] = [];

export function memberOf(world: World, name: string): MemberWorld {
  const member = world.members.find((each) => each.name === name);
  if (member === undefined) throw new Error(`no member ${name} in this world`);
  return member;
}

export function isUp(member: MemberWorld): boolean {
  return member.process !== undefined;
}

export function upMembers(world: World): readonly MemberWorld[] {
  return world.members.filter(isUp);
}

/** Worlds never change: one that was made before is found again by what it was made from. */
const REPLACED = new WeakMap<readonly MemberWorld[], Map<MemberWorld, World['members']>>();

export function withMember(world: World, member: MemberWorld): World {
  const known = REPLACED.get(world.members) ?? new Map<MemberWorld, World['members']>();
  REPLACED.set(world.members, known);
  const one = oneMember(member);
  const before = known.get(one);
  if (before !== undefined) return { ...world, members: before };
  const index = world.members.findIndex((each) => each.name === member.name);
  const members = withOne(world.members, index, one);
  known.set(one, members);
  return { ...world, members };
}

function withOne(from: World['members'], index: number, one: MemberWorld): World['members'] {
  if (index < 0 || from[index] === one) return from;
  const members = oneGroup(from.with(index, one));
  if (!DERIVED.has(members)) DERIVED.set(members, { from, index });
  return members;
}

/** The same members but for the one at this place: what was worked out about the others holds. */
export interface Derived {
  readonly from: World['members'];
  readonly index: number;
}

/** Asked for once each, then forgotten: a chain of these would keep all that was ever walked. */
const DERIVED = new WeakMap<World['members'], Derived>();

export function takeDerived(members: World['members']): Derived | undefined {
  const derived = DERIVED.get(members);
  DERIVED.delete(members);
  return derived;
}

const PAIR_KEYS = new Map<string, Map<string, string>>();
const PAIR_KEYS_KEPT = 1000;

export function pairKey(from: string, to: string): string {
  let keys = PAIR_KEYS.get(from);
  if (keys === undefined) {
    if (PAIR_KEYS.size >= PAIR_KEYS_KEPT) PAIR_KEYS.clear();
    keys = new Map();
    PAIR_KEYS.set(from, keys);
  }
  const known = keys.get(to);
  if (known !== undefined) return known;
  const key = `${from}>${to}`;
  keys.set(to, key);
  return key;
}

/** The pairs in which the member has an end become unobserved, and what was seen broken of them is out of date. */
export function withUnobserved(world: World, name: string, directions: 'in' | 'both'): World {
  const unobserved = unobservedAfter(world, name, directions);
  if (world.blocked.length === 0) return { ...world, unobserved };
  const changed = changedPairs(world, name, directions);
  return {
    ...world,
    unobserved,
    blocked: world.blocked.filter((pair) => !changed.includes(pair)),
  };
}

const WIDENED = new WeakMap<readonly string[], Map<string, Widened>>();

interface Widened {
  readonly names: readonly string[];
  readonly unobserved: readonly string[];
}

function unobservedAfter(
  { members, unobserved }: World,
  name: string,
  directions: 'in' | 'both',
): readonly string[] {
  const known = WIDENED.get(unobserved) ?? new Map<string, Widened>();
  WIDENED.set(unobserved, known);
  const key = `${directions} ${name}`;
  const before = known.get(key);
  const isOfThese =
    before?.names.length === members.length &&
    members.every((member, index) => member.name === before.names[index]);
  if (before !== undefined && isOfThese) return before.unobserved;
  const names = members.map((member) => member.name);
  const all = new Set([...unobserved, ...changedPairs({ members }, name, directions)]);
  const after = all.size === unobserved.length ? unobserved : PAIRS.one([...all].sort());
  known.set(key, { names, unobserved: after });
  return after;
}

function changedPairs(
  world: Pick<World, 'members'>,
  name: string,
  directions: 'in' | 'both',
): readonly string[] {
  const changed: string[] = [];
  for (const peer of world.members) {
    if (peer.name === name) continue;
    changed.push(pairKey(peer.name, name));
    if (directions === 'both') changed.push(pairKey(name, peer.name));
  }
  return changed;
}

/** Every ordered pair of the members: what is unobserved when nothing was looked at yet. */
export function allPairs(names: readonly string[]): readonly string[] {
  return names
    .flatMap((from) => names.filter((to) => to !== from).map((to) => pairKey(from, to)))
    .sort();
}

/*
 * A proof meets the same members on thousands of paths. Worlds never change, so an answer about a part is
 * kept under that part's identity, and parts that are equal in all that can be asked of them are made one.
 */
const RECORDS = new Canonical<World['record']>((record) => JSON.stringify(record));
const PAIRS = new Canonical<readonly string[]>((pairs) => pairs.join(' '));
const FILES = new Canonical<Disk['files']>((files) => {
  return JSON.stringify(Object.entries(files).map(([path, content]) => [path, numberOf(content)]));
});
const DISKS = new Canonical<Disk>((disk) => {
  return `${String(numberOf(disk.settings))} ${String(numberOf(disk.files))}`;
});
const PROCESSES = new Canonical<PeerProcess>((process) => JSON.stringify(process));

/** Equal member lists are one object. */
export function oneRecord(record: World['record']): World['record'] {
  return RECORDS.one(record);
}

/** Processes that run with the same are one object. */
export function oneProcess(process: PeerProcess): PeerProcess {
  return PROCESSES.one(process);
}

type ByProcess = Map<object, MemberWorld>;
const MEMBERS = new WeakMap<World['record'], Map<Disk, ByProcess>>();
const DOWN = {};

/** Members of which all is the same are one object. */
export function oneMember(member: MemberWorld): MemberWorld {
  const { view, process = DOWN } = member;
  const disk = oneDisk(member.disk);
  const byDisk = MEMBERS.get(view) ?? new Map<Disk, ByProcess>();
  MEMBERS.set(view, byDisk);
  const byProcess: ByProcess = byDisk.get(disk) ?? new Map<object, MemberWorld>();
  byDisk.set(disk, byProcess);
  const known = byProcess.get(process);
  if (known !== undefined && isSameMember(known, member)) return known;
  const one = { ...member, disk };
  byProcess.set(process, one);
  return one;
}

function isSameMember(a: MemberWorld, b: MemberWorld): boolean {
  const isSameKind = a.version === b.version && a.isLearner === b.isLearner;
  return a.name === b.name && a.id === b.id && isSameKind && a.sources === b.sources;
}

const ONE_DISK = new WeakMap<Disk, Disk>();

function oneDisk(disk: Disk): Disk {
  const known = ONE_DISK.get(disk);
  if (known !== undefined) return known;
  const one = DISKS.one({ settings: oneSettings(disk.settings), files: FILES.one(disk.files) });
  ONE_DISK.set(disk, one);
  return one;
}

/** The same members in the same order are one array. */
export function oneGroup(members: World['members']): World['members'] {
  return GROUPS.one(members);
}

const GROUPS = new CanonicalList<MemberWorld>();

const FACES = new WeakMap<MemberWorld, MemberWorld>();
const FACES_OF_ALL = new WeakMap<World['members'], World['members']>();
const NO_SETTINGS: Settings = {};

/** The same members as far as a dial can see them: what only their next start would load is left out. */
export function facesOf(members: World['members']): World['members'] {
  const known = FACES_OF_ALL.get(members);
  if (known !== undefined) return known;
  const faces = facesAfter(members) ?? oneGroup(members.map(faceOf));
  FACES_OF_ALL.set(members, faces);
  return faces;
}

function facesAfter(members: World['members']): World['members'] | undefined {
  const derived = takeDerived(members);
  if (derived === undefined) return undefined;
  const [before, changed] = [FACES_OF_ALL.get(derived.from), members[derived.index]];
  if (before === undefined || changed === undefined) return undefined;
  return withOne(before, derived.index, faceOf(changed));
}

function faceOf(member: MemberWorld): MemberWorld {
  const known = FACES.get(member);
  if (known !== undefined) return known;
  const { certFile, keyFile } = member.process?.peer ?? {};
  const files: Record<string, FileContent> = {};
  for (const path of [certFile, keyFile]) {
    const content = path === undefined ? undefined : member.disk.files[path];
    if (path !== undefined && content !== undefined) files[path] = content;
  }
  const face = oneMember({ ...member, disk: { settings: NO_SETTINGS, files } });
  FACES.set(member, face);
  return face;
}
