/** Goal: the steps before the first change leave every world as it is, and say so. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { applyStep, lawOf, say } from '../../../../src/model/laws.ts';
import type { Step } from '../../../../src/model/step.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpWorld } from '../../../support/worlds.ts';

const members = ['m1', 'm2'].map(memberName);
const issue = stepOf({ kind: 'issue-certificates', members, makesAuthority: true });
const world = httpWorld(3);

const STEPS: readonly (readonly [Step, string, string, string])[] = [
  [stepOf({ kind: 'check-links' }), 'probe every peer link afresh', 'etcd', 'nothing to undo'],
  [stepOf({ kind: 'take-snapshot' }), 'save a snapshot of the store', 'here', 'nothing to undo'],
  [
    issue,
    'make a CA and issue a peer leaf for m1, m2',
    'here',
    'nothing to undo: no host has them yet',
  ],
  [
    { ...issue, makesAuthority: false },
    'issue a peer leaf for m1, m2',
    'here',
    'nothing to undo: no host has them yet',
  ],
];

describe.each(STEPS)('%o', (step, words, place, undo) => {
  it('changes no world, leaves nothing half done and needs nothing', () => {
    expect(applyStep(world, step)).toBe(world);
    expect(lawOf(step).halfway(world, step)).toEqual([]);
    expect(lawOf(step).needs(world, step)).toEqual([]);
  });

  it('has its words', () => {
    expect(say(step)).toBe(words);
    expect(lawOf(step).place(step)).toBe(place);
    expect(lawOf(step).undo(world, step)).toBe(undo);
  });
});
