/** The moves that strategies are made of: each writes its steps into the draft, with the leader handed over first. */

import type { DialReason } from '../model/dial.ts';
import type { MemberName } from '../model/ids.ts';
import { quorumOf } from '../model/quorum.ts';
import type { DeclaredWindow } from '../model/rollout.ts';
import { FLAG, type Settings, peerSettings } from '../model/settings.ts';
import type { Phase } from '../model/step.ts';
import { linkedMajority } from '../model/steps/settle.ts';
import { type PeerUrl, isHttps, sameUrls } from '../model/url.ts';
import { isUp, memberOf, upMembers } from '../model/world.ts';
import { underDeadMan } from './dead-man.ts';
import {
  type Draft,
  type Here,
  add,
  advertise,
  configure,
  bestMove,
  handOver,
  handOverInGroup,
  restart,
} from './draft.ts';
import { startGate } from './gates.ts';
import { type Target, owned, runsAs, withInitialCluster } from './target.ts';

/** A dial fails because the dialer was not given what it needs yet. */
export const NOT_YET_TRUSTED: readonly DialReason[] = ['no-trust', 'no-client-leaf'];
/** A dial fails because the target's listener has not followed its URL yet. */
export const NOT_YET_SWITCHED: readonly DialReason[] = ['https-to-plain'];

/**
 * A member that one of our own steps left stopped starts first: with what stands on its disk, as what
 * the list says already that it is, or converted as it was about to be.
 */
export function bringBack(draft: Draft, target: Target): void {
  const { member, settings, urls } = target;
  if (isUp(memberOf(draft.world, member))) return;
  const here = {
    phase: 'repair' as const,
    group: `repair/${member}`,
    why: 'it was left stopped; tolerance comes first',
  };
  bestMove(draft, member, [
    (trial) => {
      restart(trial, here, member);
    },
    (trial) => {
      configure(trial, here, member, atThisPoint(trial, settings));
      restart(trial, here, member);
    },
    (trial) => {
      announce(trial, here, member, urls);
      configure(trial, here, member, atThisPoint(trial, settings));
      restart(trial, here, member);
    },
  ]);
}

/** The list through the others, which must have been seen to reach each other: it may make a majority https-only. */
function announce(draft: Draft, here: Here, member: MemberName, urls: readonly PeerUrl[]): void {
  if (linkedMajority(draft.world) === undefined) return;
  if (draft.world.unobserved.length > 0 && !sameUrls(draft.world.record[member] ?? [], urls)) {
    const why = 'nothing may rest on a link that was not seen';
    add(draft, { phase: here.phase, why }, { kind: 'check-links' }, startGate(draft.gates));
  }
  advertise(draft, here, member, urls);
}

/** What a member that comes back into a half-migrated cluster may find, and what is prepared behind it. */
export function comeBackWindows(
  phases: readonly Phase[] = ['repair', 'prepare'],
): readonly DeclaredWindow[] {
  return phases.map((phase) => ({
    phase,
    because: 'a member that was down comes back into a half-migrated cluster',
    // The last one is left by a way back that was interrupted.
    reasons: [...NOT_YET_TRUSTED, ...NOT_YET_SWITCHED, 'http-to-tls' as const],
  }));
}

/** A member that was down at the start is hard to dial until the others were given what they need for it. */
export function windowsAfterComeBack(
  windows: readonly DeclaredWindow[],
): readonly DeclaredWindow[] {
  const late = comeBackWindows(['first', 'trust', 'listen', 'announce', 'switch', 'members']);
  return [
    ...late.map(({ phase, because, reasons }) => {
      const own = windows.find((window) => window.phase === phase)?.reasons ?? [];
      return { phase, because, reasons: [...new Set([...own, ...reasons])] };
    }),
    ...windows,
  ];
}

/** With one or two members nobody could be stopped while its URL changes: the URL goes first. */
export function smallClusterWindows(memberCount: number): readonly DeclaredWindow[] {
  if (memberCount > 2) return [];
  const because = 'a member is advertised as https just before its own restart';
  return [{ phase: 'members', because, reasons: NOT_YET_SWITCHED }];
}

export function inOrder(
  targets: readonly Target[],
  order: readonly MemberName[],
): readonly Target[] {
  return order.flatMap((name) => targets.filter((target) => target.member === name));
}

/**
 * stop, then the URL through the others, then listener and leaf, then start: one group. Nobody dials a
 * listener that is not there. Where stopping the member would leave no quorum, its URL goes first instead.
 */
export function stopAndConvert(
  draft: Draft,
  phase: Phase,
  target: Target,
  all: readonly Target[],
): void {
  const { member } = target;
  if (runsAs(memberOf(draft.world, member), target.settings) || !canBeStopped(draft)) {
    convert(draft, phase, target, all);
    return;
  }
  handOver(draft, phase, member, (name) => rankOf(draft, all, name));
  stopAndUpdate(draft, phase, target, all);
}

function stopAndUpdate(draft: Draft, phase: Phase, target: Target, all: readonly Target[]): void {
  const { member } = target;
  const group = `${phase}/${member}`;
  const here = { phase, group, why: 'while it is down nobody can dial the old URL in vain' };
  const record = { ...draft.world.record, [member]: target.urls };
  const settings = withInitialCluster(target.settings, record);
  underDeadMan(draft, here, member, settings, () => {
    handOverInGroup(draft, here, member, (name) => rankOf(draft, all, name));
    add(draft, here, { kind: 'stop-member', member });
    advertise(draft, here, member, target.urls);
    configure(draft, here, member, settings);
    restart(draft, { ...here, why: 'it comes back as what the list says it is' }, member);
  });
}

