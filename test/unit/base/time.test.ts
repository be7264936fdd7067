/** Goal: times by arithmetic are the calendar's. Method: against the calendar of the runtime. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoTime, parseIsoMs } from '../../../src/base/time.ts';

const FIRST_MS = Date.UTC(1600, 0, 1);
const LAST_MS = Date.UTC(2399, 11, 31);

describe('RFC 3339 times', () => {
  it('are written as the calendar has them', () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST_MS, max: LAST_MS }), (ms) => {
        expect(isoTime(ms)).toBe(new Date(ms).toISOString());
      }),
    );
  });

  it('are read back as what was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST_MS, max: LAST_MS }), (ms) => {
        expect(parseIsoMs(isoTime(ms))).toBe(ms);
      }),
    );
  });

  it('may have an offset, no fraction, or a longer one', () => {
    expect(parseIsoMs('2026-11-22T07:41:19+02:00')).toBe(Date.UTC(2026, 10, 22, 5, 41, 19));
    expect(parseIsoMs('2026-11-22T00:11:19-05:30')).toBe(Date.UTC(2026, 10, 22, 5, 41, 19));
    expect(parseIsoMs('2024-02-29T23:59:59.123456789Z')).toBe(
      Date.UTC(2024, 1, 29, 23, 59, 59, 123),
    );
  });

  it.each([
    '',
    'now',
    '2026-11-22',
    '2026-11-22T05:41:19',
    '2026-13-01T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
  ])('are not read from %j', (text) => {
    expect(parseIsoMs(text)).toBeUndefined();
  });
});
