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
import { memberOf } from '../../model/world.ts';
import { announceAll, httpsOnly, repairAll } from '../both-urls.ts';
import type { Draft } from '../draft.ts';
import { comeBackWindows, giveTrust, hasTrust, inOrder, restartWith } from '../moves.ts';
import { type Target, runsAs } from '../target.ts';

export const DUAL_URL_WINDOWS: readonly DeclaredWindow[] = comeBackWindows();

export function dualUrl(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  const all = inOrder(targets, order);
  repairAll(draft, all);
  for (const target of all) if (!hasTrust(draft, target)) giveTrust(draft, target, all);
  const toSwitch = all.filter((target) => !isSwitched(draft, target));
  announceAll(draft, toSwitch);
  for (const target of toSwitch) switchListener(draft, target, all);
  httpsOnly(draft, all);
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
