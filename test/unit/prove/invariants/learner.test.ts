/** Goal: a learner stays one, and nobody rests on its vote. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import type { World } from '../../../../src/model/world.ts';
import { learner } from '../../../../src/prove/invariants/learner.ts';
import { before, breaches, momentOf } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl, withDown } from '../../../support/worlds.ts';

/** The last of so many members is a learner. */
function withLearner(count: number, version = '3.5.31'): World {
  const world = httpWorld(count, version);
  const last = `m${String(count)}`;
  const members = world.members.map((member) => {
    return member.name === last ? { ...member, isLearner: true } : member;
  });
  return { ...world, members };
}

const restart = (name: string): ReturnType<typeof stepOf> => {
  return stepOf({ kind: 'restart-member', member: memberName(name) });
};

const update = (name: string): ReturnType<typeof stepOf> => {
  const urls = { from: [httpUrl(name)], to: [httpsUrl(name)] };
  return stepOf({ kind: 'advertise-peer', member: memberName(name), ...urls });
};

describe('learner', () => {
  it.each(['3.4.0', '3.4.42', '3.5.30', '3.6.0', '3.6.11'])(
    'is broken by an update of a learner on %s, which makes it a voter',
    (version) => {
      expect(breaches(learner, before(withLearner(4, version), update('m4')))).toEqual([
        `m4: m4 is a learner, and a member update makes it a voter on ${version} (m1)`,
      ]);
    },
  );

  it.each(['3.5.31', '3.6.12', '3.7.0'])('holds for the same update on %s', (version) => {
    expect(breaches(learner, before(withLearner(4, version), update('m4')))).toEqual([]);
  });

  it('names the oldest of a mixed cluster, and leaves the update of a voter alone', () => {
    const world = withLearner(4, '3.5.31');
    const members = world.members.map((member) => {
      return member.name === 'm2' ? { ...member, version: '3.5.16' } : member;
    });
    expect(breaches(learner, before({ ...world, members }, update('m4')))).toEqual([
      'm4: m4 is a learner, and a member update makes it a voter on 3.5.16 (m2)',
    ]);
    expect(breaches(learner, before({ ...world, members }, update('m1')))).toEqual([]);
  });

  it('is broken by a restart that only a learner would make bearable', () => {
    expect(breaches(learner, before(withLearner(3), restart('m1')))).toEqual([
      'm1: without m1 1 of 2 voters would be up and quorum needs 2: m3 is a learner and does not count',
    ]);
    expect(breaches(learner, before(withDown(withLearner(4), 'm2'), restart('m1')))).toHaveLength(
      1,
    );
  });

  it('holds where enough voters stay, where the learner itself stops, and where there is none', () => {
    expect(breaches(learner, before(withLearner(4), restart('m1')))).toEqual([]);
    expect(breaches(learner, before(withLearner(3), restart('m3')))).toEqual([]);
    expect(breaches(learner, before(httpWorld(2), restart('m1')))).toEqual([]);
    expect(breaches(learner, momentOf(withLearner(3), { step: restart('m1') }))).toEqual([]);
  });
});
