/** Turns a cluster of which most data are gone into the one step that makes a new one of the same members. */

import type { DesiredSpec } from '../model/desired.ts';
import type { MemberName } from '../model/ids.ts';
import { urlsAfresh } from '../model/new-cluster.ts';
import type { Rollout } from '../model/rollout.ts';
import { FLAG } from '../model/settings.ts';
import type { RestoreCluster } from '../model/step.ts';
import { type World, memberOf } from '../model/world.ts';
import { add, newDraft } from './draft.ts';
import { owned } from './target.ts';

export interface RestorePlanInput {
  readonly desired: DesiredSpec;
  readonly world: World;
  readonly clusterId: string;
  /** Undefined: all of it is done. */
  readonly what: RestoreWords | undefined;
}

export type RestoreWords = Pick<
  RestoreCluster,
  'members' | 'from' | 'witnesses' | 'urls' | 'folders'
>;

export function planRestore({ desired, world, clusterId, what }: RestorePlanInput): Rollout {
  const draft = newDraft(world, desired.gates);
  const here = {
    phase: 'rescue',
    why: 'a majority has no data and will not have them again',
  } as const;
  const checks = ['peer-ports', 'data'] as const;
  const { timeoutMs } = desired.gates;
  if (what !== undefined) {
    add(draft, here, { kind: 'restore-cluster', ...what }, { checks, quietMs: 0, timeoutMs });
  }
  return {
    direction: 'rescue',
    strategy: desired.strategy,
    planName: desired.name,
    clusterId,
    steps: draft.steps,
    windows: [],
    assumptions: [
      'nobody starts one of these members by hand while it runs',
      'the data that are gone will not be found again: what only those members had is lost',
    ],
    start: world,
    goal: draft.world.members.map(({ name, disk }) => {
      return { member: name, urls: draft.world.record[name] ?? [], settings: owned(disk.settings) };
    }),
  };
}

/** Everybody, each called by what it listens on; as it was: a change of scheme is for the run that comes after. */
export function restoreWords(
  world: World,
  from: MemberName,
  witnesses: readonly MemberName[],
): RestoreWords {
  const members = world.members.map(({ name }) => name);
  return {
    members,
    from,
    witnesses,
    urls: Object.fromEntries(
      members.map((name) => [name, urlsAfresh(world, memberOf(world, name))]),
    ),
    folders: Object.fromEntries(
      world.members.map(({ name, disk }) => [name, disk.settings[FLAG.dataDir] ?? '']),
    ),
  };
}
