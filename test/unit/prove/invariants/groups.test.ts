/** Goal: the steps of one group stand together. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { groups } from '../../../../src/prove/invariants/groups.ts';
import { breaches, momentOf, rolloutOf } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpWorld } from '../../../support/worlds.ts';

const one = stepOf({ kind: 'stop-member', member: memberName('m1') }, { group: 'members/m1' });
const two = stepOf({ kind: 'start-member', member: memberName('m1') }, { group: 'members/m1' });
const other = stepOf({ kind: 'check-links' });

describe('groups', () => {
  it('are parted by a step in between', () => {
    const moment = momentOf(httpWorld(3), { kind: 'before', step: two, index: 2 });
    expect(breaches(groups, moment, rolloutOf([one, other, two]))).toEqual([
      'members/m1: the steps of group members/m1 are parted by others',
    ]);
  });

  it('hold when they stand together, wherever', () => {
    const moment = momentOf(httpWorld(3), { kind: 'before', step: two, index: 2 });
    expect(breaches(groups, moment, rolloutOf([other, one, two]))).toEqual([]);
    expect(
      breaches(groups, { ...moment, step: one, index: 1 }, rolloutOf([other, one, two])),
    ).toEqual([]);
  });
});
