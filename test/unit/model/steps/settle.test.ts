/** Goal: the list spreads over the links that there are, and no further. */

import { describe, expect, it } from 'vitest';
import {
  linkedGroups,
  linkedMajority,
  participants,
  settle,
} from '../../../../src/model/steps/settle.ts';
import { type World, memberOf } from '../../../../src/model/world.ts';
import { httpUrl, httpWorld, httpsUrl, withDown } from '../../../support/worlds.ts';

const both = [httpUrl('m1'), httpsUrl('m1')];

function withRecord(world: World): World {
  return { ...world, record: { ...world.record, m1: both } };
}

function cut(world: World, name: string): World {
  const others = world.members.map((member) => member.name).filter((other) => other !== name);
  return {
    ...world,
    blocked: others.flatMap((other) => [`${name}>${other}`, `${other}>${name}`]).sort(),
  };
}

describe('settle', () => {
  it('gives every linked member the agreed list', () => {
    const views = settle(withRecord(httpWorld(3))).members.map(({ view }) => view.m1);
    expect(views).toEqual([both, both, both]);
  });

  it('leaves a member that is cut off, or down, with what it has', () => {
    const world = settle(withRecord(cut(withDown(httpWorld(5), 'm5'), 'm3')));
    expect(world.members.map(({ view }) => view.m1?.length)).toEqual([2, 2, 1, 2, 1]);
  });

  it('reaches over a third member', () => {
    const world = { ...httpWorld(3), blocked: ['m1>m3', 'm3>m1'] };
    expect(memberOf(settle(withRecord(world)), 'm3').view.m1).toEqual(both);
  });

  it('without quorum nothing spreads', () => {
    const world = withRecord(withDown(withDown(httpWorld(3), 'm2'), 'm3'));
    expect(settle(world)).toBe(world);
  });
});

describe('who takes part', () => {
  it('is up and linked to the majority', () => {
    expect(participants(cut(withDown(httpWorld(5), 'm5'), 'm3'))).toEqual(['m1', 'm2', 'm4']);
    expect(linkedGroups(cut(httpWorld(3), 'm2')).map((group) => [...group])).toEqual([
      ['m1', 'm3'],
      ['m2'],
    ]);
  });

  it('is everybody that is up where there is no majority', () => {
    const world = cut(withDown(httpWorld(3), 'm3'), 'm1');
    expect(linkedMajority(world)).toBeUndefined();
    expect(participants(world)).toEqual(['m1', 'm2']);
  });
});
