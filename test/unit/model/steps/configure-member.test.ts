/** Goal: settings on disk change at once and as a whole, and no process notices. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { FLAG } from '../../../../src/model/settings.ts';
import { configureMember } from '../../../../src/model/steps/configure-member.ts';
import { recordCluster } from '../../../../src/model/steps/record-cluster.ts';
import { memberOf } from '../../../../src/model/world.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl } from '../../../support/worlds.ts';

const world = httpWorld(3);
const changes = [
  { flag: FLAG.listenPeerUrls, from: httpUrl('m1'), to: httpsUrl('m1') },
  { flag: FLAG.initialCluster, from: 'old', to: undefined },
];
const member = memberName('m1');
const configure = stepOf({ kind: 'configure-member', member, changes, restoresOriginal: false });
const record = stepOf({ kind: 'record-cluster', member, changes });

describe.each([
  ['configure-member', configureMember.apply(world, configure)],
  ['record-cluster', recordCluster.apply(world, record)],
])('%s', (_name, after) => {
  it('writes what is given and takes out what is undefined', () => {
    const { settings } = memberOf(after, 'm1').disk;
    expect(settings[FLAG.listenPeerUrls]).toBe(httpsUrl('m1'));
    expect(FLAG.initialCluster in settings).toBe(false);
    expect(settings[FLAG.dataDir]).toBe('/var/lib/etcd');
  });

  it('leaves the process and the other members as they are', () => {
    expect(memberOf(after, 'm1').process).toEqual(memberOf(world, 'm1').process);
    expect(after.members.slice(1)).toEqual(world.members.slice(1));
  });
});

describe('the words of a settings step', () => {
  it('say what is written where, and how it is undone', () => {
    expect(configureMember.say(configure)).toBe('write 2 settings of m1');
    expect(configureMember.undo(world, configure)).toBe('put the file kept beside it back');
    const restore = { ...configure, restoresOriginal: true };
    expect(configureMember.say(restore)).toBe('put the original settings of m1 back');
    expect(configureMember.undo(world, restore)).toBe('write our settings again');
    expect(recordCluster.say(record)).toContain('the final initial-cluster of m1 (no restart)');
    expect([configureMember.place(configure), recordCluster.place(record)]).toEqual(['m1', 'm1']);
  });

  it('need nothing, and leave nothing half done: one rename is the whole edit', () => {
    expect(configureMember.needs(world, configure)).toEqual([]);
    expect(configureMember.halfway(world, configure)).toEqual([]);
    expect(recordCluster.needs(world, record)).toEqual([]);
    expect(recordCluster.halfway(world, record)).toEqual([]);
    expect(recordCluster.undo(world, record)).toBe('put the file kept beside it back');
  });
});
