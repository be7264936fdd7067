/** Turns the counted findings of all members into faults: who said it, and which members may be at its other end. */

import type { LogFinding } from '../signatures.ts';
import { isIpAddress, isLoopback } from '../url.ts';
import { hostOf } from './identity.ts';
import { type LogTime, logTime } from './log-time.ts';
import { type Member, type Roster, latest } from './roster.ts';
import type { Tally } from './section.ts';

export type Basis =
  /** The line names the other side's ID. */
  | 'id'
  /** The address, or the URL, belongs to these and to nobody else. */
  | 'address'
  /** Several members are behind the address, or none is known to be: each of these is possible. */
  | 'any'
  /** The address belongs to no member, and all addresses of members are known. */
  | 'foreign'
  /** It is about the speaker alone. */
  | 'self';

export interface Fault {
  readonly speaker: Member;
  readonly finding: LogFinding;
  readonly count: number;
  readonly first: LogTime | undefined;
  readonly last: LogTime | undefined;
  readonly line: string;
  readonly basis: Basis;
  /** Who may be at the other end. */
  readonly remotes: readonly Member[];
}

export interface FaultOptions {
  /** A plan file tells where every member dials from: any other address is a stranger's. */
  readonly areAddressesKnown: boolean;
}

export function faultsOf(roster: Roster, options: FaultOptions): readonly Fault[] {
  return roster.members.flatMap((speaker) => {
    return merged(speaker).map((tally): Fault => {
      const { finding, count, line } = tally;
      const [basis, remotes] = remotesOf(finding, speaker, roster, options);
      const first = tally.firstTime === undefined ? undefined : logTime(tally.firstTime);
      return {
        speaker,
        finding,
        count,
        first,
        last: latest([tally.lastTime]),
        line,
        basis,
        remotes,
      };
    });
  });
}

/** A member's log in several stretches has the same finding several times. */
function merged({ sections }: Member): readonly Tally[] {
  const all = new Map<string, Tally>();
  for (const [key, tally] of sections.flatMap((section) => [...section.tallies])) {
    const before = all.get(key);
    if (before === undefined) {
      all.set(key, { ...tally });
      continue;
    }
    before.count += tally.count;
    if (isAfter(before.firstTime, tally.firstTime)) before.firstTime = tally.firstTime;
    if (!isAfter(tally.lastTime, before.lastTime)) continue;
    before.lastTime = tally.lastTime;
    before.line = tally.line;
  }
  return [...all.values()];
}

function isAfter(a: string | undefined, b: string | undefined): boolean {
  const [left, right] = [latest([a]), latest([b])];
  return left !== undefined && right !== undefined && left.ms > right.ms;
}

const LINK_KINDS: readonly LogFinding['kind'][] = ['peer-link', 'no-request'];

function remotesOf(
  finding: LogFinding,
  speaker: Member,
  roster: Roster,
  options: FaultOptions,
): readonly [Basis, readonly Member[]] {
  if (!LINK_KINDS.includes(finding.kind)) return ['self', []];
  const others = roster.members.filter((member) => member !== speaker && !member.isDouble);
  const { remotePeerId, remoteIp, url } = finding;
  if (remotePeerId !== undefined && remotePeerId !== speaker.id) {
    const remote = roster.byId(remotePeerId);
    return remote === undefined ? ['any', others] : ['id', [remote]];
  }
  if (remoteIp !== undefined) return ownersOf(remoteIp, speaker, others, options);
  const host = url === undefined ? undefined : hostOf(url);
  const hosting = others.filter(({ hosts }) => host !== undefined && hosts.has(host));
  if (hosting.length > 0) return [hosting.length === 1 ? 'address' : 'any', hosting];
  return ['any', others];
}

function ownersOf(
  address: string,
  speaker: Member,
  others: readonly Member[],
  { areAddressesKnown }: FaultOptions,
): readonly [Basis, readonly Member[]] {
  const owners = others.filter(({ hosts }) => hosts.has(address));
  if (owners.length > 0) return [owners.length === 1 ? 'address' : 'any', owners];
  // A member's own address, or loopback: something on its host, where other members may live too.
  if (isLoopback(address) && others.some(livesOnLoopback)) return ['any', others];
  if (speaker.hosts.has(address) || isLoopback(address)) return ['foreign', []];
  return areAddressesKnown ? ['foreign', []] : ['any', others];
}

function livesOnLoopback({ hosts }: Member): boolean {
  return hosts.size === 0 || [...hosts].some((host) => !isIpAddress(host) || isLoopback(host));
}
