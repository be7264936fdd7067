/** Goal: a dial may fail only in a declared window, and only for its reasons. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { degraded } from '../../../../src/prove/invariants/degraded.ts';
import { breaches, momentOf } from '../../../support/moments.ts';
import { httpWorld, httpsWorld, mixedWorld } from '../../../support/worlds.ts';

const mixed = mixedWorld(3);
const window = { phase: 'first', because: 'in between', reasons: ['no-trust'] } as const;

describe('degraded', () => {
  it('is broken by each pair that cannot dial', () => {
    expect(breaches(degraded, momentOf(mixed))).toEqual([
      "m2>m1: m2 could not dial m1: m2 has not loaded the CA of m1's leaf",
      "m3>m1: m3 could not dial m1: m3 has not loaded the CA of m1's leaf",
    ]);
  });

  it('holds where all can dial', () => {
    expect(breaches(degraded, momentOf(httpWorld(3)))).toEqual([]);
    expect(breaches(degraded, momentOf(httpsWorld(3)))).toEqual([]);
  });

  it('holds in a window that names the reason, and not in one that names another', () => {
    expect(breaches(degraded, momentOf(mixed, { window }))).toEqual([]);
    const other = { ...window, reasons: ['https-to-plain'] } as const;
    expect(breaches(degraded, momentOf(mixed, { window: other }))).toHaveLength(2);
  });

  it('is not asked after a crash: the list spreads from whoever reaches the member', () => {
    const mishap = { member: memberName('m2'), isBack: true };
    expect(breaches(degraded, momentOf(mixed, { mishap }))).toEqual([]);
  });
});
