/** Goal: a stop and a start do what they do to a member, its links and the leadership. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { FLAG } from '../../../../src/model/settings.ts';
import { restartMember, started } from '../../../../src/model/steps/restart-member.ts';
import { startMember } from '../../../../src/model/steps/start-member.ts';
import { stopMember } from '../../../../src/model/steps/stop-member.ts';
import { type World, isUp, memberOf, withMember } from '../../../../src/model/world.ts';
import { stepOf } from '../../../support/steps.ts';
import {
  TLS_SETTINGS,
  httpUrl,
  httpWorld,
  httpsUrl,
  tlsFiles,
  withDown,
} from '../../../support/worlds.ts';

const world = httpWorld(3);
const member = memberName('m2');
const restart = stepOf({ kind: 'restart-member', member });
const start = stepOf({ kind: 'start-member', member });
const stop = stepOf({ kind: 'stop-member', member });

/** m2 with TLS written to its disk and not loaded. */
function configured(files = tlsFiles('m2')): World {
  const now = memberOf(world, 'm2');
  const settings = { ...now.disk.settings, ...TLS_SETTINGS, [FLAG.listenPeerUrls]: httpsUrl('m2') };
  return withMember(world, { ...now, disk: { settings, files } });
}

describe('restart-member', () => {
  it('loads what stands on the disk', () => {
    const after = restartMember.apply(configured(), restart);
    expect(memberOf(after, 'm2').process).toMatchObject({
      peer: { listen: [httpsUrl('m2')] },
      pool: { value: ['ca-1'] },
      demandsClientCert: true,
    });
  });

  it('makes every link of the member unobserved, both ways', () => {
    expect(restartMember.apply(world, restart).unobserved).toEqual([
      'm1>m2',
      'm2>m1',
      'm2>m3',
      'm3>m2',
    ]);
  });

  it('can be cut off while the member is down', () => {
    const [half, ...more] = restartMember.halfway(world, restart);
    expect(more).toEqual([]);
    expect(half && isUp(memberOf(half, 'm2'))).toBe(false);
  });

  it('of the leader leaves the leadership to nobody in particular', () => {
    const led = { ...world, leader: member };
    expect(restartMember.apply(led, restart).leader).toBeUndefined();
    expect(restartMember.apply(world, restart).leader).toBe('m1');
  });

  it('does not begin where etcd would refuse to start, and says why', () => {
    expect(restartMember.needs(world, restart)).toEqual([]);
    expect(restartMember.needs(configured({}), restart)).toEqual([
      'm2 would not start: open /etc/etcd/pki/peer.pem: no such file',
    ]);
  });

  it('says what it does, where, and how it is undone', () => {
    expect(restartMember.say(restart)).toBe('restart m2');
    expect(restartMember.place(restart)).toBe('m2');
    expect(restartMember.undo(world, restart)).toBe(
      'put the original settings of m2 back and restart it',
    );
  });
});

describe('start-member and stop-member', () => {
  it('a stop takes the member down, and a start from its disk brings it back', () => {
    const down = stopMember.apply(world, stop);
    expect(isUp(memberOf(down, 'm2'))).toBe(false);
    expect(isUp(memberOf(startMember.apply(down, start), 'm2'))).toBe(true);
  });

  it('a member that comes back learns the list from whoever it is linked with', () => {
    const down = withDown(world, 'm2');
    const record = { ...down.record, m3: [httpUrl('m3'), httpsUrl('m3')] };
    const up = started({ ...down, record }, 'm2');
    expect(memberOf(up, 'm2').view).toEqual(record);
  });

  it('a start that etcd refuses leaves the member down', () => {
    const down = withDown(configured({}), 'm2');
    expect(startMember.needs(down, start)).toHaveLength(1);
    expect(isUp(memberOf(startMember.apply(down, start), 'm2'))).toBe(false);
  });

  it('are whole or not at all, and undo each other', () => {
    expect([startMember.halfway(world, start), stopMember.halfway(world, stop)]).toEqual([[], []]);
    expect([startMember.say(start), stopMember.say(stop)]).toEqual(['start m2', 'stop m2']);
    expect([startMember.undo(world, start), stopMember.undo(world, stop)]).toEqual([
      'stop m2',
      'start m2',
    ]);
    expect([startMember.place(start), stopMember.place(stop)]).toEqual(['m2', 'm2']);
    expect(stopMember.needs(world, stop)).toEqual([]);
  });
});
