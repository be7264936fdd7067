/** Turns dead clusters, and every means of a rescue, into the worlds that a rescue leaves when it ends or dies. */

import type { Leaf } from '../../src/model/certificate.ts';
import { isLinked, dialMatrix } from '../../src/model/dial.ts';
import { type MemberName, memberName } from '../../src/model/ids.ts';
import { applyStep } from '../../src/model/laws.ts';
import { loadDisk } from '../../src/model/load.ts';
import { quorumOf } from '../../src/model/quorum.ts';
import { FLAG, type Settings } from '../../src/model/settings.ts';
import { linkedMajority, settle } from '../../src/model/steps/settle.ts';
import { type PeerUrl, withPort } from '../../src/model/url.ts';
import { type World, allPairs, isUp, memberOf, withMember } from '../../src/model/world.ts';
import { planRescue, rescueMaterial } from '../../src/plan/plan-rescue.ts';
import { besideOf, smallestRescue } from '../../src/plan/rescue.ts';
import { CLUSTER_ID } from './observed.ts';
import { desiredFor, materialFor } from './rollouts.ts';
import {
  TLS_SETTINGS,
  authority,
  httpUrl,
  httpWorld,
  httpsUrl,
  leafFor,
  memberNames,
  tlsFiles,
  withDown,
} from './worlds.ts';

/** A cluster in which no majority is linked, and what there is to rescue it with. */
export interface DeadCluster {
  readonly name: string;
  readonly world: World;
  readonly canSign: boolean;
  readonly allowsAutoTls: boolean;
}

/** By this means no rolling change leads away: whoever checks nobody has no leaf that a peer could check. */
export const BY_AUTO_TLS = 'leaves that miss the source, no key of the CA';

/** What a rescue leaves, with a linked majority, as the next command finds it: no link was probed yet. */
interface RescueEnd {
  readonly at: string;
  readonly isWhole: boolean;
  readonly world: World;
}

export function deadClusters(count: number): readonly DeadCluster[] {
  const means = { canSign: true, allowsAutoTls: false };
  const nobody = { canSign: false, allowsAutoTls: true };
  const plain: Look = { advertised: ['http'], listens: ['http'], leaf: undefined };
  const trap: Look = { advertised: ['https'], listens: ['https'], leaf: BAD_NAMES };
  const fits: Look = { ...trap, leaf: () => ({}) };
  const all = (look: Look): World => deadWorld(count, () => look);
  const stopped = memberNames(count).slice(1);
  return [
    { name: 'leaves that miss the source', world: all(trap), ...means },
    {
      name: 'leaves that miss the source, both URLs',
      world: all({ ...trap, advertised: ['http', 'https'] }),
      ...means,
    },
    {
      name: 'leaves that miss the source, on the second port',
      world: all({ ...trap, advertised: ['second'], listens: ['second'] }),
      ...means,
    },
    { name: 'leaves without clientAuth', world: all({ ...trap, leaf: NO_CLIENT }), ...means },
    {
      name: 'https listeners under http URLs',
      world: all({ ...fits, advertised: ['http'] }),
      ...means,
    },
    {
      name: 'https listeners under http URLs, one with bad leaves',
      world: all({ ...trap, advertised: ['http'] }),
      ...means,
    },
    {
      name: 'http listeners with trust under https URLs',
      world: all({ ...fits, listens: ['http'] }),
      ...means,
    },
    {
      name: 'http listeners without trust under https URLs',
      world: all({ ...plain, advertised: ['https'] }),
      ...means,
    },
    { name: 'a CA of its own for each', world: all({ ...fits, leaf: OWN_CA }), ...means },
    { name: BY_AUTO_TLS, world: all(trap), ...nobody },
    {
      name: 'a CA of its own for each, no key of the CA',
      world: all({ ...fits, leaf: OWN_CA }),
      ...nobody,
    },
    {
      name: 'http, all but one stopped',
      world: stopped.reduce(withDown, all(plain)),
      ...means,
    },
    {
      name: 'https, all but one stopped',
      world: stopped.reduce(withDown, all(fits)),
      ...means,
    },
    {
      name: 'leaves that miss the source, one stopped',
      world: withDown(all(trap), `m${String(count)}`),
      ...means,
    },
    {
      name: 'https listeners under http URLs, one stopped',
      world: withDown(all({ ...fits, advertised: ['http'] }), `m${String(count)}`),
      ...means,
    },
  ];
}

