/**
 * dual-url: both schemes are advertised for the one port of each member, so that whichever its listener
 * speaks, one of the two URLs fits. A dialer moves to the next URL after any failure (urlpick.go).
 *
 *   trust     m2, m3, m1: leaf and trust, still http -> restart
 *   announce  each: advertise [http://h:p, https://h:p]
 *   switch    m2, m3, m1: listener https -> restart        way back: the old listener, no API needed
 *   strict    each: advertise https only                   the security cut-over
 */

import type { MemberName } from '../../model/ids.ts';
import type { DeclaredWindow } from '../../model/rollout.ts';
import { type PeerUrl, withScheme } from '../../model/url.ts';
import { memberOf } from '../../model/world.ts';
import { type Draft, advertise, handOver } from '../draft.ts';
import {
  comeBackWindows,
  giveTrust,
  hasTrust,
  inOrder,
  isMisadvertised,
  rankOf,
  restartWith,
} from '../moves.ts';
import { type Target, runsAs } from '../target.ts';

export const DUAL_URL_WINDOWS: readonly DeclaredWindow[] = comeBackWindows();

export function dualUrl(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  const all = inOrder(targets, order);
  for (const target of all) if (isMisadvertised(draft, target)) announce(draft, 'repair', target);
  for (const target of all) if (!hasTrust(draft, target)) giveTrust(draft, target, all);
  const toSwitch = all.filter((target) => !isSwitched(draft, target));
  // http is what the port still speaks and what is tried first: one look at the end shows all of them.
  const toAnnounce = toSwitch.filter((target) => !isAnnounced(draft, target));
  toAnnounce.forEach((target, index) => {
    announce(draft, 'announce', target, index < toAnnounce.length - 1 ? 'later' : 'now');
  });
  for (const target of toSwitch) switchListener(draft, target, all);
  for (const target of all) {
    const why =
      'until now http is tried first and TLS could be bypassed: this is the security cut-over';
    handOver(
      draft,
      'strict',
      target.member,
      (name) => rankOf(draft, all, name),
      'only-if-undialable',
    );
    advertise(draft, { phase: 'strict', why }, target.member, target.urls);
  }
}

function isAnnounced(draft: Draft, target: Target): boolean {
  const present = draft.world.record[target.member] ?? [];
  return bothSchemes(target.urls).every((url) => present.includes(url));
}

function announce(
  draft: Draft,
  phase: 'repair' | 'announce',
  target: Target,
  probes: 'now' | 'later' = 'now',
): void {
  const present = draft.world.record[target.member] ?? [];
  if (isAnnounced(draft, target)) return;
  const both = bothSchemes(target.urls);
  const why = 'whichever scheme the port speaks, one of the two URLs fits';
  const all = [...new Set([...present, ...both])].sort();
  advertise(draft, { phase, why }, target.member, all, probes);
}

function switchListener(draft: Draft, target: Target, all: readonly Target[]): void {
  const { member } = target;
  const here = {
    phase: 'switch' as const,
    group: `switch/${member}`,
    why: 'dialers that meet TLS on the port move to the https URL',
  };
  restartWith(draft, here, member, target.settings, all);
}

function isSwitched(draft: Draft, target: Target): boolean {
  return runsAs(memberOf(draft.world, target.member), target.settings);
}

/** Both schemes on the same hosts and ports, sorted as etcd sorts them: http first. */
function bothSchemes(urls: readonly PeerUrl[]): readonly PeerUrl[] {
  const both = urls.flatMap((url) => [withScheme(url, 'http'), withScheme(url, 'https')]);
  return [...new Set(both)].sort();
}
