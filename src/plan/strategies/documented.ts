/**
 * documented: the reference procedure. One member goes first, then the others get what they need to dial
 * it, then they follow one by one.
 *
 *   first    m2: advertise https -> listener, leaf, trust -> restart      m1, m3 cannot dial m2
 *   trust    m3, m1: leaf and trust, still http -> restart                until both have client leaves
 *   members  m3, m1: advertise https -> listener -> restart               each between its two steps
 *
 * From a half-migrated cluster the members that began are finished first.
 */

import type { DialReason } from '../../model/dial.ts';
import type { MemberName } from '../../model/ids.ts';
import type { DeclaredWindow } from '../../model/rollout.ts';
import { FLAG, type Settings, peerSettings } from '../../model/settings.ts';
import type { Phase } from '../../model/step.ts';
import { isHttps, sameUrls } from '../../model/url.ts';
import { isUp, memberOf } from '../../model/world.ts';
import { type Draft, advertise, configure, handOver, restart } from '../draft.ts';
import { type Target, owned, runsAs, withInitialCluster } from '../target.ts';

const NOT_YET_TRUSTED: readonly DialReason[] = ['no-trust', 'no-client-leaf'];
const NOT_YET_SWITCHED: readonly DialReason[] = ['https-to-plain'];

export const DOCUMENTED_WINDOWS: readonly DeclaredWindow[] = [
  // What is prepared behind such a repair changes no link.
  ...(['repair', 'prepare'] as const).map((phase) => ({
    phase,
    because: 'a member that was down comes back into a half-migrated cluster',
    reasons: [...NOT_YET_TRUSTED, ...NOT_YET_SWITCHED],
  })),
  {
    phase: 'first',
    because: 'the first member speaks https before the others have client leaves',
    reasons: [...NOT_YET_TRUSTED, ...NOT_YET_SWITCHED],
  },
  {
    phase: 'trust',
    because: 'members that have no client leaf yet cannot dial the first one',
    reasons: NOT_YET_TRUSTED,
  },
  {
    phase: 'members',
    because: 'a member is advertised as https just before its own restart',
    reasons: NOT_YET_SWITCHED,
  },
];

export function documented(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  const inOrder = order.flatMap((name) => targets.filter((target) => target.member === name));
  const hasBegun = inOrder.filter((target) => begun(draft, target));
  const anyoneHttps = inOrder.some((target) => begun(draft, target) || isDone(draft, target));
  const untrusted = inOrder.some((target) => !hasTrust(draft, target));
  const first = anyoneHttps || !untrusted ? hasBegun : inOrder.slice(0, 1);
  for (const target of first) convert(draft, 'first', target, inOrder);
  for (const target of inOrder) {
    if (!hasTrust(draft, target)) giveTrust(draft, target, inOrder);
  }
  for (const target of inOrder) {
    if (!isDone(draft, target)) convert(draft, 'members', target, inOrder);
  }
}

/** A member that one of our own steps left stopped starts first, with what stands on its disk. */
export function bringBack(draft: Draft, target: Target): void {
  if (isUp(memberOf(draft.world, target.member))) return;
  restart(
    draft,
    { phase: 'repair', why: 'it was left stopped; tolerance comes first' },
    target.member,
  );
}

/** advertise https, then listener and leaf, then restart: one group, since each half leaves a member hard to dial. */
function convert(draft: Draft, phase: Phase, target: Target, all: readonly Target[]): void {
  const { member } = target;
  handOver(draft, phase, member, (name) => rankOf(draft, all, name));
  const group = `${phase}/${member}`;
  const urlFirst = {
    phase,
    group,
    why: 'the list first: a listener that nobody is told of cannot be dialed',
  };
  const last = { phase, group, why: 'the listener follows its advertised URL' };
  const needsRestart = !runsAs(memberOf(draft.world, member), target.settings);
  advertise(draft, needsRestart ? urlFirst : { phase, why: urlFirst.why }, member, target.urls);
  configure(draft, last, member, atThisPoint(draft, target.settings));
  if (needsRestart) restart(draft, last, member);
}

/** Leaf and trust loaded, the listener as it is: from then on the member can dial https peers. */
function giveTrust(draft: Draft, target: Target, all: readonly Target[]): void {
  const { member } = target;
  handOver(draft, 'trust', member, (name) => rankOf(draft, all, name));
  const here = {
    phase: 'trust' as const,
    group: `trust/${member}`,
    why: 'so that it can dial https members',
  };
  configure(draft, here, member, atThisPoint(draft, trustSettings(draft, target)));
  restart(draft, here, member);
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
function hasTrust(draft: Draft, target: Target): boolean {
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

/** Advertised as https or listening on it, and not finished. */
function begun(draft: Draft, target: Target): boolean {
  if (isDone(draft, target)) return false;
  const member = memberOf(draft.world, target.member);
  const listens = member.process?.peer.listen ?? peerSettings(member.disk.settings).listen;
  return listens.some(isHttps) || (draft.world.record[target.member] ?? []).some(isHttps);
}

/** Finished members first, then those that will restart latest. */
function rankOf(draft: Draft, all: readonly Target[], name: MemberName): number {
  const index = all.findIndex((target) => target.member === name);
  const target = all[index];
  if (target !== undefined && isDone(draft, target)) return 0;
  if (target !== undefined && hasTrust(draft, target)) return all.length - index;
  return 2 * all.length - index;
}
