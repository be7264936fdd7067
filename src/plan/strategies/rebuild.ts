/**
 * rebuild, the offline path: nothing is rebuilt from a snapshot. All members stop at once and start at once on
 * https, on their own data directories, so every ID and all data stay.
 *
 *   announce  each: advertise [http://h:p, https://h:p]
 *   switch    all: listener https, leaf and trust -> stop all -> start all      nobody serves meanwhile
 *   strict    each: advertise https only
 *
 * Both URLs and not https alone before the stop: a list that says https while the listeners speak http lives on
 * streams that are open, and a member that crashes then comes back to nobody.
 */

import type { Strategy } from '../../model/desired.ts';
import type { MemberName } from '../../model/ids.ts';
import { quorumOf } from '../../model/quorum.ts';
import type { DeclaredWindow, MemberGoal } from '../../model/rollout.ts';
import { memberOf, upMembers } from '../../model/world.ts';
import { announceAll, httpsOnly, repairAll } from '../both-urls.ts';
import { type Draft, restartTogether } from '../draft.ts';
import { comeBackWindows, inOrder } from '../moves.ts';
import { type Target, runsAs, withInitialCluster } from '../target.ts';

export const REBUILD_WINDOWS: readonly DeclaredWindow[] = comeBackWindows();

export function rebuild(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  const all = inOrder(targets, order);
  repairAll(draft, all);
  startOnHttps(draft, all);
  httpsOnly(draft, all);
}

function startOnHttps(draft: Draft, all: readonly Target[]): void {
  const due = all.filter(({ member, settings }) => {
    return !runsAs(memberOf(draft.world, member), settings);
  });
  announceAll(draft, due);
  const here = {
    phase: 'switch' as const,
    group: 'together',
    why: 'with all of them down no member ever meets another scheme than its own',
  };
  const parts = due.map(({ member, settings }) => {
    return { member, settings: withInitialCluster(settings, draft.world.record) };
  });
  restartTogether(draft, here, parts);
}

/** Too few are up for any of them to serve, and the list fits both schemes: they can only start all at once. */
export function isDark(
  draft: Draft,
  strategy: Strategy,
  goals: readonly Pick<MemberGoal, 'member' | 'urls'>[],
): boolean {
  const { members, record } = draft.world;
  if (strategy !== 'rebuild' || upMembers(draft.world).length >= quorumOf(members.length))
    return false;
  return goals.every(({ member, urls }) => urls.every((url) => record[member]?.includes(url)));
}
