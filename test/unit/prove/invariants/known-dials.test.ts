/** Goal: an unknown is never taken for good. */

import { describe, expect, it } from 'vitest';
import { unknown } from '../../../../src/model/observed.ts';
import { knownDials } from '../../../../src/prove/invariants/known-dials.ts';
import { breaches, momentOf } from '../../../support/moments.ts';
import { httpsWorld, mixedWorld } from '../../../support/worlds.ts';

const world = httpsWorld(3);
const dark = {
  ...world,
  members: world.members.map((member) => {
    return member.name === 'm2'
      ? { ...member, sources: { ...member.sources, m1: unknown('NAT') } }
      : member;
  }),
};

describe('known-dials', () => {
  it('is broken by a dial that cannot be judged, and says what is missing', () => {
    expect(breaches(knownDials, momentOf(dark))).toEqual([
      'm2>m1: whether m2 could dial m1 cannot be told: unknown is the address that m2 dials m1 from: NAT',
    ]);
  });

  it('holds where every answer is yes or no', () => {
    expect(breaches(knownDials, momentOf(world))).toEqual([]);
    expect(breaches(knownDials, momentOf(mixedWorld(3)))).toEqual([]);
  });
});
