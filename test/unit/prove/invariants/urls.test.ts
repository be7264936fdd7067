/** Goal: no URL reaches the member list that would kill the other members or belongs to one of them. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { urls } from '../../../../src/prove/invariants/urls.ts';
import { before, breaches, momentOf } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl } from '../../../support/worlds.ts';

const world = httpWorld(3);

function advertising(...to: readonly string[]): ReturnType<typeof before> {
  const member = memberName('m2');
  const from = [httpUrl('m2')];
  return before(world, stepOf({ kind: 'advertise-peer', member, from, to: to as never }));
}

describe('urls', () => {
  it.each([
    ['https://10.0.0.2:2380/', 'a path ("/") is not allowed, not even "/": etcd panics on it'],
    ['https://10.0.0.2', 'the port is missing'],
    ['https://10.0.0.2:2380?a=b', 'a query or fragment ("?a=b") is not allowed'],
    ['unix://10.0.0.2:2380', 'scheme "unix" is not http or https'],
    ['https://10.0.0.3:2380', 'm3 already has http://10.0.0.3:2380'],
  ])('are broken by %s', (url, but) => {
    expect(breaches(urls, advertising(url))).toEqual([`m2: ${but}`]);
  });

  it('are broken by an empty list, and say all that is wrong at once', () => {
    expect(breaches(urls, advertising())).toEqual(['m2: the list of peer URLs would be empty']);
    const both = breaches(urls, advertising('https://10.0.0.2:2380/', 'http://10.0.0.1:2380'));
    expect(both).toEqual([
      'm2: a path ("/") is not allowed, not even "/": etcd panics on it; m1 already has http://10.0.0.1:2380',
    ]);
  });

  it('hold for its own address under either scheme, and are asked before the update alone', () => {
    expect(breaches(urls, advertising(httpsUrl('m2')))).toEqual([]);
    expect(breaches(urls, advertising(httpUrl('m2'), httpsUrl('m2')))).toEqual([]);
    const after = { ...advertising('https://10.0.0.2:2380/'), kind: 'after' } as const;
    expect(breaches(urls, after)).toEqual([]);
    expect(breaches(urls, momentOf(world))).toEqual([]);
  });
});
