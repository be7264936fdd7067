/** Turns what is wanted and what is there into the ordered steps between them; nothing to do gives none. */

import { type Result, err, ok } from '../base/result.ts';
import type { DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import { loadDisk } from '../model/load.ts';
import type { Material } from '../model/material.ts';
import type { Rollout } from '../model/rollout.ts';
import { settingChanges } from '../model/settings.ts';
import { type World, isUp, memberOf } from '../model/world.ts';
import { disarmFirst } from './dead-man.ts';
import { type Draft, add, endWithData, leadFromDialable, newDraft } from './draft.ts';
import { startGate } from './gates.ts';
import { orderOf } from './order.ts';
import { bringBack, isDone, windowsAfterComeBack } from './moves.ts';
import { renewLeaves } from './renew-leaves.ts';
import { STRATEGY_PLANS } from './strategies.ts';
import { isDark } from './strategies/rebuild.ts';
import { type Target, owned, sameContent, targetsOf, withInitialCluster } from './target.ts';

export interface PlanInput {
  readonly desired: DesiredSpec;
  readonly world: World;
  readonly material: Material;
  readonly clusterId: string;
  /** A snapshot of this run exists already. */
  readonly hasBackup: boolean;
  /** Only members that this run has left stopped are started. */
  readonly repairsOnly?: boolean;
}

export function planRollout(input: PlanInput): Result<Rollout, readonly Failure[]> {
  const targets = targetsOf(input);
  if (!targets.ok) return targets;
  const stuck = input.world.members.flatMap((member) => {
    const loaded = isUp(member) ? undefined : loadDisk(member.disk, member.version);
    return loaded === undefined || loaded.ok ? [] : [cannotStart(member.name, loaded.error)];
  });
  if (stuck.length > 0) return err(stuck);
  const draft = newDraft(input.world, input.desired.gates);
  if (input.repairsOnly !== true || !input.world.members.every(isUp)) disarmFirst(draft);
  const dark = isDark(draft, input.desired.strategy, targets.value);
  if (!dark) for (const target of targets.value) bringBack(draft, target);
  leadFromDialable(draft);
  const strategy = STRATEGY_PLANS[input.desired.strategy];
  const windows = strategy.windows(input.world.members.length);
  if (input.repairsOnly !== true || dark) {
    if (!isFinished(draft, targets.value)) {
      prepare(draft, input, targets.value);
      const order = orderOf(input.desired, input.world);
      renewLeaves(draft, targets.value, order);
      strategy.write(draft, targets.value, order);
    }
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
    goal: targets.value.map(({ member, urls, settings }) => ({ member, urls, settings })),
  });
}

function isFinished(draft: Draft, targets: readonly Target[]): boolean {
  return targets.every((target) => isDone(draft, target));
}

/** Backup, certificates made, certificates on every host: all of it before anything is restarted. */
function prepare(draft: Draft, input: PlanInput, targets: readonly Target[]): void {
  const missing = Object.values(input.material.leaves).filter((leaf) => leaf.mustIssue);
  if (missing.length > 0 || input.material.mustMakeAuthority) {
    add(
      draft,
      { phase: 'prepare', why: 'every host gets its leaf before the first restart' },
      {
        kind: 'issue-certificates',
        members: missing.map((leaf) => leaf.member),
        makesAuthority: input.material.mustMakeAuthority,
      },
    );
  }
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
  const planned = Object.values(input.material.leaves).filter((leaf) => leaf.mustIssue);
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