/** Every point at which the rescue of this cluster may end or die, with each member as the leader that could be elected. */
export function rescueEnds(dead: DeadCluster): readonly RescueEnd[] {
  const { world, canSign, allowsAutoTls } = dead;
  const desired = desiredFor(world);
  const given = materialFor(world);
  const material = rescueMaterial({
    world,
    desired,
    material: { ...given, mustMakeAuthority: false, leaves: mustIssue(given.leaves) },
    canSign,
    allowsAutoTls,
    untouchable: [],
    bundleSource: (member) => `/run/${member}-ca.pem`,
    signed: new Map(),
  });
  const rescue = smallestRescue(world, material);
  if (rescue === undefined) throw new Error(`no rescue of: ${dead.name}`);
  const beside = besideOf(world, rescue, material);
  const leafSource = (member: string): string => `/run/${member}-leaf.pem`;
  const { steps } = planRescue({
    desired,
    world,
    rescue,
    beside,
    clusterId: CLUSTER_ID,
    leafSource,
  });
  const worlds = [world];
  for (const step of steps) worlds.push(applyStep(worlds.at(-1) ?? world, step));
  return worlds.flatMap((each, index): readonly RescueEnd[] => {
    if (linkedMajority(each) === undefined) return [];
    const isWhole = index === steps.length;
    const after = steps
      .slice(0, index)
      .map(({ id }) => id)
      .join(', ');
    return electable(each).map((leader) => ({
      at: `${dead.name}; after ${after === '' ? 'nothing' : after}; ${leader} leads`,
      isWhole,
      world: settle({
        ...each,
        leader,
        unobserved: allPairs(each.members.map(({ name }) => name)),
      }),
    }));
  });
}

/** Who is up and has a direct link to a majority, itself counted. */
function electable(world: World): readonly MemberName[] {
  const matrix = dialMatrix(world);
  const up = world.members.filter(isUp).map(({ name }) => name);
  return up.filter((name) => {
    const linked = up.filter((other) => other !== name && isLinked(matrix, name, other));
    return linked.length + 1 >= quorumOf(world.members.length);
  });
}

type Leaves = ReturnType<typeof materialFor>['leaves'];

function mustIssue(leaves: Leaves): Leaves {
  return Object.fromEntries(
    Object.entries(leaves).map(([name, leaf]) => [name, { ...leaf, mustIssue: true }]),
  );
}

type Place = 'http' | 'https' | 'second';

interface Look {
  readonly advertised: readonly Place[];
  readonly listens: readonly Place[];
  /** Undefined: no TLS at all. */
  readonly leaf: ((name: string) => Partial<Leaf>) | undefined;
}

const OLD = (name: string): Partial<Leaf> => ({
  fingerprint: `old leaf of ${name}`,
  keyId: `old key of ${name}`,
});
/** As a server every member is who it says; the address that it dials from is nobody's. */
const BAD_NAMES = (name: string): Partial<Leaf> => ({
  ...OLD(name),
  ipAddresses: ['10.9.9.9'],
  dnsNames: [],
});
const NO_CLIENT = (name: string): Partial<Leaf> => ({ ...OLD(name), clientAuth: false });
const OWN_CA = (name: string): Partial<Leaf> => ({ ...OLD(name), trustedBy: [`ca-of-${name}`] });

function deadWorld(count: number, lookOf: (index: number) => Look): World {
  const names = memberNames(count);
  const base = httpWorld(count);
  const record = Object.fromEntries(
    names.map((name, index) => [name, urlsOf(name, lookOf(index).advertised)]),
  );
  const start: World = { ...base, record, leader: memberName('m1') };
  return names.reduce((world, name, index) => {
    const member = memberOf(world, name);
    const look = lookOf(index);
    const own = look.leaf?.(name);
    const files = own === undefined ? {} : filesOf(name, own);
    const settings: Settings = {
      ...member.disk.settings,
      ...(own === undefined ? {} : TLS_SETTINGS),
      [FLAG.listenPeerUrls]: urlsOf(name, look.listens).join(','),
    };
    const disk = { settings, files };
    const loaded = loadDisk(disk, member.version);
    if (!loaded.ok) throw new Error(loaded.error);
    return withMember(world, { ...member, disk, process: loaded.value, view: record });
  }, start);
}

function filesOf(name: string, changes: Partial<Leaf>): ReturnType<typeof tlsFiles> {
  const files = tlsFiles(name, leafFor(name, changes));
  const [own] = changes.trustedBy ?? [];
  if (own === undefined) return files;
  // It trusts the CA of its own leaf, and nobody else does.
  const pool = { kind: 'pool' as const, authorities: [authority({ fingerprint: own })] };
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      path,
      content.kind === 'pool' ? pool : content,
    ]),
  );
}

function urlsOf(name: string, places: readonly Place[]): readonly PeerUrl[] {
  return places.map((place) => {
    if (place === 'http') return httpUrl(name);
    return place === 'https' ? httpsUrl(name) : withPort(httpsUrl(name), 2382);
  });
}
