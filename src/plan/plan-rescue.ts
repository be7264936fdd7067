/** Turns the smallest rescue into ordered steps on hosts: what needs no restart first, each member in one group. */

import type { DesiredGates, DesiredSpec } from '../model/desired.ts';
import type { Leaf } from '../model/certificate.ts';
import type { GateSpec } from '../model/gate.ts';
import { applyStep } from '../model/laws.ts';
import type { Material } from '../model/material.ts';
import type { Rollout } from '../model/rollout.ts';
import { type SettingChange, type Settings, peerSettings } from '../model/settings.ts';
import type { InstalledFile } from '../model/step.ts';
import { type World, isUp, memberOf } from '../model/world.ts';
import { disarmFirst } from './dead-man.ts';
import { type Draft, add, newDraft } from './draft.ts';
import type { Rescue } from './rescue.ts';
import type { RescueMaterial, RescueOption, RescuePart } from './rescue-options.ts';
import { freePath } from './files.ts';
import { owned } from './target.ts';

export interface RescuePlanInput {
  readonly desired: DesiredSpec;
  readonly world: World;
  readonly rescue: Rescue;
  /** Leaves to be signed again once a majority is linked. */
  readonly beside: readonly RescueOption[];
  readonly clusterId: string;
  /** Where the leaf signed again for a member stands on the operator's machine. */
  readonly leafSource: (member: string) => string;
}

export function planRescue(input: RescuePlanInput): Rollout {
  const { desired, world, rescue, clusterId } = input;
  const draft = newDraft(world, desired.gates);
  disarmFirst(draft);
  const ordered = [...rescue.changes].sort((a, b) => weight(world, a) - weight(world, b));
  for (const change of [...ordered, ...input.beside]) write(draft, input, change);
  const end = draft.steps.reduce(applyStep, world);
  return {
    direction: 'rescue',
    strategy: desired.strategy,
    planName: desired.name,
    clusterId,
    steps: draft.steps,
    windows: [],
    assumptions: [
      'nobody else edits these hosts while it runs (checked before every step)',
      'the lists that the members have stay as they are: without quorum nobody can change them',
    ],
    start: world,
    goal: end.members.map(({ name, disk }) => {
      return { member: name, urls: end.record[name] ?? [], settings: owned(disk.settings) };
    }),
  };
}

/** A leaf is live at once; a start takes nothing away; a restart comes last. */
function weight(world: World, { member, parts }: RescueOption): number {
  if (parts.every(({ kind }) => kind === 'leaf')) return 0;
  return isUp(memberOf(world, member)) ? 2 : 1;
}

function write(draft: Draft, input: RescuePlanInput, { member, parts, after }: RescueOption): void {
  const here = { phase: 'rescue', group: `rescue ${member}`, why: whyOf(parts) } as const;
  const gate = rescueGate(draft.gates);
  const has = (kind: RescuePart['kind']): boolean => parts.some((part) => part.kind === kind);
  for (const part of parts) {
    if (part.kind === 'trust') {
      add(draft, here, { kind: 'install-certificates', member, files: part.files });
    }
    if (part.kind === 'leaf') {
      const { path, leaf } = part;
      const step = { kind: 'reissue-leaf', member, path, leaf } as const;
      add(
        draft,
        here,
        { ...step, source: input.leafSource(member) },
        has('start') ? undefined : gate,
      );
    }
  }
  const changes = changesTo(memberOf(draft.world, member).disk.settings, after.disk.settings);
  if (changes.length > 0) {
    add(draft, here, { kind: 'configure-member', member, changes, restoresOriginal: false });
  }
  if (!has('start')) return;
  const kind = isUp(memberOf(draft.world, member)) ? 'restart-member' : 'start-member';
  add(draft, here, { kind, member }, gate);
}

/** Beyond what peershift writes otherwise: peer-auto-tls is set here alone. */
function changesTo(before: Settings, after: Settings): readonly SettingChange[] {
  const flags = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return flags
    .filter((flag) => before[flag] !== after[flag])
    .map((flag) => ({ flag, from: before[flag], to: after[flag] }));
}

