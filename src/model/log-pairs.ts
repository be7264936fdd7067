/** Turns a finding into the ordered pairs of members that it may be about: a set of possible ones, never a guess. */

import { normalAddress } from './certificate.ts';
import { dial } from './dial.ts';
import type { MemberName } from './ids.ts';
import type { LogFinding } from './signatures.ts';
import { type PeerUrl, isIpAddress, urlParts } from './url.ts';
import type { MemberWorld, World } from './world.ts';

/** `from` dials, `to` listens. */
export interface Pair {
  readonly from: MemberName;
  readonly to: MemberName;
}

/** More addresses of members than a world tells: what hosts are called, what a person wrote down. */
export type MoreAddresses = ReadonlyMap<MemberName, readonly string[]>;

/**
 * Empty: the remote is no member and owns none of their addresses (a scanner, a health check), or it is
 * the speaker's own host. Several members may share one address: then each of them is possible.
 */
export function pairsOf(
  finding: LogFinding,
  speaker: MemberName,
  world: World,
  more: MoreAddresses = new Map(),
): readonly Pair[] {
  const others = world.members.filter(({ name }) => name !== speaker);
  return remotesOf(finding, speaker, world, more, others).flatMap((remote): readonly Pair[] => {
    const [incoming, outgoing] = [
      { from: remote, to: speaker },
      { from: speaker, to: remote },
    ];
    if (finding.speaker === 'listener') return [incoming];
    return finding.speaker === 'dialer' ? [outgoing] : [outgoing, incoming];
  });
}

function remotesOf(
  finding: LogFinding,
  speaker: MemberName,
  world: World,
  more: MoreAddresses,
  others: readonly MemberWorld[],
): readonly MemberName[] {
  const { remotePeerId, remoteIp } = finding;
  const self = world.members.find(({ name }) => name === speaker);
  if (remotePeerId !== undefined && remotePeerId !== self?.id) {
    return others.filter(({ id }) => id === remotePeerId).map(({ name }) => name);
  }
  if (remoteIp === undefined) return others.map(({ name }) => name);
  const owns = (member: MemberWorld): boolean => addressesOf(member, world, more).has(remoteIp);
  const owners = others.filter(owns);
  // Where the address that a member dials from is not known, any address may be that one.
  const maybe = others.filter((each) => !owners.includes(each) && !isSourceKnown(each, speaker));
  const isOwn = owners.length === 0 && self !== undefined && owns(self);
  return isOwn ? [] : [...owners, ...maybe].map(({ name }) => name);
}

function isSourceKnown(member: MemberWorld, target: MemberName): boolean {
  return member.sources[target]?.known === true;
}

function addressesOf(member: MemberWorld, world: World, more: MoreAddresses): ReadonlySet<string> {
  const seen = Object.values(member.sources).flatMap((fact) => (fact.known ? fact.value : []));
  const urls = [...(world.record[member.name] ?? []), ...(member.process?.peer.listen ?? [])];
  const hosts = urls.map((url) => urlParts(url).host);
  const named = more.get(member.name) ?? [];
  return new Set([...seen, ...hosts, ...named].filter(isIpAddress).map(normalAddress));
}

/**
 * Does the dial model say that this pair fails in this world, in a way that reads like the finding?
 * Each known URL is asked by itself: a dialer tries them in turn, and says so of each that fails.
 */
export function isPredicted(finding: LogFinding, pair: Pair, world: World): boolean {
  const from = world.members.find(({ name }) => name === pair.from);
  const to = world.members.find(({ name }) => name === pair.to);
  if (from === undefined || to === undefined) return false;
  const urls: readonly (PeerUrl | undefined)[] = from.view[to.name] ?? [];
  return (urls.length === 0 ? [undefined] : urls).some((url) => {
    const view = url === undefined ? {} : { [to.name]: [url] };
    const answer = dial(world, { ...from, view }, to);
    if (answer.can !== 'no') return false;
    if (finding.reasons === 'any' || answer.reason === 'seen-broken') return true;
    return finding.reasons.includes(answer.reason);
  });
}
