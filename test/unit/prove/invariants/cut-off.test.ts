/** Goal: no member that is up loses touch with the majority. */

import { describe, expect, it } from 'vitest';
import { cutOff } from '../../../../src/prove/invariants/cut-off.ts';
import { breaches, momentOf } from '../../../support/moments.ts';
import { httpWorld, withDown } from '../../../support/worlds.ts';

const alone = { ...httpWorld(3), blocked: ['m1>m3', 'm3>m1', 'm2>m3', 'm3>m2'] };

describe('cut-off', () => {
  it('is broken by a member that nobody reaches and that reaches nobody', () => {
    const [line, ...more] = breaches(cutOff, momentOf(alone));
    expect(line).toContain('m3: m3 could neither dial nor be dialed by m1, m2');
    expect(more).toEqual([]);
  });

  it('holds when one other member has one direction with it', () => {
    expect(breaches(cutOff, momentOf({ ...alone, blocked: alone.blocked.slice(1) }))).toEqual([]);
  });

  it('holds for a member that is down, and is not asked without a majority', () => {
    expect(breaches(cutOff, momentOf(withDown(alone, 'm3')))).toEqual([]);
    expect(breaches(cutOff, momentOf(withDown(alone, 'm2')))).toEqual([]);
  });
});
