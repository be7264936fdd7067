/** Goal: one dead-man at a time; its firing gives exactly the settings it was armed with, and restarts the member. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { FLAG } from '../../../../src/model/settings.ts';
import { armDeadMan, disarmDeadMan, fired } from '../../../../src/model/steps/arm-dead-man.ts';
import { owned } from '../../../../src/plan/target.ts';
import { isUp, memberOf, withMember } from '../../../../src/model/world.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl, httpsWorld } from '../../../support/worlds.ts';

const member = memberName('m1');
const world = httpsWorld(3);
const trust = owned(memberOf(world, 'm1').disk.settings);
const settings = { ...trust, [FLAG.listenPeerUrls]: httpUrl('m1') };
const none = { reverts: [], expects: [], afterMs: 120_000 };
const arm = stepOf({ kind: 'arm-dead-man', member, settings, ...none });
const disarm = stepOf({ kind: 'disarm-dead-man', member });

describe('arm-dead-man', () => {
  it('changes nothing but that it waits, and disarming takes it away', () => {
    const armed = armDeadMan.apply(world, arm);
    expect(armed).toEqual({ ...world, armed: { member, settings } });
    expect(disarmDeadMan.apply(armed, disarm)).toEqual(world);
    expect(disarmDeadMan.apply(world, disarm)).toBe(world);
    expect(fired(world)).toBe(world);
  });

  it('is refused while another one waits, and where the member would not start from it', () => {
    expect(armDeadMan.needs(world, arm)).toEqual([]);
    const armed = armDeadMan.apply(world, { ...arm, member: memberName('m2') });
    expect(armDeadMan.needs(armed, arm)).toEqual([
      'the dead-man of m2 is armed, and one at a time is',
    ]);
    const gone = { ...settings, [FLAG.peerTrustedCaFile]: '/gone.pem' };
    expect(armDeadMan.needs(world, { ...arm, settings: gone })).toEqual([
      'm1 would not start after its dead-man: open /gone.pem: no such file',
    ]);
  });

  it('says how long it waits, and what undoes it', () => {
    expect(armDeadMan.say(arm)).toBe('arm the dead-man of m1 (2 min 00 s)');
    expect(armDeadMan.undo(world, arm)).toBe('disarm it');
    expect(disarmDeadMan.say(disarm)).toContain('disarm the dead-man of m1');
    expect([armDeadMan.place(arm), disarmDeadMan.place(disarm)]).toEqual(['m1', 'm1']);
    expect(armDeadMan.halfway(world, arm)).toEqual([]);
    expect(disarmDeadMan.needs(world, disarm)).toEqual([]);
    expect(disarmDeadMan.halfway(world, disarm)).toEqual([]);
  });
});

describe('a dead-man that goes off', () => {
  const after = fired(armDeadMan.apply(world, arm));

  it('gives the member its settings and restarts it, and waits no longer', () => {
    const now = memberOf(after, 'm1');
    expect(owned(now.disk.settings)).toEqual(settings);
    expect(now.disk.settings[FLAG.dataDir]).toBe('/var/lib/etcd');
    expect(now.process?.peer.listen).toEqual([httpUrl('m1')]);
    expect(after.armed).toBeUndefined();
    expect(after.unobserved).toContain('m1>m2');
    expect(after.record['m1']).toEqual([httpsUrl('m1')]);
    expect(after.members.slice(1)).toEqual(world.members.slice(1));
  });

  it('brings back a member that our own step had stopped, and stands off leadership of it', () => {
    const m1 = memberOf(world, 'm1');
    const down = withMember(world, { ...m1, process: undefined });
    expect(isUp(memberOf(fired(armDeadMan.apply(down, arm)), 'm1'))).toBe(true);
    const led = { ...httpWorld(3), leader: member };
    const plain = owned(memberOf(led, 'm1').disk.settings);
    expect(fired({ ...led, armed: { member, settings: plain } }).leader).toBeUndefined();
  });
});
