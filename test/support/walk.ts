/** Turns a world and a stream of random numbers into the next thing to do to a live cluster. */

import type { FileContent } from '../../src/model/certificate.ts';
import { dialMatrix } from '../../src/model/dial.ts';
import { type MemberName, memberName } from '../../src/model/ids.ts';
import { FLAG } from '../../src/model/settings.ts';
import { linkedMajority } from '../../src/model/steps/settle.ts';
import { advertisePeer } from '../../src/model/steps/advertise-peer.ts';
import { started, startRefusal, stopped } from '../../src/model/steps/restart-member.ts';
import type { AdvertisePeer } from '../../src/model/step.ts';
import { type PeerUrl, parsePeerUrl } from '../../src/model/url.ts';
import { type MemberWorld, type World, memberOf, withMember } from '../../src/model/world.ts';
import { LEAF_KINDS, type LeafKind } from './leaf-kinds.ts';

/** What others are told to dial: `second` is https on the second port alone. */
const URL_KINDS = ['http', 'https', 'both', 'second'] as const;
export const LISTEN_KINDS = ['http', 'https', 'both'] as const;
const TRUST_KINDS = ['ours', 'other', 'both'] as const;

export type UrlKind = (typeof URL_KINDS)[number];
export type ListenKind = (typeof LISTEN_KINDS)[number];
export type TrustKind = (typeof TRUST_KINDS)[number];

/** What a member's settings say about its peer side. */
export interface PeerConfig {
  readonly listen: ListenKind;
  readonly loadsTrust: boolean;
  readonly loadsLeaf: boolean;
  readonly demandsLeaf: boolean;
}

export type Action =
  | { readonly kind: 'update'; readonly member: MemberName; readonly urls: UrlKind }
  | { readonly kind: 'switch'; readonly member: MemberName; readonly config: PeerConfig }
  | { readonly kind: 'restart'; readonly member: MemberName }
  | { readonly kind: 'crash'; readonly member: MemberName }
  | { readonly kind: 'leaf'; readonly member: MemberName; readonly leaf: LeafKind }
  | { readonly kind: 'trust'; readonly member: MemberName; readonly trust: TrustKind };

/** What stands, or would stand, on a member's disk; the model's own reading of it. */
export interface Bench {
  paths(member: string): { readonly ca: string; readonly leaf: string; readonly key: string };
  address(member: string): string;
  leaf(member: string, kind: LeafKind): { readonly leaf: FileContent; readonly key: FileContent };
  pool(kind: TrustKind): FileContent;
}

const PORT = 2380;
const SECOND_PORT = 2382;

/** How often each kind is tried, against the others. */
const WEIGHTS: Readonly<Record<Action['kind'], number>> = {
  update: 4,
  switch: 4,
  leaf: 4,
  restart: 1,
  crash: 1,
  trust: 2,
};
/** A member that is cut off stays so for about as many actions. */
const HEAL_SHARE = 0.4;
/** The weight of an action that changes no answer. */
const PLAIN_SHARE = 0.05;

/** Deterministic numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What a walk has met so far: rare answers draw it on. */
export type Seen = Map<string, number>;

/**
 * One of those that change something and leave a linked majority, on the way as well. Those that bring
 * answers which were seldom met are chosen more often.
 */
export function nextAction(world: World, bench: Bench, seen: Seen, random: () => number): Action {
  const allowed = allActions(world).flatMap((action) => {
    return isAllowed(world, action, bench)
      ? [{ action, after: effectOf(world, action, bench) }]
      : [];
  });
  const healing = allowed.filter(({ after }) => cutOff(world) > 0 && cutOff(after) === 0);
  const choice = healing.length > 0 && random() < HEAL_SHARE ? healing : allowed;
  const before = answersOf(world);
  const weighed = choice.map(({ action, after }) => {
    const changed = [...answersOf(after)].filter(([pair, answer]) => before.get(pair) !== answer);
    const news = changed.reduce((sum, [, answer]) => sum + 1 / (1 + (seen.get(answer) ?? 0)), 0);
    const ofKind = choice.filter((each) => each.action.kind === action.kind).length;
    return { action, weight: (WEIGHTS[action.kind] * (PLAIN_SHARE + news)) / ofKind };
  });
  let left = random() * weighed.reduce((sum, { weight }) => sum + weight, 0);
  const found = weighed.find(({ weight }) => (left -= weight) < 0);
  if (found === undefined) throw new Error('no action leaves a linked majority');
  return found.action;
}

/** `m1>m2` to the scheme that works, or the reason why none does. */
export function answersOf(world: World): ReadonlyMap<string, string> {
  return new Map(
    [...dialMatrix(world)].map(([pair, answer]) => {
      if (answer.can === 'yes') return [pair, answer.url.startsWith('https') ? 'https' : 'http'];
      return [pair, answer.can === 'no' ? answer.reason : answer.can];
    }),
  );
}

/** The world after the action, by the laws of the steps. */
export function effectOf(world: World, action: Action, bench: Bench): World {
  const { member } = action;
  switch (action.kind) {
    case 'update': {
      const to = urlsOf(bench.address(member), action.urls);
      const step = { kind: 'advertise-peer', member, from: [], to } as unknown as AdvertisePeer;
      return advertisePeer.apply(world, step);
    }
    case 'leaf':
      return onDisk(world, action, bench);
    case 'restart':
    case 'crash':
    case 'switch':
    case 'trust':
      return started(stopped(onDisk(world, action, bench), member), member);
  }
}

