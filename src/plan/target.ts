/** Turns the desired spec and the world into what each member must become, with the files it needs for that. */

import { Remembered } from '../base/canonical.ts';
import { type Result, err, ok } from '../base/result.ts';
import type { DesiredMember, DesiredSpec, Strategy } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { Material } from '../model/material.ts';
import { loadDisk } from '../model/load.ts';
import type { MemberGoal } from '../model/rollout.ts';
import {
  CLIENT_FLAGS,
  FLAG,
  OWNED_FLAGS,
  type Settings,
  decidedFlags,
  oneSettings,
  peerSettings,
} from '../model/settings.ts';
import type { InstalledFile } from '../model/step.ts';
import { type PeerUrl, hostPort, isHttps, urlParts, withPort, withScheme } from '../model/url.ts';
import {
  type Disk,
  type MemberWorld,
  type PeerProcess,
  type World,
  memberOf,
} from '../model/world.ts';
import { PEER_FILES, filesFor } from './files.ts';

export interface Target extends MemberGoal {
  readonly files: readonly InstalledFile[];
}

export interface TargetInput {
  readonly desired: DesiredSpec;
  readonly world: World;
  readonly material: Material;
}

/** One target a member, or every reason why a member has none. */
export function targetsOf(input: TargetInput): Result<readonly Target[], readonly Failure[]> {
  const failures: Failure[] = [];
  const urls: Record<string, readonly PeerUrl[]> = {};
  for (const desired of input.desired.members) {
    const present = input.world.record[desired.name] ?? [];
    const url = goalUrl(input.desired.strategy, desired, present);
    if (url.ok) urls[desired.name] = [url.value];
    else failures.push(url.error);
  }
  if (failures.length > 0) return err(failures);
  const byName = [...input.desired.members].sort((a, b) => (a.name < b.name ? -1 : 1));
  return ok(byName.map((desired) => targetOf(input, desired, urls)));
}

function targetOf(
  input: TargetInput,
  desired: DesiredMember,
  urls: Readonly<Record<string, readonly PeerUrl[]>>,
): Target {
  const member = memberOf(input.world, desired.name);
  const material = input.material.leaves[desired.name];
  const files = material === undefined ? [] : filesFor(input.material, desired, member, PEER_FILES);
  const [ca, leaf, key] = files;
  const goalUrls = urls[desired.name] ?? [];
  const mayMove = input.desired.strategy === 'dual-listener';
  const listen = goalListeners(desired, member, goalUrls, mayMove);
  const settings: Record<string, string> = {
    ...owned(member.disk.settings),
    [FLAG.listenPeerUrls]: [...new Set(listen)].join(','),
    [FLAG.initialAdvertisePeerUrls]: goalUrls.join(','),
    [FLAG.peerClientCertAuth]: 'true',
  };
  if (leaf !== undefined) settings[FLAG.peerCertFile] = leaf.path;
  if (key !== undefined) settings[FLAG.peerKeyFile] = key.path;
  if (ca !== undefined) settings[FLAG.peerTrustedCaFile] = ca.path;
  return {
    member: desired.name,
    urls: goalUrls,
    settings: withInitialCluster(settings, urls),
    files: input.material.mode === 'in-place' ? [] : files,
  };
}

/** Only where it is present: the given list, and state `existing`, so that a wiped member cannot start a new cluster. */
export function withInitialCluster(
  settings: Settings,
  urls: Readonly<Record<string, readonly PeerUrl[]>>,
): Settings {
  const present = settings[FLAG.initialCluster];
  if (present === undefined) return settings;
  const named = present.split(',').map((part) => part.split('=')[0]?.trim() ?? '');
  const order = [...new Set([...named, ...Object.keys(urls).sort()])].filter(
    (name) => name in urls,
  );
  const list = order.flatMap((name) => (urls[name] ?? []).map((url) => `${name}=${url}`));
  return {
    ...settings,
    [FLAG.initialCluster]: list.join(','),
    [FLAG.initialClusterState]: 'existing',
  };
}

/** The settings that peershift writes, out of all that a member has. */
export function owned(settings: Settings): Settings {
  const known = OWNED.get(settings);
  if (known !== undefined) return known;
  const mine = Object.entries(settings).filter(([flag]) => OWNED_FLAGS.includes(flag));
  const one = oneSettings(Object.fromEntries(mine));
  OWNED.set(settings, one);
  return one;
}

const OWNED = new WeakMap<Settings, Settings>();

/** What a way back will bring back of a member. */
export function startSettings(
  { movesClients }: World,
  { disk: { settings } }: MemberWorld,
): Settings {
  if (movesClients !== true) return owned(settings);
  const mine = [...OWNED_FLAGS, ...CLIENT_FLAGS];
  return Object.fromEntries(Object.entries(settings).filter(([flag]) => mine.includes(flag)));
}

