/**
 * fewest-restarts: one restart a member. Each is stopped, updated through the others and started on https
 * with leaf and trust at once. Members that are not converted yet cannot dial converted ones, so an
 * unconverted member leads until it is the last: then it hands over directly before its own stop.
 */

import type { MemberName } from '../../model/ids.ts';
import type { DeclaredWindow } from '../../model/rollout.ts';
import type { Draft } from '../draft.ts';
import {
  NOT_YET_SWITCHED,
  NOT_YET_TRUSTED,
  begunOf,
  comeBackWindows,
  inOrder,
  isDone,
  stopAndConvert,
} from '../moves.ts';
import { DOCUMENTED_WINDOWS, documented } from './documented.ts';
import type { Target } from '../target.ts';

export function fewestRestartsWindows(memberCount: number): readonly DeclaredWindow[] {
  return memberCount <= 2 ? DOCUMENTED_WINDOWS : WINDOWS;
}

const WINDOWS: readonly DeclaredWindow[] = [
  ...comeBackWindows(),
  {
    phase: 'members',
    because: 'members that are not converted yet cannot dial converted ones',
    reasons: [...NOT_YET_TRUSTED, ...NOT_YET_SWITCHED],
  },
];

export function fewestRestarts(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  // Two members that cannot dial each other in either direction would be two clusters of one.
  if (targets.length <= 2) {
    documented(draft, targets, order);
    return;
  }
  const all = inOrder(targets, order);
  for (const target of [...begunOf(draft, all), ...all]) {
    if (!isDone(draft, target)) stopAndConvert(draft, 'members', target, all);
  }
}
