/** Goal: another leaf for the same key is live at once, and a leaf for another key never gets there. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { linkedMajority } from '../../../../src/model/steps/settle.ts';
import { reissueLeaf } from '../../../../src/model/steps/reissue-leaf.ts';
import { type World, memberOf, withMember } from '../../../../src/model/world.ts';
import { stepOf } from '../../../support/steps.ts';
import {
  TLS_PATHS,
  httpUrl,
  httpsWorld,
  leafFor,
  memberNames,
  tlsFiles,
} from '../../../support/worlds.ts';

/** Nobody's leaf has a name that anybody asks for, and m3 has an old list. */
const dead = memberNames(3).reduce((world: World, name) => {
  const member = memberOf(world, name);
  const leaf = leafFor(name, {
    ipAddresses: ['10.9.9.9'],
    dnsNames: [],
    fingerprint: `bad ${name}`,
  });
  const files = { ...member.disk.files, ...tlsFiles(name, leaf) };
  const view = name === 'm3' ? { ...member.view, m1: [httpUrl('m1')] } : member.view;
  return withMember(world, { ...member, view, disk: { ...member.disk, files } });
}, httpsWorld(3));

function again(name: string, keyId = leafFor(name).keyId): Parameters<typeof reissueLeaf.apply>[1] {
  return stepOf({
    kind: 'reissue-leaf',
    member: memberName(name),
    path: TLS_PATHS.leaf,
    source: '/state/files/leaf.pem',
    leaf: leafFor(name, { keyId }),
  });
}

describe('reissue-leaf', () => {
  it('links members with no restart, and a linked majority has one list again', () => {
    expect(linkedMajority(dead)).toBeUndefined();
    const one = reissueLeaf.apply(dead, again('m1'));
    const both = reissueLeaf.apply(one, again('m2'));
    expect([...(linkedMajority(both) ?? [])]).toEqual(['m1', 'm2']);
    const all = reissueLeaf.apply(both, again('m3'));
    expect(memberOf(all, 'm3').view).toEqual(all.record);
    expect(memberOf(all, 'm1').process).toEqual(memberOf(dead, 'm1').process);
    expect(all.unobserved).toContain('m1>m2');
  });

  it('does not begin for another key, or where no leaf stands', () => {
    expect(reissueLeaf.needs(dead, again('m1'))).toEqual([]);
    expect(reissueLeaf.needs(dead, again('m1', 'another'))).toEqual([
      `the leaf in ${TLS_PATHS.leaf} of m1 is for another key than the new one`,
    ]);
    expect(reissueLeaf.needs(dead, { ...again('m1'), path: TLS_PATHS.key })).toEqual([
      `${TLS_PATHS.key} of m1 holds no leaf that could be replaced`,
    ]);
  });

  it('is one rename, on the host, and says where the old one is kept', () => {
    expect(reissueLeaf.halfway(dead, again('m1'))).toEqual([]);
    expect(reissueLeaf.place(again('m1'))).toBe('m1');
    expect(reissueLeaf.say(again('m1'))).toContain('for the same key');
    expect(reissueLeaf.undo(dead, again('m1'))).toContain(`${TLS_PATHS.leaf}.peershift-`);
  });
});