/** The settings of now, of those that the given ones decide about. */
export function decidedLike(settings: Settings, like: Settings): Settings {
  const mine = decidedFlags(like);
  if (mine === OWNED_FLAGS) return owned(settings);
  return oneSettings(
    Object.fromEntries(Object.entries(settings).filter(([flag]) => mine.includes(flag))),
  );
}

/** Does the running process already do what a start with these owned settings would make it do? */
export function runsAs(member: MemberWorld, settings: Settings): boolean {
  const { process } = member;
  if (process === undefined) return false;
  // A proof plans the way back from every world: the same few questions, some ten thousand times.
  const byProcess = RUNS_AS.get(member.disk) ?? new WeakMap<PeerProcess, RunsAs>();
  RUNS_AS.set(member.disk, byProcess);
  const answers: RunsAs = byProcess.get(process) ?? new WeakMap<Settings, Answer>();
  byProcess.set(process, answers);
  const known = answers.get(settings);
  if (known?.version === member.version) return known.doesRunAs;
  const doesRunAs = wouldRunAs(member, process, settings);
  answers.set(settings, { version: member.version, doesRunAs });
  return doesRunAs;
}

interface Answer {
  readonly version: string;
  readonly doesRunAs: boolean;
}
type RunsAs = WeakMap<Settings, Answer>;
const RUNS_AS = new WeakMap<Disk, WeakMap<PeerProcess, RunsAs>>();

function wouldRunAs(member: MemberWorld, process: PeerProcess, settings: Settings): boolean {
  const disk = WANTED.get(member.disk, settings, () => diskWith(member.disk, settings));
  const wanted = loadDisk(disk, member.version);
  if (!wanted.ok || !wanted.value.pool.known || !process.pool.known) return false;
  if (wanted.value === process) return true;
  const decides = settings[FLAG.listenClientUrls] !== undefined;
  if (decides && !same(wanted.value.client, process.client)) return false;
  return same(wanted.value.peer, process.peer) && same(wanted.value.pool.value, process.pool.value);
}

const WANTED = new Remembered<Disk, Settings, Disk>();

/** The disk with these owned settings in the place of its own. */
function diskWith(disk: Disk, settings: Settings): Disk {
  const mine = decidedFlags(settings);
  if (mine.every((flag) => disk.settings[flag] === settings[flag])) return disk;
  const others = Object.entries(disk.settings).filter(([flag]) => !mine.includes(flag));
  return { settings: { ...Object.fromEntries(others), ...settings }, files: disk.files };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What the second listener's port is when the plan file does not say: etcd's own 2380 becomes 2382. */
const SECOND_PORT_OFFSET = 2;

function goalUrl(
  strategy: Strategy,
  desired: DesiredMember,
  present: readonly PeerUrl[],
): Result<PeerUrl, Failure> {
  const fallback = present.find(isHttps) ?? present[0];
  if (fallback === undefined)
    return err(urlFailure(desired, 'the member list has no peer URL for it'));
  const isSecondPort = strategy === 'dual-listener' && !isHttps(fallback);
  const port = urlParts(fallback).port + (isSecondPort ? SECOND_PORT_OFFSET : 0);
  const goal = desired.peerUrl ?? withPort(withScheme(fallback, 'https'), port);
  const hasHost = present.some((url) => urlParts(url).host === urlParts(goal).host);
  const isSamePlace = present.some((url) => hostPort(url) === hostPort(goal));
  if (isSamePlace || (strategy === 'dual-listener' && hasHost)) return ok(goal);
  return err(
    urlFailure(
      desired,
      `the plan file wants ${goal} and the member list has ${present.join(', ')}`,
    ),
  );
}

/** Where an https listener serves the goal already, the https ones stay alone; else each http listener becomes an https one on the goal's port. */
function goalListeners(
  desired: DesiredMember,
  member: MemberWorld,
  goal: readonly PeerUrl[],
  mayChangePort: boolean,
): readonly PeerUrl[] {
  if (desired.listenPeerUrls.length > 0) return desired.listenPeerUrls;
  const present = peerSettings(member.disk.settings).listen;
  const ports = goal.map((url) => urlParts(url).port);
  const secure = present.filter(isHttps);
  if (secure.some((url) => ports.includes(urlParts(url).port))) return secure;
  const [port] = ports;
  const staysOnPort = present.some((url) => ports.includes(urlParts(url).port));
  return present.map((url) => {
    const wanted = withScheme(url, 'https');
    // A list that names another port is somebody's mistake: the listener does not follow it.
    return port === undefined || staysOnPort || !mayChangePort ? wanted : withPort(wanted, port);
  });
}

function urlFailure(desired: DesiredMember, but: string): Failure {
  return {
    code: 'PEER_URL_UNUSABLE',
    where: `member ${desired.name}`,
    would: `move ${desired.name} from http to https at its present address`,
    but,
    so: 'this tool changes the scheme of a peer URL and nothing else; nothing has been changed',
    remedy: 'set peerUrl to the present host and port with https, or leave it out',
  };
}
