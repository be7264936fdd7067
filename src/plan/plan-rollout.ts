/** Turns what is wanted and what is there into the ordered steps between them; nothing to do gives none. */

import { type Result, err, ok } from '../base/result.ts';
import { type DesiredSpec, movesPeers } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import { loadDisk } from '../model/load.ts';
import type { Material } from '../model/material.ts';
import type { MemberName } from '../model/ids.ts';
import type { MemberGoal, Rollout } from '../model/rollout.ts';
import { settingChanges } from '../model/settings.ts';
import { type World, isUp, memberOf } from '../model/world.ts';
import { type ClientTarget, clientTargetsOf, isClosed, moveClients } from './clients.ts';
import { disarmFirst } from './dead-man.ts';
import { type Draft, add, endWithData, leadFromDialable, newDraft, restart } from './draft.ts';
import { startGate } from './gates.ts';
import { orderOf } from './order.ts';
import { bringBack, isDone, windowsAfterComeBack } from './moves.ts';
import { renewLeaves } from './renew-leaves.ts';
import { STRATEGY_PLANS } from './strategies.ts';
import { isDark } from './strategies/rebuild.ts';
import { sameContent } from './files.ts';
import { type Target, owned, targetsOf, withInitialCluster } from './target.ts';

export interface PlanInput {
  readonly desired: DesiredSpec;
  readonly world: World;
  readonly material: Material;
  /** With a scope that moves the clients. */
  readonly clientMaterial?: Material;
  readonly clusterId: string;
  /** A snapshot of this run exists already. */
  readonly hasBackup: boolean;
  /** Only members that this run has left stopped are started. */
  readonly repairsOnly?: boolean;
}

export function planRollout(input: PlanInput): Result<Rollout, readonly Failure[]> {
  const targets = movesPeers(input.desired.scope) ? targetsOf(input) : ok([]);
  if (!targets.ok) return targets;
  const clients = clientTargetsOf(input);
  if (!clients.ok) return clients;
  const stuck = input.world.members.flatMap((member) => {
    const loaded = isUp(member) ? undefined : loadDisk(member.disk, member.version);
    return loaded === undefined || loaded.ok ? [] : [cannotStart(member.name, loaded.error)];
  });
  if (stuck.length > 0) return err(stuck);
  const draft = newDraft(input.world, input.desired.gates);
  if (input.repairsOnly !== true || !input.world.members.every(isUp)) disarmFirst(draft);
  const dark = isDark(draft, input.desired.strategy, targets.value);
  if (!dark) for (const target of targets.value) bringBack(draft, target);
  startStopped(draft);
  leadFromDialable(draft);
  const strategy = STRATEGY_PLANS[input.desired.strategy];
  const windows = strategy.windows(input.world.members.length);
  if (input.repairsOnly !== true || dark) {
    const isOver = isFinished(draft, targets.value);
    const areMoved = clients.value.every((target) => isClosed(draft, target));
    if (!isOver || !areMoved) {
      if (!isOver) issue(draft, input.material);
      if (!areMoved && input.clientMaterial !== undefined) {
        issue(draft, input.clientMaterial, 'clients');
      }
      prepare(draft, input, [...(isOver ? [] : targets.value), ...(areMoved ? [] : clients.value)]);
    }
    if (!isOver) {
      const order = orderOf(input.desired, input.world);
      renewLeaves(draft, targets.value, order);
      strategy.write(draft, targets.value, order);
    }
    if (!areMoved) moveClients(draft, clients.value, (world) => orderOf(input.desired, world));
    record(
      draft,
      targets.value.filter(({ member }) => !isReplacedWhole(input.desired, member)),
    );
  }
  endWithData(draft);
  return ok({
    direction: 'forward',
    strategy: input.desired.strategy,
    planName: input.desired.name,
    clusterId: input.clusterId,
    steps: draft.steps,
    windows: input.world.members.every(isUp) ? windows : windowsAfterComeBack(windows),
    assumptions: assumptionsOf(input),
    start: input.world,
    goal: goalsOf(input.world, targets.value, clients.value),
  });
}

function goalsOf(
  world: World,
  targets: readonly Target[],
  clients: readonly ClientTarget[],
): readonly MemberGoal[] {
  const names = clients.length === 0 ? targets.map(({ member }) => member) : clientNames(clients);
  return names.map((member) => {
    const peers = targets.find((target) => target.member === member);
    const side = clients.find((target) => target.member === member);
    const settings = peers?.settings ?? owned(memberOf(world, member).disk.settings);
    return {
      member,
      urls: peers?.urls ?? world.record[member] ?? [],
      settings: side === undefined ? settings : { ...settings, ...side.closed },
    };
  });
}

