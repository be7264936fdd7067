/** Turns a simulated world into the plan file's spec, the material and the planned rollout for it. */

import type { DesiredMember, DesiredSpec } from '../../src/model/desired.ts';
import type { Material } from '../../src/model/material.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { type World, allPairs } from '../../src/model/world.ts';
import { orderOf } from '../../src/plan/order.ts';
import { type RollbackInput, planRollback } from '../../src/plan/plan-rollback.ts';
import { planRollout } from '../../src/plan/plan-rollout.ts';
import { owned } from '../../src/plan/target.ts';
import { type ProveOptions, prove } from '../../src/prove/prove.ts';
import { CLUSTER_ID } from './observed.ts';
import { TLS_DIRECTORY, TLS_PATHS, addressOf, authority, leafFor } from './worlds.ts';

/** What a short plan file for this world decodes to: issued certificates, systemd, env files. */
export function desiredFor(world: World, changes: Partial<DesiredSpec> = {}): DesiredSpec {
  return {
    version: 1,
    name: 'prod-etcd',
    planFile: 'plans/prod.yaml',
    strategy: 'documented',
    scope: 'peer',
    memberApi: 'grpc',
    cluster: {
      endpoints: world.members.map(({ name }) => `http://${addressOf(name)}:2379`),
      via: 'direct',
      tls: undefined,
      auth: undefined,
    },
    pki: {
      mode: 'issue',
      directory: '/home/op/pki',
      ca: undefined,
      algorithm: 'ecdsa-p256',
      days: 1825,
      isShared: false,
    },
    members: world.members.map(({ name }) => desiredMember(name)),
    order: undefined,
    accept: [],
    gates: {
      startMs: 600_000,
      timeoutMs: 60_000,
      quietMs: 8000,
      maxLag: 1000,
      canary: false,
      deadmanMs: undefined,
    },
    hooks: { beforeStep: undefined, afterGate: undefined, onFailure: undefined },
    onFailure: 'rollback',
    takesBackup: true,
    ...changes,
  };
}

/** The same, with a dead-man around every change of settings. */
export function withDeadMan(desired: DesiredSpec): DesiredSpec {
  return { ...desired, gates: { ...desired.gates, deadmanMs: 120_000 } };
}

/** A CA and leaves as they stand on hosts already, or as they are still to be issued. */
export function materialFor(world: World): Material {
  const placed = world.members.map(({ disk }) => TLS_PATHS.leaf in disk.files);
  return {
    mode: 'issue',
    authorities: [authority()],
    authorityPath: '/home/op/pki/ca.pem',
    authorityKeyPath: '/home/op/pki/ca-key.pem',
    authorityDays: 3650,
    mustMakeAuthority: !placed.includes(true),
    leaves: Object.fromEntries(
      world.members.map(({ name }, index) => {
        const leaf = leafFor(name);
        const certPath = `/home/op/pki/${name}.pem`;
        const keyPath = `/home/op/pki/${name}-key.pem`;
        const mustIssue = placed[index] !== true;
        const { keyId, ipAddresses, dnsNames } = leaf;
        const names = { ipAddresses, dnsNames };
        return [name, { member: name, leaf, keyId, certPath, keyPath, names, mustIssue }];
      }),
    ),
  };
}

/** What the planner makes of this world, of which no link was probed yet; it must make something. */
export function plannedFor(seen: World, desired = desiredFor(seen)): Rollout {
  const world = { ...seen, unobserved: allPairs(seen.members.map(({ name }) => name)) };
  const material = materialFor(world);
  const planned = planRollout({
    desired,
    world,
    material,
    clusterId: CLUSTER_ID,
    hasBackup: false,
  });
  if (!planned.ok) throw new Error(planned.error.map((failure) => failure.but).join('; '));
  return planned.value;
}

/** The same, proven; with its way back from every step where that is asked for. A refusal is thrown. */
export function provenFor(
  world: World,
  desired = desiredFor(world),
  ways: 'forward only' | 'forward and back' = 'forward and back',
): ProvenRollout {
  const back = (from: World): ReturnType<typeof planRollback> => {
    return planRollback(wayBack(world, from, desired));
  };
  return proven(plannedFor(world, desired), ways === 'forward only' ? undefined : back);
}

/** The rollout from `from` back to `start`, proven. */
export function provenBack(start: World, from: World, desired = desiredFor(start)): ProvenRollout {
  const planned = planRollback(wayBack(start, from, desired));
  if (!planned.ok) throw new Error(planned.error.map((failure) => failure.but).join('; '));
  return proven(planned.value, undefined);
}

function proven(rollout: Rollout, rollbackFrom: ProveOptions['rollbackFrom']): ProvenRollout {
  const result = prove(rollout, { accept: [], rollbackFrom });
  if (!result.ok) throw new Error(`${result.error.where}: ${result.error.but}`);
  return result.value;
}

function wayBack(start: World, from: World, desired: DesiredSpec): RollbackInput {
  return {
    world: from,
    goal: start.members.map(({ name, disk }) => ({
      member: name,
      urls: start.record[name] ?? [],
      settings: owned(disk.settings),
    })),
    order: orderOf(desired, start),
    gates: desired.gates,
    strategy: desired.strategy,
    planName: desired.name,
    clusterId: CLUSTER_ID,
    installed: {},
  };
}

function desiredMember(name: DesiredMember['name']): DesiredMember {
  return {
    name,
    host: {
      transport: 'ssh',
      address: addressOf(name),
      user: 'root',
      port: 22,
      identityFile: undefined,
      agent: undefined,
      jump: undefined,
      passphraseEnv: undefined,
      passwordEnv: undefined,
      sudo: false,
    },
    service: { manager: 'systemd', unit: 'etcd' },
    config: { format: 'env-file', path: '/etc/default/etcd' },
    tls: { directory: TLS_DIRECTORY, owner: undefined, group: undefined },
    peerUrl: undefined,
    certificate: { cert: undefined, key: undefined, sans: [] },
    sourceAddresses: [],
    listenPeerUrls: [],
  };
}
