/**
 * One state of the cluster as the proof sees it: for each member what its process runs with, what its
 * disk would give the next start, and its own copy of the member list.
 *
 * Handshakes use the leaf that stands on disk now (etcd reads certificate and key at every handshake,
 * client/pkg/transport/listener.go); trust and listeners are those of process start.
 */

import type { CaId, FileContent } from './certificate.ts';
import type { MemberId, MemberName } from './ids.ts';
import type { Fact } from './observed.ts';
import type { PeerSettings, Settings } from './settings.ts';
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
}

export interface MemberWorld {
  readonly name: MemberName;
  readonly id: MemberId;
  readonly version: string;
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
}

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

export function withMember(world: World, member: MemberWorld): World {
  return {
    ...world,
    members: world.members.map((each) => (each.name === member.name ? member : each)),
  };
}

export function pairKey(from: string, to: string): string {
  return `${from}>${to}`;
}

/** The pairs in which the member has an end become unobserved, and what was seen broken of them is out of date. */
export function withUnobserved(world: World, name: string, directions: 'in' | 'both'): World {
  const changed = new Set<string>();
  for (const peer of world.members) {
    if (peer.name === name) continue;
    changed.add(pairKey(peer.name, name));
    if (directions === 'both') changed.add(pairKey(name, peer.name));
  }
  return {
    ...world,
    unobserved: [...new Set([...world.unobserved, ...changed])].sort(),
    blocked: world.blocked.filter((pair) => !changed.has(pair)),
  };
}

/** Every ordered pair of the members: what is unobserved when nothing was looked at yet. */
export function allPairs(names: readonly string[]): readonly string[] {
  return names
    .flatMap((from) => names.filter((to) => to !== from).map((to) => pairKey(from, to)))
    .sort();
}
