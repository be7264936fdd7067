/** Turns a sample plan into the preview that it has for a cluster of its members, all on http, whose first one leads. */

import { isIP } from 'node:net';

import type { Leaf } from '../../src/model/certificate.ts';
import { type DesiredSpec, movesClients, movesPeers } from '../../src/model/desired.ts';
import type { Material } from '../../src/model/material.ts';
import { type World, allPairs } from '../../src/model/world.ts';
import { planRollout } from '../../src/plan/plan-rollout.ts';
import { prove } from '../../src/prove/prove.ts';
import { previewText } from '../../src/show/preview.ts';
import { clientMaterial, plainClients } from './client-scope.ts';
import { CLUSTER_ID, observedOf } from './observed.ts';
import { materialFor } from './rollouts.ts';
import { httpWorld } from './worlds.ts';

/** Proven forward; the way back is walked by tests of its own. A refusal is thrown. */
export function samplePreview(desired: DesiredSpec): string {
  const count = desired.members.length;
  const hasClients = movesClients(desired.scope);
  const plain = hasClients ? plainClients(count) : httpWorld(count);
  const hosts = hostsOf(desired);
  const world = moved(plain, hosts);
  const start: World = { ...world, unobserved: allPairs(world.members.map(({ name }) => name)) };
  const planned = planRollout({
    desired,
    world: start,
    material: movesPeers(desired.scope)
      ? materialOf(materialFor(plain), desired, hosts)
      : issued(plain),
    ...(hasClients ? { clientMaterial: materialOf(clientMaterial(plain), desired, hosts) } : {}),
    clusterId: CLUSTER_ID,
    hasBackup: false,
  });
  if (!planned.ok) throw new Error(planned.error.map(({ but }) => but).join('; '));
  // What `preview` of a rebuild does: the downtime is shown, and asked for by `run`.
  const accept = [...desired.accept, ...(desired.strategy === 'rebuild' ? ['downtime'] : [])];
  const proven = prove(planned.value, { accept, rollbackFrom: undefined });
  if (!proven.ok) throw new Error(`${proven.error.where}: ${proven.error.but}`);
  return previewText({
    proven: proven.value,
    observed: moved(observedOf(plain), hosts),
    desired,
    warnings: [],
    observedAgoMs: 1000,
    settings: [],
  });
}

/** By place: the host of the peer URL, else of the member itself, else of its client URL. */
function hostsOf({ members, cluster }: DesiredSpec): readonly string[] {
  return members.map(({ peerUrl, host }, index) => {
    const url = peerUrl ?? cluster.endpoints[index];
    return host.address ?? (url === undefined ? '' : new URL(url).hostname);
  });
}

/** The same with the plan's hosts in all URLs. */
function moved<T>(value: T, hosts: readonly string[]): T {
  const text = JSON.stringify(value).replaceAll(/\/\/10\.0\.0\.(\d+):/gu, (whole, place) => {
    const host = hosts[Number(place) - 1];
    return host === undefined ? whole : `//${host}:`;
  });
  return JSON.parse(text) as T;
}

/** Of peers that stay as they are, nothing is made. */
function issued(plain: World): Material {
  const material = materialFor(plain);
  const leaves = Object.entries(material.leaves).map(([name, leaf]) => {
    return [name, { ...leaf, mustIssue: false }] as const;
  });
  return { ...material, leaves: Object.fromEntries(leaves) };
}

/** As the plan's mode has it: made by us, or there already. */
function materialOf(
  material: Material,
  { pki, members }: DesiredSpec,
  hosts: readonly string[],
): Material {
  const isIssued = pki.mode === 'issue';
  const leaves = Object.values(material.leaves).map((each, index) => {
    const { name } = members[index] ?? { name: each.member };
    const leaf = named(each.leaf, hosts[index] ?? '');
    const { ipAddresses, dnsNames } = leaf;
    return [
      name,
      { ...each, member: name, leaf, mustIssue: isIssued, names: { ipAddresses, dnsNames } },
    ];
  });
  return {
    ...material,
    mode: pki.mode,
    mustMakeAuthority: isIssued && pki.ca === undefined,
    leaves: Object.fromEntries(leaves) as Material['leaves'],
  };
}

function named(leaf: Leaf, host: string): Leaf {
  return isIP(host) === 0
    ? { ...leaf, dnsNames: [...leaf.dnsNames, host] }
    : { ...leaf, ipAddresses: [...new Set([...leaf.ipAddresses, host])] };
}
