/** What is there of a cluster without quorum, and the proven change on hosts that is searched from it. */

import { type Result, err, ok } from './base/result.ts';
import type { Stopped } from './discover/blind.ts';
import { type Dead, discoverDead } from './discover/dead.ts';
import { readMaterial } from './discover/material.ts';
import { discoverInput } from './engine-material.ts';
import { observe } from './engine.ts';
import type { Commanded } from './engine-command.ts';
import type { Prepared, Rim } from './engine-types.ts';
import type { Leaf } from './model/certificate.ts';
import { dialMatrix } from './model/dial.ts';
import type { Failure } from './model/failure.ts';
import type { Material } from './model/material.ts';
import { worldOf } from './model/observed-world.ts';
import type { ObservedState } from './model/observed.ts';
import { quorumOf } from './model/quorum.ts';
import { linkedMajority } from './model/steps/settle.ts';
import type { World } from './model/world.ts';
import { planRescue, rescueMaterial } from './plan/plan-rescue.ts';
import type { RescueMaterial } from './plan/rescue-options.ts';
import { type Rescue, besideOf, smallestRescue } from './plan/rescue.ts';
import { prove } from './prove/prove.ts';
import { RESCUE_RULES } from './prove/rescue-rules.ts';
import { signingTexts } from './run/rescue-files.ts';

export interface RescueCommand extends Commanded {
  /** peer-auto-tls may be used: any TLS peer is accepted then. */
  readonly allowsAutoTls: boolean;
  /** The member whose database a new cluster is to be made from, where nothing less is left. */
  readonly restoreFrom?: string | undefined;
}

export interface DeadLook extends Dead {
  readonly world: World;
  readonly material: Material | undefined;
  readonly canSign: boolean;
  readonly hasQuorum: boolean;
}

/** Looks once at API, hosts and peer ports; refuses what a search over these members cannot be about. */
export async function lookDead(
  rim: Rim,
  stopped?: Stopped,
): Promise<Result<DeadLook, readonly Failure[]>> {
  const seen = await observe(rim);
  const probe = await makeProbe(rim);
  const found = await discoverDead({
    ...(await discoverInput(rim)),
    dialer: rim.dialer,
    seen,
    probe,
    ...(stopped === undefined ? {} : { stopped }),
  });
  if (!found.ok) return found;
  const { state } = found.value;
  const foreign = strangers(state);
  if (foreign.length > 0) return err(foreign);
  const world = worldOf(state);
  if (!world.ok) return world;
  const read = await readMaterial({ ...rim, observed: state, nowMs: state.observedAtMs });
  const material = read.ok ? read.value : undefined;
  const canSign = material !== undefined && (await signingTexts(rim.here, material)) !== undefined;
  const hasQuorum = seen.ok && isServing(state);
  return ok({ ...found.value, world: world.value, material, canSign, hasQuorum });
}

function isServing({ members, leader }: ObservedState): boolean {
  const healthy = members.filter(({ health }) => health.known && health.value.isHealthy);
  return leader.known && healthy.length >= quorumOf(members.length);
}

/** A member that the plan does not name counts for quorum, and nothing could be done about it. */
function strangers(state: ObservedState): readonly Failure[] {
  const named = state.strangers.filter(({ kind }) => kind !== 'not-in-cluster');
  const learners = state.members.filter(({ isLearner }) => isLearner);
  return [
    ...named.map(
      ({ name }) => [name, 'MEMBER_NOT_IN_PLAN', 'the plan file does not name it'] as const,
    ),
    ...learners.map(({ name }) => [name, 'LEARNER_PRESENT', 'it has no vote yet'] as const),
  ].map(([name, code, but]) => ({
    code,
    where: `member ${name}`,
    would: 'search a rescue over all members of the list',
    but,
    so: 'which members make a majority cannot be judged; nothing was changed',
    remedy: 'name every voting member in the plan file, then peershift rescue again',
  }));
}

/** A leaf of ours for the source that a dial has, signed by the plan's CA and kept in memory. */
async function makeProbe(rim: Rim): Promise<Parameters<typeof discoverDead>[0]['probe']> {
  const { pki } = rim.desired;
  const at = (path: string | undefined, name: string): string => path ?? `${pki.directory}/${name}`;
  const texts = await signingTexts(rim.here, {
    ...NO_MATERIAL,
    authorityPath: at(pki.ca?.cert, 'ca.pem'),
    authorityKeyPath: at(pki.ca?.key, 'ca-key.pem'),
  });
  return async (member, target) => {
    const doors = rim.doors.get(member);
    const source = await (doors?.dialer === undefined ? rim.here : doors.host).sourceAddressTo(
      target,
    );
    if (texts === undefined || !source.known) return undefined;
    const names = { commonName: 'peershift', dnsNames: [], ipAddresses: [source.value] };
    const made = await rim.pki.issueLeaf(texts, { ...names, algorithm: 'ecdsa-p256', days: 1 });
    return made.ok ? { cert: made.value.certificatePem, key: made.value.keyPem } : undefined;
  };
}

