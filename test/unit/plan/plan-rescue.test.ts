/** Goal: what needs no restart comes first, and nothing is offered that could not be made. */

import { describe, expect, it } from 'vitest';
import { planRescue, rescueMaterial } from '../../../src/plan/plan-rescue.ts';
import { besideOf, smallestRescue } from '../../../src/plan/rescue.ts';
import { type World, memberOf, withMember } from '../../../src/model/world.ts';
import { desiredFor, materialFor } from '../../support/rollouts.ts';
import { httpsWorld, leafFor, memberNames, tlsFiles } from '../../support/worlds.ts';

const dead = memberNames(3).reduce((world: World, name) => {
  const member = memberOf(world, name);
  const leaf = leafFor(name, { clientAuth: false, fingerprint: `bad ${name}` });
  const files = { ...member.disk.files, ...tlsFiles(name, leaf) };
  return withMember(world, { ...member, disk: { ...member.disk, files } });
}, httpsWorld(3));

const desired = desiredFor(dead);

function offered(canSign: boolean): ReturnType<typeof rescueMaterial> {
  const material = materialFor(dead);
  const leaves = Object.entries(material.leaves).map(([name, leaf]) => {
    return [name, { ...leaf, mustIssue: true }] as const;
  });
  return rescueMaterial({
    world: dead,
    desired,
    material: { ...material, mustMakeAuthority: false, leaves: Object.fromEntries(leaves) },
    canSign,
    allowsAutoTls: false,
    untouchable: [],
    bundleSource: (member) => `/run/${member}-ca.pem`,
    signed: new Map(),
  });
}

describe('the steps of a rescue', () => {
  it('are leaves in place, the one that brings quorum back first, each behind a look at the peer ports', () => {
    const material = offered(true);
    const rescue = smallestRescue(dead, material);
    if (rescue === undefined) throw new Error('no rescue was found');
    const beside = besideOf(dead, rescue, material);
    const leafSource = (member: string): string => `/run/${member}-leaf.pem`;
    const words = { desired, world: dead, rescue, beside, clusterId: 'c', leafSource };
    const { steps, direction } = planRescue(words);
    expect(direction).toBe('rescue');
    expect(steps.map(({ id }) => id)).toEqual(['reissue/m2', 'reissue/m1', 'reissue/m3']);
    expect(steps.map(({ after }) => after?.checks)).toEqual(steps.map(() => ['peer-ports']));
  });

  it('have no leaf that nobody here can sign', () => {
    const material = offered(false);
    expect(Object.values(material.leaves)).toEqual([undefined, undefined, undefined]);
    expect(material.files['m1']?.map(({ role }) => role)).toEqual(['ca']);
    expect(smallestRescue(dead, material)).toBeUndefined();
  });
});
