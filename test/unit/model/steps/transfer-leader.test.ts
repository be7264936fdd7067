/** Goal: leadership moves to a member that is up, from the one that has it. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { transferLeader } from '../../../../src/model/steps/transfer-leader.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpWorld, withDown } from '../../../support/worlds.ts';

const world = httpWorld(3);
const step = stepOf({ kind: 'transfer-leader', from: memberName('m1'), to: memberName('m3') });

describe('transfer-leader', () => {
  it('makes the other one lead, and nothing else', () => {
    expect(transferLeader.apply(world, step)).toEqual({ ...world, leader: 'm3' });
  });

  it('may leave an election behind when it is cut off', () => {
    expect(transferLeader.halfway(world, step)).toEqual([{ ...world, leader: undefined }]);
  });

  it('needs its source to lead and its target to be up', () => {
    expect(transferLeader.needs(world, step)).toEqual([]);
    expect(transferLeader.needs({ ...world, leader: undefined }, step)).toEqual([]);
    expect(transferLeader.needs({ ...world, leader: memberName('m2') }, step)).toEqual([
      'm1 does not lead, m2 does',
    ]);
    expect(transferLeader.needs(withDown(world, 'm3'), step)).toEqual(['m3 is down']);
  });

  it('says what it does, where, and how it is undone', () => {
    expect(transferLeader.say(step)).toBe('hand leadership from m1 to m3');
    expect(transferLeader.place(step)).toBe('etcd');
    expect(transferLeader.undo(world, step)).toBe('hand it back to m1');
  });
});