function clientNames(clients: readonly ClientTarget[]): readonly MemberName[] {
  return clients.map(({ member }) => member);
}

/** With the clients alone to be moved a stopped member has no target of its own: it starts from its disk. */
function startStopped(draft: Draft): void {
  if (draft.world.movesClients !== true) return;
  for (const { name } of draft.world.members.filter((member) => !isUp(member))) {
    const why = 'it was left stopped; tolerance comes first';
    restart(draft, { phase: 'repair', group: `repair/${name}`, why }, name);
  }
}

function isFinished(draft: Draft, targets: readonly Target[]): boolean {
  return targets.every((target) => isDone(draft, target));
}

/** Links seen, backup, certificates on every host: all of it before anything is restarted. */
function prepare(draft: Draft, input: PlanInput, targets: readonly Installing[]): void {
  if (draft.world.unobserved.length > 0) {
    const gate = startGate(input.desired.gates);
    const why = 'health is no evidence of links; nothing may rest on one that was not seen';
    add(draft, { phase: 'prepare', why }, { kind: 'check-links' }, gate);
  }
  if (input.desired.takesBackup && !input.hasBackup) {
    const why = 'a way back that needs nothing of what follows';
    add(draft, { phase: 'prepare', why }, { kind: 'take-snapshot' });
  }
  for (const target of targets) {
    const disk = memberOf(draft.world, target.member).disk.files;
    const files = target.files.filter((file) => {
      const present = disk[file.path];
      return present === undefined || !sameContent(present, file.content);
    });
    if (files.length === 0) continue;
    const why = 'in place on every host before anything restarts';
    add(
      draft,
      { phase: 'prepare', why },
      { kind: 'install-certificates', member: target.member, files },
    );
  }
}

type Installing = Pick<Target, 'member' | 'files'>;

function issue(draft: Draft, material: Material, side?: 'clients'): void {
  const missing = Object.values(material.leaves).filter((leaf) => leaf.mustIssue);
  const isOperatorDue = material.operator?.mustIssue === true;
  if (missing.length === 0 && !material.mustMakeAuthority && !isOperatorDue) return;
  add(
    draft,
    { phase: 'prepare', why: 'every host gets its leaf before the first restart' },
    {
      kind: 'issue-certificates',
      members: missing.map((leaf) => leaf.member),
      makesAuthority: material.mustMakeAuthority,
      ...(side === undefined ? {} : { side }),
    },
  );
}

/** A manifest or a container is written by a restart alone, for which `initial-cluster` is no reason. */
function isReplacedWhole({ members }: DesiredSpec, member: string): boolean {
  return members.some(({ name, service: { manager } }) => {
    return name === member && (manager === 'static-pod' || manager === 'docker');
  });
}

/** The last phase, without restarts: the final initial-cluster wherever one is configured. */
function record(draft: Draft, targets: readonly Target[]): void {
  for (const target of targets) {
    const member = memberOf(draft.world, target.member);
    const settings = owned(member.disk.settings);
    const wanted = withInitialCluster(settings, draft.world.record);
    const changes = settingChanges(settings, wanted);
    if (changes.length === 0) continue;
    const why = 'a wiped member with the old list would vote with no memory';
    add(
      draft,
      { phase: 'record', why },
      { kind: 'record-cluster', member: target.member, changes },
    );
  }
}

function assumptionsOf(input: PlanInput): readonly string[] {
  const leaves = [input.material, input.clientMaterial].flatMap((material) => {
    return Object.values(material?.leaves ?? {});
  });
  const planned = leaves.filter((leaf) => leaf.mustIssue);
  return [
    'nobody else edits the membership or these settings while it runs (checked before every step)',
    ...(planned.length === 0
      ? []
      : [
          `the leaves still to be issued for ${planned.map((leaf) => leaf.member).join(', ')} come out as planned (checked after issue)`,
        ]),
  ];
}

function cannotStart(name: string, reason: string): Failure {
  return {
    code: 'NO_ROLLOUT',
    where: `member ${name}`,
    would: `start ${name} from what stands on its disk`,
    but: `etcd would refuse to start: ${reason}`,
    so: 'the rollout cannot go forward from here; nothing has been changed by this attempt',
    remedy: `peershift rollback puts the original settings of ${name} back, or mend the file by hand`,
  };
}
