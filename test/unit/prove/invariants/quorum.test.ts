/** Goal: a world without a linked majority is refused where perfect links would have one. */

import { describe, expect, it } from 'vitest';
import { quorum } from '../../../../src/prove/invariants/quorum.ts';
import { breaches, momentOf } from '../../../support/moments.ts';
import { httpWorld, withDown } from '../../../support/worlds.ts';

const cut = { ...httpWorld(3), blocked: ['m1>m2', 'm2>m1', 'm1>m3', 'm3>m1', 'm2>m3', 'm3>m2'] };

describe('quorum', () => {
  it('is broken where nobody is linked', () => {
    const [line] = breaches(quorum, momentOf(cut));
    expect(line).toContain('cluster: 3 of 3 members are up and the largest linked group has 1');
    expect(line).toContain('m1 and m2 (fresh probes of m1 did not reach m2');
  });

  it('holds as long as one direction of one pair works for each', () => {
    expect(breaches(quorum, momentOf({ ...cut, blocked: cut.blocked.slice(1, 3) }))).toEqual([]);
    expect(breaches(quorum, momentOf(httpWorld(3)))).toEqual([]);
  });

  it('is not asked of a world that has too few members up: no links could help it', () => {
    expect(breaches(quorum, momentOf(withDown(withDown(cut, 'm1'), 'm2')))).toEqual([]);
  });
});
