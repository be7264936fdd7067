/**
 * learner: a learner is not made a voter in passing, and is never counted as one. A member update of a
 * learner makes it a voter in all of 3.4, in 3.5 before 3.5.31 and in 3.6 before 3.6.12.
 */

import type { Breach, Invariant } from '../../model/invariant.ts';
import { quorumOf } from '../../model/quorum.ts';
import { type AdvertisePeer, takesDown } from '../../model/step.ts';
import { isAtLeast } from '../../model/version.ts';
import { type World, isUp, memberOf } from '../../model/world.ts';

export const learner: Invariant = {
  name: 'learner',
  severity: 'fatal',
  rule: 'no learner becomes a voter by a member update, and none is counted for the quorum',
  check: ({ kind, step, world, mishap }) => {
    if (kind !== 'before' || mishap !== undefined) return [];
    if (!world.members.some((member) => member.isLearner === true)) return [];
    if (step?.kind === 'advertise-peer') return promoted(world, step);
    return takesDown(step) ? counted(world, step.member) : [];
  },
};

/** One entry of the log, applied by every member by its own version: the oldest one decides. */
function promoted({ members }: World, { member: name }: AdvertisePeer): readonly Breach[] {
  const updated = members.find((member) => member.name === name);
  const old = members.find(({ version }) => !keepsLearners(version));
  if (updated?.isLearner !== true || old === undefined) return [];
  return [
    {
      subject: name,
      but: `${name} is a learner, and a member update makes it a voter on ${old.version} (${old.name})`,
      so: 'the quorum would change without anyone asking for it',
      remedy: `promote ${name} (etcdctl member promote) or remove it first`,
    },
  ];
}

function keepsLearners(version: string): boolean {
  if (isAtLeast(version, '3.6.0')) return isAtLeast(version, '3.6.12');
  return isAtLeast(version, '3.5.31') || !isAtLeast(version, '3.4.0');
}

/** A learner that stops costs nothing; of the voters a majority must stay. */
function counted(world: World, stopping: string): readonly Breach[] {
  if (memberOf(world, stopping).isLearner === true) return [];
  const voters = world.members.filter((member) => member.isLearner !== true);
  const learners = world.members.filter((member) => member.isLearner === true);
  const left = voters.filter((member) => isUp(member) && member.name !== stopping).length;
  const needed = quorumOf(voters.length);
  if (left >= needed) return [];
  const names = learners.map(({ name }) => name).join(', ');
  return [
    {
      subject: stopping,
      but: `without ${stopping} ${String(left)} of ${String(voters.length)} voters would be up and quorum needs ${String(needed)}: ${names} is a learner and does not count`,
      so: 'no client could write until the member is back',
      remedy: `promote ${names} (etcdctl member promote) or remove it first`,
    },
  ];
}
