/** A cluster without quorum: the smallest change on hosts that links a majority. */

import { describe, expect, it } from 'vitest';
import type { Leaf } from '../../../src/model/certificate.ts';
import { isLinked, dialMatrix } from '../../../src/model/dial.ts';
import { FLAG } from '../../../src/model/settings.ts';
import type { InstalledFile } from '../../../src/model/step.ts';
import { type World, memberOf, withMember } from '../../../src/model/world.ts';
import { loadDisk } from '../../../src/model/load.ts';
import { type Rescue, besideOf, smallestRescue } from '../../../src/plan/rescue.ts';
import type { RescueMaterial } from '../../../src/plan/rescue-options.ts';
import {
  TLS_DIRECTORY,
  authority,
  httpUrl,
  httpWorld,
  httpsUrl,
  httpsWorld,
  leafFor,
  memberNames,
  tlsFiles,
  withDown,
} from '../../support/worlds.ts';

const WRONG_NAMES: Partial<Leaf> = { ipAddresses: ['10.9.9.9'], dnsNames: [] };

describe('the smallest rescue', () => {
  it.each([3, 5, 7, 9])(
    'signs leaves again in place, without a restart, when %i members have leaves with the wrong names',
    (count) => {
      const world = memberNames(count).reduce(withBadLeaf, httpsWorld(count));
      const rescue = found(world, material(world));
      expect(rescue.restarts).toBe(0);
      expect(kinds(rescue)).toEqual(new Set(['leaf']));
      // Every two of the majority: one of each pair has to be able to dial, and to be dialed.
      expect(rescue.changes.length).toBe(Math.floor(count / 2) + 1);
      expectLinked(world, rescue);
    },
  );

  it('fits a listener to the list, where the list says https and the process speaks http', () => {
    const world = ['m1', 'm2', 'm3'].reduce(
      (each, name) => restartedWith(each, name, { [FLAG.listenPeerUrls]: httpUrl(name) }),
      httpsWorld(3),
    );
    const rescue = found(world, material(world));
    expect(texts(rescue)).toEqual(['m2: listen https://10.0.0.2:2380, start']);
    expectLinked(world, rescue);
  });

  it('rather signs a leaf than starts a member, and rather starts one than gives it other trust', () => {
    const plain = restartedWith(httpsWorld(3), 'm1', { [FLAG.listenPeerUrls]: httpUrl('m1') });
    const world = withDown(withBadLeaf(plain, 'm2'), 'm3');
    const rescue = found(world, material(world));
    expect(texts(rescue)).toEqual(['m2: leaf']);
    expectLinked(world, rescue);
    expect(texts(found(world, material(world, { leaves: {} })))).toEqual(['m3: start']);
  });

  it('starts a stopped member before it changes any', () => {
    const world = withDown(withDown(httpsWorld(3), 'm2'), 'm3');
    expect(texts(found(world, material(world)))).toEqual(['m2: start']);
  });

  it('gives a bundle and a restart to members whose leaves another CA has signed', () => {
    const mixed = ['m1', 'm2', 'm3'].reduce((world, name) => {
      const leaf = leafFor(name, { trustedBy: [`ca-of-${name}`] });
      return withLeaf(world, name, leaf);
    }, httpsWorld(3));
    const rescue = found(mixed, material(mixed, { leaves: {} }));
    expect(kinds(rescue)).toEqual(new Set(['trust', 'start']));
    expectLinked(mixed, rescue);
  });

  it('reads each member by its own list, not by the agreed one', () => {
    // m1 learnt that everybody is https before the cluster died; m2 and m3 did not, and all speak http.
    const all = httpWorld(3);
    const view = { m1: [httpsUrl('m1')], m2: [httpsUrl('m2')], m3: [httpsUrl('m3')] };
    const world = withMember(all, { ...memberOf(all, 'm1'), view });
    expect(found(world, material(world)).changes).toEqual([]);
  });

  it('never proposes peer-auto-tls unasked, and takes it last when asked', () => {
    const world = memberNames(3).reduce(withBadLeaf, httpsWorld(3));
    const none = { leaves: {}, files: {}, allowsAutoTls: false };
    expect(smallestRescue(world, none)).toBeUndefined();
    const rescue = found(world, { ...none, allowsAutoTls: true });
    expect(kinds(rescue)).toEqual(new Set(['auto-tls', 'start']));
    expect(rescue.changes).toHaveLength(2);
    expectLinked(world, rescue);
    const withLeaves = found(world, { ...material(world), allowsAutoTls: true });
    expect(kinds(withLeaves)).toEqual(new Set(['leaf']));
  });

  it('does not count on a leaf for another key than the one that stands there', () => {
    const world = memberNames(3).reduce(withBadLeaf, httpsWorld(3));
    const leaves = Object.fromEntries(
      memberNames(3).map((name) => [name, leafFor(name, { keyId: `another key of ${name}` })]),
    );
    expect(smallestRescue(world, { leaves, files: {}, allowsAutoTls: false })).toBeUndefined();
  });

  it('changes nothing in a cluster that is well', () => {
    const world = httpsWorld(5);
    expect(found(world, material(world)).changes).toEqual([]);
  });

  it('says the same each time, and comes to an end for nine members of which none can be helped', () => {
    const world = memberNames(9).reduce(withBadLeaf, httpsWorld(9));
    const hopeless = { leaves: {}, files: {}, allowsAutoTls: false };
    expect(smallestRescue(world, hopeless)).toBeUndefined();
    expect(found(world, material(world))).toEqual(found(world, material(world)));
  });
});

