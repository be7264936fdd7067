/**
 * dual-listener: a second port. Each member listens on http and https at once; the list moves to the https
 * URLs one by one; then http is dropped. Until the last part the way back is a member update alone.
 *
 *   listen    m2, m3, m1: leaf, trust and a second, https listener -> restart
 *   announce  each: advertise the https URL instead of the http one
 *   close     m2, m3, m1: http listener dropped -> restart
 */

import type { MemberName } from '../../model/ids.ts';
import type { DeclaredWindow } from '../../model/rollout.ts';
import { FLAG, type Settings, peerSettings } from '../../model/settings.ts';
import { isHttps, urlParts } from '../../model/url.ts';
import { memberOf } from '../../model/world.ts';
import { type Draft, advertise, handOver } from '../draft.ts';
import {
  begunOf,
  comeBackWindows,
  inOrder,
  isDone,
  isMisadvertised,
  rankOf,
  smallClusterWindows,
  restartWith,
  stopAndConvert,
} from '../moves.ts';
import { type Target, runsAs } from '../target.ts';

export function dualListenerWindows(memberCount: number): readonly DeclaredWindow[] {
  return [...comeBackWindows(), ...smallClusterWindows(memberCount)];
}

export function dualListener(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  const all = inOrder(targets, order);
  // Nobody can dial it as it is: it cannot lead while the others get their second listener.
  for (const target of all.filter((each) => isMisadvertised(draft, each))) {
    stopAndConvert(draft, 'members', target, all);
  }
  for (const target of all) {
    if (!sharesPort(draft, target) && !listensOnBoth(draft, target)) {
      addListener(draft, target, all);
    }
  }
  // A member that was begun on its one port cannot listen on it in both schemes: it is finished there,
  // once all can dial https.
  for (const target of [...begunOf(draft, all), ...all]) {
    if (sharesPort(draft, target) && !isDone(draft, target)) {
      stopAndConvert(draft, 'members', target, all);
    }
  }
  for (const target of all) {
    const why = 'every member can dial the https listener now';
    handOver(
      draft,
      'announce',
      target.member,
      (name) => rankOf(draft, all, name),
      'only-if-undialable',
    );
    advertise(draft, { phase: 'announce', why }, target.member, target.urls);
  }
  for (const target of all) {
    if (!isDone(draft, target)) closeHttp(draft, target, all);
  }
}

function addListener(draft: Draft, target: Target, all: readonly Target[]): void {
  const { member } = target;
  const here = {
    phase: 'listen' as const,
    group: `listen/${member}`,
    why: 'leaf, trust and a second listener; nobody dials it yet',
  };
  restartWith(draft, here, member, bothListeners(draft, target), all);
}

function closeHttp(draft: Draft, target: Target, all: readonly Target[]): void {
  const { member } = target;
  const here = {
    phase: 'close' as const,
    group: `close/${member}`,
    why: 'nobody dials http any more',
  };
  restartWith(draft, here, member, target.settings, all);
}

/** The target's settings with the http listeners of now beside its own. */
function bothListeners(draft: Draft, target: Target): Settings {
  const present = peerSettings(memberOf(draft.world, target.member).disk.settings).listen;
  const plain = present.filter((url) => !isHttps(url));
  const wanted = (target.settings[FLAG.listenPeerUrls] ?? '').split(',');
  return {
    ...target.settings,
    [FLAG.listenPeerUrls]: [...new Set([...plain, ...wanted])].join(','),
  };
}

function listensOnBoth(draft: Draft, target: Target): boolean {
  const member = memberOf(draft.world, target.member);
  return runsAs(member, target.settings) || runsAs(member, bothListeners(draft, target));
}

function sharesPort(draft: Draft, target: Target): boolean {
  const listens = memberOf(draft.world, target.member).process?.peer.listen ?? [];
  const ports = target.urls.map((url) => urlParts(url).port);
  return listens.some((url) => !isHttps(url) && ports.includes(urlParts(url).port));
}
