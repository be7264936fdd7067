/** The moves with which a member is advertised by both schemes of its one port, and at the end by https alone. */

import { type PeerUrl, withScheme } from '../model/url.ts';
import { type Draft, advertise, handOver } from './draft.ts';
import { isMisadvertised, rankOf } from './moves.ts';
import type { Target } from './target.ts';

/** Nothing for a member whose list has both already; whatever else it has stays. */
function announceBoth(
  draft: Draft,
  phase: 'repair' | 'announce',
  target: Target,
  probes: 'now' | 'later' = 'now',
): void {
  if (hasBoth(draft, target)) return;
  const present = draft.world.record[target.member] ?? [];
  const why = 'whichever scheme the port speaks, one of the two URLs fits';
  const all = [...new Set([...present, ...bothSchemes(target.urls)])].sort();
  advertise(draft, { phase, why }, target.member, all, probes);
}

/** For members that nobody can dial as they are: none of their URLs has the scheme that the port speaks. */
export function repairAll(draft: Draft, targets: readonly Target[]): void {
  for (const target of targets) {
    if (isMisadvertised(draft, target)) announceBoth(draft, 'repair', target);
  }
}

/** http is what the port still speaks and what is tried first: one look at the end shows all of them. */
export function announceAll(draft: Draft, targets: readonly Target[]): void {
  const due = targets.filter((target) => !hasBoth(draft, target));
  due.forEach((target, index) => {
    announceBoth(draft, 'announce', target, index < due.length - 1 ? 'later' : 'now');
  });
}

export function httpsOnly(draft: Draft, all: readonly Target[]): void {
  for (const target of all) {
    const why =
      'until now http is tried first and TLS could be bypassed: this is the security cut-over';
    const rank = (name: Target['member']): number => rankOf(draft, all, name);
    handOver(draft, 'strict', target.member, rank, 'only-if-undialable');
    advertise(draft, { phase: 'strict', why }, target.member, target.urls);
  }
}

function hasBoth(draft: Draft, target: Pick<Target, 'member' | 'urls'>): boolean {
  const present = draft.world.record[target.member] ?? [];
  return bothSchemes(target.urls).every((url) => present.includes(url));
}

/** Both schemes on the same hosts and ports, sorted as etcd sorts them: http first. */
function bothSchemes(urls: readonly PeerUrl[]): readonly PeerUrl[] {
  const both = urls.flatMap((url) => [withScheme(url, 'http'), withScheme(url, 'https')]);
  return [...new Set(both)].sort();
}
