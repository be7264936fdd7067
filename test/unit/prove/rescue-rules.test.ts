/** Goal: a rescue takes nothing away from what still works, and ends with a linked majority. */

import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../src/model/settings.ts';
import { loadDisk } from '../../../src/model/load.ts';
import { type World, memberOf, withMember } from '../../../src/model/world.ts';
import { linkedEnd, noneWorse } from '../../../src/prove/rescue-rules.ts';
import { momentOf, rolloutOf } from '../../support/moments.ts';
import { httpUrl, httpsWorld } from '../../support/worlds.ts';

/** The list says https and this member speaks http. */
function plain(world: World, name: string): World {
  const member = memberOf(world, name);
  const settings = { ...member.disk.settings, [FLAG.listenPeerUrls]: httpUrl(name) };
  const loaded = loadDisk({ ...member.disk, settings }, member.version);
  if (!loaded.ok) throw new Error(loaded.error);
  return withMember(world, { ...member, process: loaded.value });
}

const whole = httpsWorld(3);
const cut = plain(plain(plain(whole, 'm1'), 'm2'), 'm3');
const from = (start: World): Parameters<typeof noneWorse.check>[1] => ({ ...rolloutOf(), start });

describe('the rules of a rescue', () => {
  it('forbid that two linked members are parted, and take a pair that was parted as it is', () => {
    const subjects = noneWorse.check(momentOf(cut), from(whole)).map(({ subject }) => subject);
    expect(subjects).toEqual(['m1>m2', 'm1>m3', 'm2>m3']);
    expect(noneWorse.check(momentOf(cut), from(cut))).toEqual([]);
    expect(noneWorse.check(momentOf(whole), from(cut))).toEqual([]);
  });

  it('ask for a linked majority at the end alone', () => {
    const end = momentOf(cut, { kind: 'end' });
    expect(linkedEnd.check(end, from(cut)).map(({ but }) => but)).toEqual([
      'the largest linked group would have 1 of 3 members',
    ]);
    expect(linkedEnd.check(momentOf(cut, { kind: 'after' }), from(cut))).toEqual([]);
    expect(linkedEnd.check(momentOf(whole, { kind: 'end' }), from(cut))).toEqual([]);
  });
});
