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

import type { MemberName } from '../../model/ids.ts';
import type { DeclaredWindow } from '../../model/rollout.ts';
import type { Draft } from '../draft.ts';
import {
  NOT_YET_SWITCHED,
  NOT_YET_TRUSTED,
  begunOf,
  comeBackWindows,
  convert,
  giveTrust,
  hasTrust,
  inOrder,
  isDone,
} from '../moves.ts';
import type { Target } from '../target.ts';

export const DOCUMENTED_WINDOWS: readonly DeclaredWindow[] = [
  ...comeBackWindows(),
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
  const all = inOrder(targets, order);
  const begun = begunOf(draft, all);
  const anyoneHttps = begun.length > 0 || all.some((target) => isDone(draft, target));
  const untrusted = all.some((target) => !hasTrust(draft, target));
  const first = anyoneHttps || !untrusted ? begun : all.slice(0, 1);
  for (const target of first) convert(draft, 'first', target, all);
  for (const target of all) {
    if (!hasTrust(draft, target)) giveTrust(draft, target, all);
  }
  for (const target of all) {
    if (!isDone(draft, target)) convert(draft, 'members', target, all);
  }
}