/** Flag to value; undefined takes it out. */
export function settingsOf(
  bench: Bench,
  member: string,
  config: PeerConfig,
): Readonly<Record<string, string | undefined>> {
  const paths = bench.paths(member);
  return {
    [FLAG.listenPeerUrls]: urlsOf(bench.address(member), config.listen).join(','),
    [FLAG.peerTrustedCaFile]: config.loadsTrust ? paths.ca : undefined,
    [FLAG.peerCertFile]: config.loadsLeaf ? paths.leaf : undefined,
    [FLAG.peerKeyFile]: config.loadsLeaf ? paths.key : undefined,
    [FLAG.peerClientCertAuth]: config.demandsLeaf ? 'true' : undefined,
  };
}

/** In etcd's order: http sorts first. */
export function urlsOf(address: string, kind: UrlKind): readonly PeerUrl[] {
  const texts = {
    http: [`http://${address}:${String(PORT)}`],
    https: [`https://${address}:${String(PORT)}`],
    both: [`http://${address}:${String(PORT)}`, `https://${address}:${String(SECOND_PORT)}`],
    second: [`https://${address}:${String(SECOND_PORT)}`],
  }[kind];
  return texts.map((text) => {
    const url = parsePeerUrl(text);
    if (!url.ok) throw new Error(url.error);
    return url.value;
  });
}

export function actionText(action: Action): string {
  switch (action.kind) {
    case 'update':
      return `advertise ${action.member} as ${action.urls}`;
    case 'switch': {
      const { listen, loadsTrust, loadsLeaf, demandsLeaf } = action.config;
      const words = [
        loadsTrust ? 'trust' : 'no trust',
        loadsLeaf ? 'leaf' : 'no leaf',
        ...(demandsLeaf ? ['client cert auth'] : []),
      ];
      return `restart ${action.member} listening on ${listen} with ${words.join(', ')}`;
    }
    case 'leaf':
      return `put the ${action.leaf} leaf in the place of ${action.member}'s`;
    case 'trust':
      return `restart ${action.member} with a CA file of ${action.trust}`;
    case 'restart':
      return `restart ${action.member}`;
    case 'crash':
      return `kill ${action.member} and start it`;
  }
}

function isAllowed(world: World, action: Action, bench: Bench): boolean {
  const { member } = action;
  if (action.kind === 'update') {
    if (world.record[member]?.join() === urlsOf(bench.address(member), action.urls).join()) {
      return false;
    }
  } else {
    const disk = onDisk(world, action, bench);
    const isSame = (flagsAndFiles: MemberWorld): string =>
      JSON.stringify([flagsAndFiles.disk.settings, flagsAndFiles.disk.files]);
    const isChange = isSame(memberOf(disk, member)) !== isSame(memberOf(world, member));
    if (!isChange && action.kind !== 'restart' && action.kind !== 'crash') return false;
    if (action.kind !== 'leaf') {
      if (startRefusal(memberOf(disk, member)).length > 0) return false;
      if (linkedMajority(stopped(disk, member)) === undefined) return false;
    }
  }
  return linkedMajority(effectOf(world, action, bench)) !== undefined;
}

function allActions(world: World): readonly Action[] {
  return world.members.flatMap(({ name }): readonly Action[] => {
    const member = memberName(name);
    return [
      ...URL_KINDS.map((urls) => ({ kind: 'update', member, urls }) as const),
      ...allConfigs().map((config) => ({ kind: 'switch', member, config }) as const),
      ...LEAF_KINDS.map((leaf) => ({ kind: 'leaf', member, leaf }) as const),
      ...TRUST_KINDS.map((trust) => ({ kind: 'trust', member, trust }) as const),
      { kind: 'restart', member },
      { kind: 'crash', member },
    ];
  });
}

function allConfigs(): readonly PeerConfig[] {
  const both = [true, false];
  return LISTEN_KINDS.flatMap((listen) =>
    both.flatMap((loadsTrust) =>
      both.flatMap((loadsLeaf) =>
        both.map((demandsLeaf) => ({ listen, loadsTrust, loadsLeaf, demandsLeaf })),
      ),
    ),
  );
}

/** The world with the member's disk as the action leaves it; its process is as before. */
function onDisk(world: World, action: Action, bench: Bench): World {
  const member = memberOf(world, action.member);
  const { settings, files } = member.disk;
  const paths = bench.paths(member.name);
  const disk = (): MemberWorld['disk'] => {
    switch (action.kind) {
      case 'switch': {
        const all = { ...settings, ...settingsOf(bench, member.name, action.config) };
        const given = Object.entries(all).flatMap(([flag, value]): [string, string][] => {
          return value === undefined ? [] : [[flag, value]];
        });
        return { settings: Object.fromEntries(given), files };
      }
      case 'leaf': {
        const { leaf, key } = bench.leaf(member.name, action.leaf);
        return { settings, files: { ...files, [paths.leaf]: leaf, [paths.key]: key } };
      }
      case 'trust':
        return { settings, files: { ...files, [paths.ca]: bench.pool(action.trust) } };
      case 'update':
      case 'restart':
      case 'crash':
        return member.disk;
    }
  };
  return withMember(world, { ...member, disk: disk() });
}

/** How many up members are not linked to the majority. */
function cutOff(world: World): number {
  const up = world.members.filter(({ process }) => process !== undefined).length;
  return up - (linkedMajority(world)?.size ?? 0);
}

/** `m1>m2` to `yes`, `no`, or why it is neither, for every pair of the world. */
export function predictedCells(world: World): ReadonlyMap<string, string> {
  return new Map(
    [...dialMatrix(world)].map(([pair, answer]) => {
      return [pair, answer.can === 'unknown' ? `unknown: ${answer.because}` : answer.can];
    }),
  );
}