/** advertise https, then listener and leaf, then restart: one group, since each half leaves a member hard to dial. */
export function convert(draft: Draft, phase: Phase, target: Target, all: readonly Target[]): void {
  const { member } = target;
  handOver(draft, phase, member, (name) => rankOf(draft, all, name));
  const needsRestart = !runsAs(memberOf(draft.world, member), target.settings);
  // It can dial nobody who could lead in its place: leadership leaves it directly before its own stop.
  if (needsRestart && draft.world.leader === member && canBeStopped(draft)) {
    stopAndUpdate(draft, phase, target, all);
    return;
  }
  const group = `${phase}/${member}`;
  const urlFirst = {
    phase,
    group,
    why: 'the list first: a listener that nobody is told of cannot be dialed',
  };
  const last = { phase, group, why: 'the listener follows its advertised URL' };
  advertise(draft, needsRestart ? urlFirst : { phase, why: urlFirst.why }, member, target.urls);
  const settings = atThisPoint(draft, target.settings);
  if (!needsRestart) {
    configure(draft, last, member, settings);
    return;
  }
  underDeadMan(draft, last, member, settings, () => {
    configure(draft, last, member, settings);
    restart(draft, last, member);
  });
}

/**
 * Advertised as https or listening on it, and not finished; first those whose listener speaks a scheme
 * that none of their URLs has: nobody can dial them, and who becomes https before them may be cut off.
 */
export function begunOf(draft: Draft, targets: readonly Target[]): readonly Target[] {
  const begun = targets.filter((target) => hasBegun(draft, target));
  const first = begun.filter((target) => isMisadvertised(draft, target));
  return [...first, ...begun.filter((target) => !first.includes(target))];
}

function hasBegun(draft: Draft, target: Target): boolean {
  if (isDone(draft, target)) return false;
  const member = memberOf(draft.world, target.member);
  const listens = member.process?.peer.listen ?? peerSettings(member.disk.settings).listen;
  return listens.some(isHttps) || (draft.world.record[target.member] ?? []).some(isHttps);
}

/** Its listener speaks a scheme that none of its URLs has: nobody can dial it as it is. */
export function isMisadvertised(draft: Draft, target: Target): boolean {
  const { process } = memberOf(draft.world, target.member);
  const urls = draft.world.record[target.member] ?? [];
  if (process === undefined) return false;
  return !urls.some((url) =>
    process.peer.listen.some((listen) => isHttps(listen) === isHttps(url)),
  );
}

/** Leaf and trust loaded, the listener as it is: from then on the member can dial https peers. */
export function giveTrust(draft: Draft, target: Target, all: readonly Target[]): void {
  const { member } = target;
  const here = {
    phase: 'trust' as const,
    group: `trust/${member}`,
    why: 'so that it can dial https members',
  };
  restartWith(draft, here, member, trustSettings(draft, target), all);
}

/**
 * Settings and restart, leadership handed over before. Where every member that the others can dial is one
 * that this leader cannot, it hands over directly before its own stop, and is written while it is down.
 */
export function restartWith(
  draft: Draft,
  here: Here,
  member: MemberName,
  settings: Settings,
  all: readonly Target[],
): void {
  const rank = (name: MemberName): number => rankOf(draft, all, name);
  handOver(draft, here.phase, member, rank);
  const wanted = atThisPoint(draft, settings);
  underDeadMan(draft, here, member, wanted, () => {
    if (canBeStopped(draft) && draft.world.leader === member) {
      handOverInGroup(draft, here, member, rank);
      if (draft.world.leader !== member) add(draft, here, { kind: 'stop-member', member });
    }
    configure(draft, here, member, wanted);
    restart(draft, here, member);
  });
}

/** The others have quorum without one of them. */
function canBeStopped({ world }: Draft): boolean {
  return upMembers(world).length - 1 >= quorumOf(world.members.length);
}

function trustSettings(draft: Draft, target: Target): Settings {
  const settings: Record<string, string> = {
    ...owned(memberOf(draft.world, target.member).disk.settings),
  };
  for (const flag of [FLAG.peerCertFile, FLAG.peerKeyFile, FLAG.peerTrustedCaFile]) {
    const value = target.settings[flag];
    if (value !== undefined) settings[flag] = value;
  }
  return settings;
}

/** Where initial-cluster is present it is kept equal to the live list, at every configure step. */
function atThisPoint(draft: Draft, settings: Settings): Settings {
  return withInitialCluster(settings, draft.world.record);
}

/** The process has the target's leaf and trust, whatever its listener speaks. */
export function hasTrust(draft: Draft, target: Target): boolean {
  const member = memberOf(draft.world, target.member);
  return runsAs(member, target.settings) || runsAs(member, trustSettings(draft, target));
}

export function isDone(draft: Draft, target: Target): boolean {
  const member = memberOf(draft.world, target.member);
  return (
    runsAs(member, target.settings) &&
    sameUrls(draft.world.record[target.member] ?? [], target.urls)
  );
}

/** Finished members first, then those that will restart latest. */
export function rankOf(draft: Draft, all: readonly Target[], name: MemberName): number {
  const index = all.findIndex((target) => target.member === name);
  const target = all[index];
  if (target !== undefined && isDone(draft, target)) return 0;
  if (target !== undefined && hasTrust(draft, target)) return all.length - index;
  return 2 * all.length - index;
}
