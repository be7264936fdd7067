/** Goal: no step of ours takes quorum away by itself, unless somebody accepted it. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { downtime } from '../../../../src/prove/invariants/downtime.ts';
import { breaches, momentOf } from '../../../support/moments.ts';
import { httpWorld, withDown } from '../../../support/worlds.ts';

describe('downtime', () => {
  it('is broken with one of two members down', () => {
    expect(breaches(downtime, momentOf(withDown(httpWorld(2), 'm1')))).toEqual([
      'cluster: 1 of 2 members would be up; quorum needs 2',
    ]);
    expect(downtime.severity).toBe('costly');
  });

  it('holds with one of three down, and is not asked after a crash', () => {
    expect(breaches(downtime, momentOf(withDown(httpWorld(3), 'm1')))).toEqual([]);
    const mishap = { member: memberName('m1'), isBack: false };
    expect(breaches(downtime, momentOf(withDown(httpWorld(2), 'm1'), { mishap }))).toEqual([]);
  });

  it('names the way out by the size of the cluster', () => {
    const remedy = (size: number, ...down: readonly string[]): string | undefined => {
      const world = down.reduce(withDown, httpWorld(size));
      return downtime.check(momentOf(world), {} as never)[0]?.remedy;
    };
    expect(remedy(2, 'm1')).toContain('--accept-downtime');
    expect(remedy(3, 'm1', 'm2')).toContain('bring the member that is down back first');
  });
});