describe('beside the smallest rescue', () => {
  it('leaves are signed again for all that stay cut off, and nobody is restarted for it', () => {
    const world = memberNames(3).reduce(withBadClientLeaf, httpsWorld(3));
    const rescue = found(world, material(world));
    expect(texts(rescue)).toEqual(['m2: leaf']);
    const beside = besideOf(world, rescue, material(world));
    expect(beside.map(({ member, parts }) => [member, ...parts.map(({ kind }) => kind)])).toEqual([
      ['m1', 'leaf'],
      ['m3', 'leaf'],
    ]);
    expect(besideOf(world, rescue, material(world, { leaves: {}, files: {} }))).toEqual([]);
  });

  it('whoever is linked through one member alone follows it, and that one stays up', () => {
    const world = memberNames(3).reduce((each, name) => {
      return restartedWith(each, name, { [FLAG.listenPeerUrls]: httpUrl(name) });
    }, httpsWorld(3));
    const rescue = found(world, material(world));
    expect(rescue.changes.map(({ member }) => member)).toEqual(['m2']);
    const beside = besideOf(world, rescue, material(world));
    expect(beside.map(({ member, parts }) => [member, ...parts.map(({ kind }) => kind)])).toEqual([
      ['m1', 'listen', 'start'],
      ['m3', 'listen', 'start'],
    ]);
    // With one of them down the other two are the majority, and neither can be spared.
    const two = withDown(world, 'm3');
    expect(besideOf(two, found(two, material(two)), material(two))).toEqual([]);
  });

  it('nothing is done to a member that everybody can dial', () => {
    const world = httpsWorld(3);
    expect(besideOf(world, found(world, material(world)), material(world))).toEqual([]);
  });
});

function withBadClientLeaf(world: World, name: string): World {
  const own = leafFor(name);
  return withLeaf(world, name, { ...own, fingerprint: `bad ${name}`, clientAuth: false });
}

function found(world: World, given: RescueMaterial): Rescue {
  const rescue = smallestRescue(world, given);
  if (rescue === undefined) throw new Error('no rescue was found');
  return rescue;
}

function kinds(rescue: Rescue): ReadonlySet<string> {
  return new Set(rescue.changes.flatMap(({ parts }) => parts.map(({ kind }) => kind)));
}

function texts(rescue: Rescue): readonly string[] {
  return rescue.changes.map(({ member, parts }) => {
    const said = parts.map((part) => {
      return part.kind === 'listen' ? `listen ${part.urls.join(' ')}` : part.kind;
    });
    return `${member}: ${said.join(', ')}`;
  });
}

/** Judged by the dial matrix of the world after the changes, and not by the search's own table. */
function expectLinked(world: World, rescue: Rescue): void {
  const after = rescue.changes.reduce((each, { after: member }) => withMember(each, member), world);
  const matrix = dialMatrix(after);
  for (const a of rescue.majority) {
    for (const b of rescue.majority) {
      if (a !== b) expect(isLinked(matrix, a, b), `${a} and ${b}`).toBe(true);
    }
  }
}

function material(world: World, changes: Partial<RescueMaterial> = {}): RescueMaterial {
  const names = world.members.map(({ name }) => name);
  return {
    leaves: Object.fromEntries(names.map((name) => [name, leafFor(name)])),
    files: Object.fromEntries(names.map((name) => [name, newFiles(name)])),
    allowsAutoTls: false,
    ...changes,
  };
}

function newFiles(name: string): readonly InstalledFile[] {
  const path = (stem: string): string => `${TLS_DIRECTORY}/${stem}-2.pem`;
  const leaf = leafFor(name, { keyId: `new key of ${name}`, fingerprint: `new leaf of ${name}` });
  return [
    {
      path: path('ca'),
      role: 'ca',
      source: '/pki/ca.pem',
      content: { kind: 'pool', authorities: [authority()] },
    },
    { path: path('peer'), role: 'leaf', source: '/pki/p.pem', content: { kind: 'leaf', leaf } },
    {
      path: path('peer-key'),
      role: 'key',
      source: '/pki/p-key.pem',
      content: { kind: 'key', keyId: leaf.keyId },
    },
  ];
}

function withBadLeaf(world: World, name: string): World {
  return withLeaf(world, name, leafFor(name, WRONG_NAMES));
}

function withLeaf(world: World, name: string, leaf: Leaf): World {
  const member = memberOf(world, name);
  const files = { ...member.disk.files, ...tlsFiles(name, leaf) };
  return withMember(world, { ...member, disk: { ...member.disk, files } });
}

function restartedWith(world: World, name: string, settings: Record<string, string>): World {
  const member = memberOf(world, name);
  const disk = { ...member.disk, settings: { ...member.disk.settings, ...settings } };
  const loaded = loadDisk(disk, member.version);
  if (!loaded.ok) throw new Error(loaded.error);
  return withMember(world, { ...member, disk, process: loaded.value });
}
