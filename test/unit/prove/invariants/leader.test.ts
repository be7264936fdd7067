/** Goal: whoever leads can be dialed by all, or leases through the others would expire. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { leaderDialable } from '../../../../src/prove/invariants/leader.ts';
import { before, breaches, momentOf } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { mixedWorld, withDown } from '../../../support/worlds.ts';

const m1 = memberName('m1');
const led = { ...mixedWorld(3), leader: m1 };

describe('leader', () => {
  it('is broken where m1 leads and the others cannot dial it', () => {
    expect(breaches(leaderDialable, momentOf(led))).toEqual([
      'm1: m1 leads and m2, m3 could not dial it',
    ]);
  });

  it('holds where another one leads, or nobody knows who', () => {
    expect(breaches(leaderDialable, momentOf({ ...led, leader: memberName('m2') }))).toEqual([]);
    expect(breaches(leaderDialable, momentOf({ ...led, leader: undefined }))).toEqual([]);
    expect(breaches(leaderDialable, momentOf({ ...withDown(led, 'm1'), leader: m1 }))).toEqual([]);
  });

  it('holds when the very next step hands leadership away from it', () => {
    const step = stepOf({ kind: 'transfer-leader', from: m1, to: memberName('m2') });
    expect(breaches(leaderDialable, before(led, step))).toEqual([]);
  });
});
