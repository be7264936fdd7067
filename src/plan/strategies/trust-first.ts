/**
 * trust-first: leaf and trust everywhere while all is still http; then each member is stopped, updated
 * through the others and started on https, so that nobody ever dials a listener that is not there.
 *
 *   trust    m2, m3, m1: leaf and trust, still http -> restart
 *   members  m2, m3, m1: stop -> advertise https -> listener -> start
 */

import type { MemberName } from '../../model/ids.ts';
import type { DeclaredWindow } from '../../model/rollout.ts';
import type { Draft } from '../draft.ts';
import {
  begunOf,
  comeBackWindows,
  giveTrust,
  hasTrust,
  inOrder,
  isDone,
  isMisadvertised,
  smallClusterWindows,
  stopAndConvert,
} from '../moves.ts';
import type { Target } from '../target.ts';

export function trustFirstWindows(memberCount: number): readonly DeclaredWindow[] {
  return [...comeBackWindows(), ...smallClusterWindows(memberCount)];
}

export function trustFirst(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  const all = inOrder(targets, order);
  // Nobody can dial it as it is: it cannot lead while the others get their trust.
  for (const target of all.filter((each) => isMisadvertised(draft, each))) {
    stopAndConvert(draft, 'members', target, all);
  }
  for (const target of all) if (!hasTrust(draft, target)) giveTrust(draft, target, all);
  for (const target of [...begunOf(draft, all), ...all]) {
    if (!isDone(draft, target)) stopAndConvert(draft, 'members', target, all);
  }
}
