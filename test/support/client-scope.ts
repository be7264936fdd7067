/** Turns a simulated http cluster into one whose clients are to be moved too, planned and proven. */

import type { Result } from '../../src/base/result.ts';
import type { DesiredSpec, Scope } from '../../src/model/desired.ts';
import type { Failure } from '../../src/model/failure.ts';
import { loadDisk } from '../../src/model/load.ts';
import type { Material } from '../../src/model/material.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { FLAG, type Settings, oneSettings } from '../../src/model/settings.ts';
import { type World, allPairs } from '../../src/model/world.ts';
import { orderOf } from '../../src/plan/order.ts';
import { planRollback } from '../../src/plan/plan-rollback.ts';
import { planRollout } from '../../src/plan/plan-rollout.ts';
import { startSettings } from '../../src/plan/target.ts';
import { prove } from '../../src/prove/prove.ts';
import { CLUSTER_ID } from './observed.ts';
import { desiredFor, materialFor } from './rollouts.ts';
import { addressOf, authority, httpWorld, leafFor } from './worlds.ts';

/** Members that serve http to clients and say so. */
export function plainClients(count = 3): World {
  const world = httpWorld(count);
  const members = world.members.map((member) => {
    const settings: Settings = oneSettings({
      ...member.disk.settings,
      [FLAG.advertiseClientUrls]: `http://${addressOf(member.name)}:2379`,
    });
    const disk = { ...member.disk, settings };
    const loaded = loadDisk(disk, member.version);
    if (!loaded.ok) throw new Error(loaded.error);
    return { ...member, disk, process: loaded.value };
  });
  return { ...world, members, movesClients: true };
}

export function clientSpec(
  world: World,
  scope: Scope = 'client',
  changes: Partial<DesiredSpec> = {},
): DesiredSpec {
  const desired = desiredFor(world);
  return {
    ...desired,
    scope,
    clients: {
      certAuth: true,
      ca: { cert: '/home/op/pki/client-ca.pem', key: '/home/op/pki/client-ca-key.pem' },
      isGivenCa: false,
    },
    ...changes,
  };
}

/** A CA of its own, and a leaf for each member under it. */
export function clientMaterial(world: World): Material {
  const material = materialFor(world);
  const ca = authority({ fingerprint: 'client-ca-1', subject: 'CN=client CA' });
  const leaves = world.members.map(({ name }) => {
    const leaf = leafFor(name, { fingerprint: `server-of-${name}`, trustedBy: [ca.fingerprint] });
    const paths = {
      certPath: `/home/op/pki/${name}-server.pem`,
      keyPath: `/home/op/pki/${name}-server-key.pem`,
    };
    const names = { ipAddresses: leaf.ipAddresses, dnsNames: leaf.dnsNames };
    return [
      name,
      { member: name, leaf, keyId: leaf.keyId, ...paths, names, mustIssue: false },
    ] as const;
  });
  return {
    ...material,
    authorities: [ca],
    authorityPath: '/home/op/pki/client-ca.pem',
    authorityKeyPath: '/home/op/pki/client-ca-key.pem',
    mustMakeAuthority: false,
    leaves: Object.fromEntries(leaves),
  };
}

export function plannedClients(
  seen: World,
  desired = clientSpec(seen),
  clients = clientMaterial(seen),
): Result<Rollout, readonly Failure[]> {
  const world = { ...seen, unobserved: allPairs(seen.members.map(({ name }) => name)) };
  const material = materialFor(seen);
  const base = { desired, world, material, clusterId: CLUSTER_ID, hasBackup: true };
  return planRollout({ ...base, clientMaterial: clients });
}

/** From `from` back to `start`. */
export function wayBackOfClients(
  start: World,
  from: World,
  desired = clientSpec(start),
  failedStarts: Parameters<typeof planRollback>[0]['failedStarts'] = [],
): Result<Rollout, readonly Failure[]> {
  const goal = start.members.map((member) => ({
    member: member.name,
    urls: start.record[member.name] ?? [],
    settings: startSettings(start, member),
  }));
  const { gates, strategy, name: planName } = desired;
  const order = orderOf(desired, start);
  const base = { gates, strategy, planName, order, clusterId: CLUSTER_ID, installed: {} };
  return planRollback({ ...base, world: from, goal, failedStarts });
}

/** Proven with its way back from every step; a refusal is an error of the test. */
export function provenClients(seen: World, desired = clientSpec(seen)): ProvenRollout {
  const planned = plannedClients(seen, desired);
  if (!planned.ok) throw new Error(planned.error.map(({ but }) => but).join('; '));
  const rollbackFrom = (from: World): ReturnType<typeof planRollback> =>
    wayBackOfClients(seen, from, desired);
  const proven = prove(planned.value, { accept: [], rollbackFrom });
  if (!proven.ok) throw new Error(`${proven.error.where}: ${proven.error.but}`);
  return proven.value;
}