const WHY: Readonly<Record<RescuePart['kind'], string>> = {
  leaf: 'its peers refuse the leaf that it shows',
  trust: 'it and its peers trust no common CA',
  listen: 'its listener is not what the lists of the others call',
  'auto-tls': 'asked for by --rescue-with auto-tls: any TLS peer is accepted from then on',
  start: '',
};

function whyOf(parts: readonly RescuePart[]): string {
  const reasons = parts.map(({ kind }) => WHY[kind]).filter((text) => text !== '');
  return reasons.length === 0 ? 'a majority needs it up' : reasons.join('; ');
}

function rescueGate({ timeoutMs }: DesiredGates): GateSpec {
  return { checks: ['peer-ports'], quietMs: 0, timeoutMs };
}

export interface AtHand {
  readonly world: World;
  readonly desired: DesiredSpec;
  /** Undefined: nothing can be made or copied. */
  readonly material: Material | undefined;
  /** The CA's key is here: leaves can be signed again. */
  readonly canSign: boolean;
  readonly allowsAutoTls: boolean;
  readonly untouchable: readonly string[];
  /** Where the CA bundle for a member will stand on the operator's machine. */
  readonly bundleSource: (member: string) => string;
  /** Leaves that are signed already; a member without one gets a planned one. */
  readonly signed: ReadonlyMap<string, Leaf>;
}

/** What the operator's machine could put on each host. */
export function rescueMaterial(at: AtHand): RescueMaterial {
  const { world, allowsAutoTls, untouchable } = at;
  const names = world.members.map(({ name }) => name);
  return {
    allowsAutoTls,
    untouchable,
    leaves: Object.fromEntries(names.map((name) => [name, leafAgain(at, name)])),
    files: Object.fromEntries(names.map((name) => [name, newFiles(at, name)])),
  };
}

/** The leaf in use, with the names that it should have and the CA at hand as its signer. */
function leafAgain(at: AtHand, name: string): Leaf | undefined {
  const wanted = at.material?.leaves[name];
  const member = memberOf(at.world, name);
  const path = (member.process?.peer ?? peerSettings(member.disk.settings)).certFile;
  const present = path === undefined ? undefined : member.disk.files[path];
  if (!at.canSign || wanted === undefined || present?.kind !== 'leaf') return undefined;
  const { leaf } = present;
  const signed = at.signed.get(name);
  if (signed?.keyId === leaf.keyId) return signed;
  return {
    ...leaf,
    ...wanted.names,
    fingerprint: `planned:again:${name}`,
    notBeforeMs: at.world.nowMs,
    notAfterMs: Math.max(leaf.notAfterMs, wanted.leaf.notAfterMs),
    serverAuth: true,
    clientAuth: true,
    trustedBy: at.material?.authorities.map(({ fingerprint }) => fingerprint) ?? [],
  };
}

/** CA, leaf and key of the plan under names that nothing uses. */
function newFiles(at: AtHand, name: string): readonly InstalledFile[] {
  const mine = at.material?.leaves[name];
  const tls = at.desired.members.find((each) => each.name === name)?.tls;
  if (at.material === undefined || mine === undefined || tls === undefined) return [];
  if (at.material.mode === 'in-place') return [];
  const member = memberOf(at.world, name);
  const place = (file: string): string => {
    return freePath(member, tls.directory, file, { kind: 'absent' });
  };
  const { leaf, keyId, certPath, keyPath } = mine;
  const files: readonly InstalledFile[] = [
    {
      path: place('rescue-ca.pem'),
      role: 'ca',
      source: at.bundleSource(name),
      content: { kind: 'pool', authorities: at.material.authorities },
    },
    {
      path: place('rescue-peer.pem'),
      role: 'leaf',
      source: certPath,
      content: { kind: 'leaf', leaf },
    },
    {
      path: place('rescue-peer-key.pem'),
      role: 'key',
      source: keyPath,
      content: { kind: 'key', keyId },
    },
  ];
  const canHaveLeaf = !mine.mustIssue || at.canSign || at.material.mustMakeAuthority;
  return canHaveLeaf ? files : files.filter(({ role }) => role === 'ca');
}
