/** Goal: a canary's budget stops a run with numbers, and nothing below it does. */

import { describe, expect, it } from 'vitest';
import {
  type CanaryTold,
  canaryText,
  canaryVerdict,
  joinedCanaries,
} from '../../../src/model/canary.ts';
import { memberName } from '../../../src/model/ids.ts';

const TOLD: CanaryTold = {
  does: ['writes', 'leases'],
  members: ['m1', 'm2'].map(memberName),
  writes: 1204,
  lost: 0,
  longestGapMs: 210,
  longestGapAt: '2026-11-22T10:00:00.000Z',
  keepalives: 64,
  failedKeepalives: 2,
  expired: 0,
};
const BUDGET = { writes: true, leases: true, longestGapMs: 10_000, failedKeepalives: undefined };

describe('what a canary has met', () => {
  it('is told with its numbers', () => {
    expect(canaryText(TOLD)).toBe(
      '1204 writes through m1, m2, the longest gap 210 ms; 64 keepalives, 2 failed',
    );
    expect(canaryText({ ...TOLD, does: ['leases'] })).toBe('64 keepalives, 2 failed');
  });

  it('passes within its budget', () => {
    expect(canaryVerdict(TOLD, BUDGET).kind).toBe('pass');
  });

  it.each([
    [
      'a gap',
      { longestGapMs: 12_400 },
      {},
      'no member took a write for 12.4 s from 2026-11-22T10:00',
    ],
    ['a write', { lost: 1 }, {}, '1 acknowledged writes were not read back'],
    ['a lease', { expired: 1 }, {}, '1 leases ended although kept alive'],
    ['a keepalive', {}, { failedKeepalives: 1 }, '2 keepalives failed (gates.canary.failed'],
  ])('fails over it, by %s', (_name, more, budget, words) => {
    const verdict = canaryVerdict({ ...TOLD, ...more }, { ...BUDGET, ...budget });
    expect(verdict).toMatchObject({ kind: 'fail', fault: 'ours' });
    expect(JSON.stringify(verdict)).toContain(words);
  });

  it('is one over the lives of a run, with the longest gap of all', () => {
    const other = { ...TOLD, writes: 10, longestGapMs: 900, longestGapAt: 'later' };
    expect(joinedCanaries([TOLD, other])).toMatchObject({
      writes: 1214,
      longestGapMs: 900,
      longestGapAt: 'later',
      keepalives: 128,
    });
    expect(joinedCanaries([])).toBeUndefined();
  });
});
