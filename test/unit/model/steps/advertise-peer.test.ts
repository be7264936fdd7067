/** Goal: a member update makes everybody who is reached dial elsewhere, and nothing else. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { advertisePeer } from '../../../../src/model/steps/advertise-peer.ts';
import { memberOf } from '../../../../src/model/world.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl, withDown } from '../../../support/worlds.ts';

const step = stepOf({
  kind: 'advertise-peer',
  member: memberName('m2'),
  from: [httpUrl('m2')],
  to: [httpsUrl('m2')],
});
const world = httpWorld(3);

describe('advertise-peer', () => {
  it('changes the list and the copy of every linked member', () => {
    const after = advertisePeer.apply(world, step);
    expect(after.record.m2).toEqual([httpsUrl('m2')]);
    expect(after.members.map(({ view }) => view.m2)).toEqual(Array(3).fill([httpsUrl('m2')]));
    expect(after.members.map(({ process }) => process)).toEqual(
      world.members.map((m) => m.process),
    );
  });

  it('makes the links to the member unobserved, and what was seen broken of them out of date', () => {
    const after = advertisePeer.apply({ ...world, blocked: ['m1>m2', 'm2>m1'] }, step);
    expect(after.unobserved).toEqual(['m1>m2', 'm3>m2']);
    expect(after.blocked).toEqual(['m2>m1']);
  });

  it('does not reach a member that is down: it keeps its old copy', () => {
    const after = advertisePeer.apply(withDown(world, 'm3'), step);
    expect(memberOf(after, 'm3').view.m2).toEqual([httpUrl('m2')]);
  });

  it('has nothing between before and after: the update is one entry of the log', () => {
    expect(advertisePeer.halfway(world, step)).toEqual([]);
  });

  it('needs quorum', () => {
    const lonely = withDown(withDown(world, 'm1'), 'm3');
    expect(advertisePeer.needs(lonely, step)).toEqual(['a member update needs quorum']);
    expect(advertisePeer.needs(world, step)).toEqual([]);
  });

  it('says what it does, where, and how it is undone', () => {
    expect(advertisePeer.say(step)).toBe('advertise https://10.0.0.2:2380 for m2');
    expect(advertisePeer.place(step)).toBe('etcd');
    expect(advertisePeer.undo(world, step)).toBe('advertise http://10.0.0.2:2380');
  });
});
