/** Turns a world just changed into the one it becomes once raft has spread the member list over the links. */

import { type Answers, answersOf, isLinkedAt } from '../dial.ts';
import type { MemberName } from '../ids.ts';
import { quorumOf } from '../quorum.ts';
import { type MemberWorld, type World, isUp, oneGroup, oneMember } from '../world.ts';

/**
 * Every up member that is linked, directly or through others, to a linked majority has the agreed list.
 * A member that is cut off or down keeps the list it has: it learns the new one from a leader.
 */
export function settle(world: World): World {
  const majority = linkedMajority(world);
  if (majority === undefined) return world;
  const isBehind = (member: MemberWorld): boolean => {
    return member.view !== world.record && majority.has(member.name);
  };
  if (!world.members.some(isBehind)) return world;
  const known = SETTLED.get(world.members);
  if (known?.record === world.record && known.majority === majority) {
    return { ...world, members: known.members };
  }
  const members = oneGroup(
    world.members.map((member) => {
      return isBehind(member) ? oneMember({ ...member, view: world.record }) : member;
    }),
  );
  SETTLED.set(world.members, { record: world.record, majority, members });
  return { ...world, members };
}

/** What a list makes of members is worked out once for the group that it reaches. */
const SETTLED = new WeakMap<World['members'], Settled>();

interface Settled {
  readonly record: World['record'];
  readonly majority: ReadonlySet<string>;
  readonly members: World['members'];
}

/** The names of the linked group that has quorum; undefined when no group has. */
export function linkedMajority(world: World): ReadonlySet<string> | undefined {
  const needed = quorumOf(world.members.length);
  return linkedGroups(world).find((group) => group.size >= needed);
}

/** Members that take part: up and linked to the majority; where there is none, all that are up. */
export function participants(world: World): readonly MemberName[] {
  const majority = linkedMajority(world);
  const up = world.members.filter(isUp).map(({ name }) => name);
  return majority === undefined ? up : up.filter((name) => majority.has(name));
}

/** The groups follow from the answers alone, and are worked out once for each set of them. */
const GROUPS = new WeakMap<Answers, readonly ReadonlySet<string>[]>();

/** Up members, grouped by links of at least one direction. */
export function linkedGroups(world: World): readonly ReadonlySet<string>[] {
  const answers = answersOf(world);
  const known = GROUPS.get(answers);
  if (known !== undefined) return known;
  const groups = groupsOf(answers);
  GROUPS.set(answers, groups);
  return groups;
}

function groupsOf(answers: Answers): readonly ReadonlySet<string>[] {
  const { members } = answers;
  const left = new Set(members.keys());
  for (const index of left) if (members[index]?.process === undefined) left.delete(index);
  const groups: ReadonlySet<string>[] = [];
  for (const start of left) {
    left.delete(start);
    const group = new Set([start]);
    for (const index of group) {
      for (const other of left) {
        if (!isLinkedAt(answers, index, other)) continue;
        left.delete(other);
        group.add(other);
      }
    }
    groups.push(new Set([...group].map((index) => members[index]?.name ?? '')));
  }
  return groups;
}
