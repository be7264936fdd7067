/** Goal: nothing rests on a link that was never seen to work. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { observedLinks } from '../../../../src/prove/invariants/observed-links.ts';
import { before, breaches } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl, withTls, withTrust } from '../../../support/worlds.ts';

const restart = stepOf({ kind: 'restart-member', member: memberName('m3') });
const advertise = stepOf({
  kind: 'advertise-peer',
  member: memberName('m3'),
  from: [httpUrl('m3')],
  to: [httpsUrl('m3')],
});
const tls = withTrust(withTrust(withTls(httpWorld(3), 'm1'), 'm2'), 'm3');

describe('observed-links', () => {
  it('is broken when a restart leaves members whose link nobody has seen in either direction', () => {
    const world = { ...httpWorld(3), unobserved: ['m1>m2', 'm2>m1'] };
    expect(breaches(observedLinks, before(world, restart))).toEqual([
      'm1 and m2: m3 would be restarted while the link between m1 and m2 was not observed since it last changed',
    ]);
  });

  it('holds when one direction was seen, or when the link is that of the restarted member', () => {
    expect(
      breaches(observedLinks, before({ ...httpWorld(3), unobserved: ['m1>m2'] }, restart)),
    ).toEqual([]);
    const own = { ...httpWorld(3), unobserved: ['m1>m3', 'm3>m1'] };
    expect(breaches(observedLinks, before(own, restart))).toEqual([]);
  });

  it('is broken when one more member becomes https-only on an https link that nobody has seen', () => {
    const world = { ...tls, unobserved: ['m2>m1'] };
    expect(breaches(observedLinks, before(world, advertise))).toEqual([
      'm2 and m1: one more member would become https-only while the link between m2 and m1 was not observed since it last changed',
    ]);
    expect(breaches(observedLinks, before(tls, advertise))).toEqual([]);
  });

  it('holds for a URL list that keeps http', () => {
    const both = { ...advertise, to: [httpUrl('m3'), httpsUrl('m3')] };
    expect(breaches(observedLinks, before({ ...tls, unobserved: ['m2>m1'] }, both))).toEqual([]);
  });
});