export const NO_MATERIAL: Material = {
  mode: 'provided',
  authorities: [],
  authorityPath: '',
  authorityKeyPath: '',
  authorityDays: 1,
  mustMakeAuthority: false,
  leaves: {},
};

export interface BundlePlace {
  readonly leaf: (member: string) => string;
  readonly bundle: (member: string) => string;
}

export function bundleIn(folder: string): BundlePlace {
  return {
    leaf: (member) => `${folder}/files/${member}-leaf.pem`,
    bundle: (member) => `${folder}/files/${member}-ca.pem`,
  };
}

/** Search, rollout, proof; pure. */
export function planned(
  { rim, allowsAutoTls }: RescueCommand,
  look: DeadLook,
  signed: ReadonlyMap<string, Leaf>,
  place: BundlePlace,
): Result<Prepared, Failure> {
  const at = { allowsAutoTls, signed, place };
  const rescue = searched(rim, look, at);
  if (rescue === undefined)
    return err(impossible(look, 'no change that could be made links a majority'));
  if (!look.hasQuorum && rescue.changes.length === 0 && linkedMajority(look.world) !== undefined) {
    const but = 'as listeners, trust and leaves stand, a majority could dial each other already';
    return err(impossible(look, but));
  }
  const { world, state } = look;
  const leafSource = place.leaf;
  const { clusterId } = state;
  const beside = besideOf(world, rescue, materialFor(rim, look, at));
  const { desired } = rim;
  const rollout = planRescue({ desired, world, rescue, beside, clusterId, leafSource });
  const proven = prove(rollout, { accept: [], rollbackFrom: undefined, invariants: RESCUE_RULES });
  if (!proven.ok) return err({ ...proven.error, code: 'RESCUE_IMPOSSIBLE' });
  return ok({
    observed: state,
    world,
    material: look.material ?? NO_MATERIAL,
    etcd: new Map(),
    warnings: [
      ...warningsOf(look),
      ...(usesAutoTls({ changes: [...rescue.changes, ...beside] }) ? [AUTO_TLS_WARNING] : []),
    ],
    downtime: [],
    proven: proven.value,
  });
}

const AUTO_TLS_WARNING =
  'peer-auto-tls: members will accept any TLS peer, and check none, until a later run replaces it';

export function usesAutoTls({ changes }: Pick<Rescue, 'changes'>): boolean {
  return changes.some(({ parts }) => parts.some(({ kind }) => kind === 'auto-tls'));
}

function warningsOf({ hasQuorum, lost }: DeadLook): readonly string[] {
  return [
    `${hasQuorum ? 'quorum is there, and no run could be proven from here' : 'no quorum'}: only hosts are changed, and the locks on the hosts are the only ones`,
    ...[...lost].map(([name, reason]) => `${name} takes no part: ${reason}`),
  ];
}

interface SearchWords {
  readonly allowsAutoTls: boolean;
  readonly signed: ReadonlyMap<string, Leaf>;
  readonly place: BundlePlace;
  /** As if the CA's key were here. */
  readonly pretendsKey?: boolean;
}

export function searched(rim: Rim, look: DeadLook, words: SearchWords): Rescue | undefined {
  return smallestRescue(look.world, materialFor(rim, look, words));
}

function materialFor(rim: Rim, look: DeadLook, words: SearchWords): RescueMaterial {
  return rescueMaterial({
    world: look.world,
    desired: rim.desired,
    material: look.material,
    canSign: look.canSign || words.pretendsKey === true,
    allowsAutoTls: words.allowsAutoTls,
    untouchable: [...look.lost.keys()],
    bundleSource: words.place.bundle,
    signed: words.signed,
  });
}

function impossible({ world, lost }: DeadLook, because: string): Failure {
  const cut = [...dialMatrix(world)].flatMap(([pair, answer]) => {
    return answer.can === 'yes' ? [] : [`${pair.replace('>', ' to ')}: ${answer.because}`];
  });
  const gone = [...lost].map(([name, reason]) => `${name} cannot be used: ${reason}`);
  return {
    code: 'RESCUE_IMPOSSIBLE',
    where: 'the cluster',
    would: 'find the smallest change on hosts that links a majority',
    but: [because, ...gone, ...cut].join('; '),
    so: 'nothing was changed; the cluster has no quorum and needs a person',
    remedy: 'follow the procedure below: it is written for exactly this state',
  };
}
