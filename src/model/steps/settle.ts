/** Turns a world just changed into the one it becomes once raft has spread the member list over the links. */

import { dialMatrix, isLinked } from '../dial.ts';
import type { MemberName } from '../ids.ts';
import { quorumOf } from '../quorum.ts';
import { type World, isUp } from '../world.ts';

/**
 * Every up member that is linked, directly or through others, to a linked majority has the agreed list.
 * A member that is cut off or down keeps the list it has: it learns the new one from a leader.
 */
export function settle(world: World): World {
  const majority = linkedMajority(world);
  if (majority === undefined) return world;
  return {
    ...world,
    members: world.members.map((member) => {
      // The same object where nothing changes: what was worked out about it stays known.
      if (!majority.has(member.name) || member.view === world.record) return member;
      return { ...member, view: world.record };
    }),
  };
}

/** The names of the linked group that has quorum; undefined when no group has. */
export function linkedMajority(world: World): ReadonlySet<string> | undefined {
  const needed = quorumOf(world.members.length);
  return linkedGroups(world).find((group) => group.size >= needed);
}

/** Worlds never change, so what follows from one is worked out once. */
const GROUPS = new WeakMap<World, readonly ReadonlySet<string>[]>();

/** Members that take part: up and linked to the majority; where there is none, all that are up. */
export function participants(world: World): readonly MemberName[] {
  const majority = linkedMajority(world);
  const up = world.members.filter(isUp).map(({ name }) => name);
  return majority === undefined ? up : up.filter((name) => majority.has(name));
}

/** Up members, grouped by links of at least one direction. */
export function linkedGroups(world: World): readonly ReadonlySet<string>[] {
  const known = GROUPS.get(world);
  if (known !== undefined) return known;
  const groups = groupsOf(world);
  GROUPS.set(world, groups);
  return groups;
}

function groupsOf(world: World): readonly ReadonlySet<string>[] {
  const matrix = dialMatrix(world);
  const left = new Set(world.members.filter(isUp).map((member) => member.name as string));
  const groups: Set<string>[] = [];
  for (const start of [...left]) {
    if (!left.delete(start)) continue;
    const group = new Set([start]);
    for (const name of group) {
      for (const other of [...left]) {
        if (isLinked(matrix, name, other)) {
          left.delete(other);
          group.add(other);
        }
      }
    }
    groups.push(group);
  }
  return groups;
}
