/** The rules of a rescue: it begins where every other rule is broken already, so only what it may make worse counts. */

import { answersOf } from '../model/dial.ts';
import type { Breach, Invariant, Moment } from '../model/invariant.ts';
import { quorumOf } from '../model/quorum.ts';
import { linkedGroups } from '../model/steps/settle.ts';
import { pairKey, upMembers } from '../model/world.ts';
import { groups } from './invariants/groups.ts';
import { ownRestart } from './invariants/own-restart.ts';
import { startable } from './invariants/startable.ts';

export const noneWorse: Invariant = {
  name: 'none-worse',
  severity: 'fatal',
  rule: 'two members that were linked are linked wherever both are up',
  check: ({ world, mishap }, { start }) => {
    if (mishap !== undefined) return [];
    const before = linkedPairs(start);
    const now = linkedPairs(world);
    const up = upMembers(world).map(({ name }) => name);
    return up.flatMap((a, index) => {
      return up.slice(index + 1).flatMap((b): readonly Breach[] => {
        const pair = pairKey(a, b);
        if (!before.has(pair) || now.has(pair)) return [];
        return [
          {
            subject: pair,
            but: `${a} and ${b} are linked now and would not be then`,
            so: 'a rescue takes nothing away from what still works',
            remedy: 'see the procedure for a rescue by hand',
          },
        ];
      });
    });
  },
};

export const linkedEnd: Invariant = {
  name: 'linked-end',
  severity: 'fatal',
  rule: 'at the end a majority is up and linked',
  check: (moment: Moment) => {
    if (moment.kind !== 'end') return [];
    const { world } = moment;
    const needed = quorumOf(world.members.length);
    const largest = Math.max(0, ...linkedGroups(world).map((group) => group.size));
    if (largest >= needed) return [];
    return [
      {
        subject: 'cluster',
        but: `the largest linked group would have ${String(largest)} of ${String(world.members.length)} members`,
        so: `${String(needed)} are needed for quorum`,
        remedy: 'see the procedure for a rescue by hand',
      },
    ];
  },
};

export const RESCUE_RULES: readonly Invariant[] = [
  startable,
  noneWorse,
  ownRestart,
  groups,
  linkedEnd,
];

function linkedPairs(world: Moment['world']): ReadonlySet<string> {
  const { members, rows } = answersOf(world);
  const linked = new Set<string>();
  members.forEach((a, i) => {
    members.forEach((b, j) => {
      if (i === j || rows[i * members.length + j]?.can !== 'yes') return;
      linked.add(pairKey(a.name, b.name)).add(pairKey(b.name, a.name));
    });
  });
  return linked;
}
