/**
 * Turns what is there and what was there at the start into the ordered steps back. The mirror of the way
 * forth: members that cannot start get their original settings first, then https members go back one by
 * one (list, listener, restart) with their trust kept while others still speak https, and the trust and
 * the files go last.
 */

import { type Result, ok } from '../base/result.ts';
import type { DesiredGates, Strategy } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import { loadDisk } from '../model/load.ts';
import type { DeclaredWindow, MemberGoal, Rollout } from '../model/rollout.ts';
import { FLAG, type Settings, peerSettings, settingChanges } from '../model/settings.ts';
import { isHttps, sameUrls } from '../model/url.ts';
import { type World, isUp, memberOf } from '../model/world.ts';
import {
  type Draft,
  add,
  advertise,
  configure,
  endWithData,
  handOver,
  names,
  newDraft,
  restart,
} from './draft.ts';
import { startGate } from './gates.ts';
import { owned, runsAs } from './target.ts';

export interface RollbackInput {
  readonly world: World;
  readonly goal: readonly MemberGoal[];
  readonly order: readonly MemberName[];
  readonly gates: DesiredGates;
  readonly strategy: Strategy;
  readonly planName: string;
  readonly clusterId: string;
  /** Files that the run installed: member to paths. */
  readonly installed: Readonly<Record<string, readonly string[]>>;
}

const WINDOWS: readonly DeclaredWindow[] = [
  {
    phase: 'repair',
    because: 'a member that was down comes back into a half-migrated cluster',
    reasons: ['no-trust', 'no-client-leaf', 'https-to-plain', 'http-to-tls'],
  },
  {
    phase: 'revert',
    because: 'a member is advertised as http just before its own restart',
    reasons: ['no-trust', 'no-client-leaf', 'https-to-plain', 'http-to-tls'],
  },
];

export function planRollback(input: RollbackInput): Result<Rollout, readonly Failure[]> {
  const draft = newDraft(input.world, input.gates);
  const goals = [...input.order]
    .reverse()
    .flatMap((name) => input.goal.filter((goal) => goal.member === name));
  for (const goal of goals) bringBack(draft, goal);
  if (
    draft.steps.length === 0 &&
    draft.world.unobserved.length > 0 &&
    !isAtGoal(draft.world, goals)
  ) {
    const why = 'nothing may rest on a link that was not seen';
    add(
      draft,
      { phase: 'prepare', why },
      { kind: 'check-links' },
      startGate(input.gates, names(draft.world)),
    );
  }
  if (goals.some((goal) => isConverted(draft, goal)))
    for (const goal of goals) takeBackUnloaded(draft, goal);
  const converted = listOnlyFirst(
    draft,
    goals.filter((goal) => isConverted(draft, goal)),
  );
  converted.forEach((goal, index) => {
    revert(draft, goal, goals, index === converted.length - 1);
  });
  for (const goal of goals) dropTrust(draft, goal, goals);
  for (const goal of goals) removeFiles(draft, goal, input.installed[goal.member] ?? []);
  endWithData(draft);
  return ok({
    direction: 'rollback',
    strategy: input.strategy,
    planName: input.planName,
    clusterId: input.clusterId,
    steps: draft.steps,
    windows: WINDOWS,
    assumptions: [
      'nobody else edits the membership or these settings while it runs (checked before every step)',
    ],
    start: input.world,
    goal: input.goal,
  });
}

/** A member that is down starts first: with its disk as it is when that starts and links, else with the original settings. */
function bringBack(draft: Draft, goal: MemberGoal): void {
  const member = memberOf(draft.world, goal.member);
  if (isUp(member)) return;
  const group = `repair/${goal.member}`;
  const here = {
    phase: 'repair' as const,
    group,
    why: 'a stopped member comes back first; tolerance before all else',
  };
  if (!loadDisk(member.disk, member.version).ok)
    configure(draft, here, goal.member, goal.settings, true);
  restart(draft, here, goal.member);
}

/**
 * Settings that were written for a restart that did not come go first: a crash would load them, and the
 * list is about to change under them.
 */
function takeBackUnloaded(draft: Draft, goal: MemberGoal): void {
  const now = memberOf(draft.world, goal.member);
  if (!isUp(now) || runsAs(now, owned(now.disk.settings))) return;
  const here = {
    phase: 'repair' as const,
    why: 'written and never loaded: a crash would load it',
  };
  const candidates = [goal.settings, withTrustKept(draft, goal)];
  const running = candidates.find((settings) => runsAs(now, settings));
  if (running !== undefined)
    configure(draft, here, goal.member, running, running === goal.settings);
}

function revert(draft: Draft, goal: MemberGoal, all: readonly MemberGoal[], isLast: boolean): void {
  const { member } = goal;
  handOver(draft, 'revert', member, (name) => rankOf(draft, all, name));
  const group = `revert/${member}`;
  const settings = isLast ? goal.settings : withTrustKept(draft, goal);
  const needsRestart = !runsAs(memberOf(draft.world, member), settings);
  const why = isLast
    ? 'the last https member goes back'
    : 'its trust stays while others still speak https';
  advertise(draft, { phase: 'revert', why, ...(needsRestart ? { group } : {}) }, member, goal.urls);
  if (!needsRestart) return;
  configure(draft, { phase: 'revert', group, why }, member, settings, isLast);
  restart(draft, { phase: 'revert', group, why }, member);
}

function dropTrust(draft: Draft, goal: MemberGoal, all: readonly MemberGoal[]): void {
  const { member } = goal;
  const now = memberOf(draft.world, member);
  const isRunning = runsAs(now, goal.settings);
  const changes = settingChanges(owned(now.disk.settings), goal.settings);
  if (isRunning && changes.length === 0) return;
  if (!isRunning) handOver(draft, 'clean', member, (name) => rankOf(draft, all, name));
  const here = {
    phase: 'clean' as const,
    group: `clean/${member}`,
    why: 'the settings of the start, byte for byte',
  };
  if (isRunning) {
    add(
      draft,
      { ...here, phase: 'record' },
      { kind: 'configure-member', member, changes, restoresOriginal: true },
    );
    return;
  }
  configure(draft, here, member, goal.settings, true);
  restart(draft, here, member);
}

function removeFiles(draft: Draft, goal: MemberGoal, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const here = { phase: 'clean' as const, why: 'nothing names these files any more' };
  add(draft, here, { kind: 'remove-certificates', member: goal.member, paths });
}

/** A member that is advertised as https and speaks http is mended by its list alone, and before others lose theirs. */
function listOnlyFirst(draft: Draft, goals: readonly MemberGoal[]): readonly MemberGoal[] {
  const isListOnly = (goal: MemberGoal): boolean => {
    return runsAs(memberOf(draft.world, goal.member), withTrustKept(draft, goal));
  };
  return [...goals.filter(isListOnly), ...goals.filter((goal) => !isListOnly(goal))];
}

/** The settings of the start and the trust that the process has loaded: it can dial either kind of member. */
function withTrustKept(draft: Draft, goal: MemberGoal): Settings {
  const { disk, process } = memberOf(draft.world, goal.member);
  const { certFile, keyFile, trustedCaFile } = process?.peer ?? peerSettings(disk.settings);
  return {
    ...goal.settings,
    ...(certFile === undefined ? {} : { [FLAG.peerCertFile]: certFile }),
    ...(keyFile === undefined ? {} : { [FLAG.peerKeyFile]: keyFile }),
    ...(trustedCaFile === undefined ? {} : { [FLAG.peerTrustedCaFile]: trustedCaFile }),
  };
}

/** The list or the listener differs from the start's. */
function isConverted(draft: Draft, goal: MemberGoal): boolean {
  if (!sameUrls(draft.world.record[goal.member] ?? [], goal.urls)) return true;
  const listens = memberOf(draft.world, goal.member).process?.peer.listen ?? [];
  return listens.some(isHttps) && !(goal.settings[FLAG.listenPeerUrls] ?? '').includes('https:');
}

/** Members that are back already first, then those whose turn is last. */
function rankOf(draft: Draft, all: readonly MemberGoal[], name: MemberName): number {
  const index = all.findIndex((goal) => goal.member === name);
  const goal = all[index];
  if (goal !== undefined && runsAs(memberOf(draft.world, name), goal.settings)) return 0;
  return all.length - index;
}

/** The start as a goal: what a journal's first line says was there. */
export function isAtGoal(world: World, goal: readonly MemberGoal[]): boolean {
  return goal.every((each) => {
    const member = memberOf(world, each.member);
    return sameUrls(world.record[each.member] ?? [], each.urls) && runsAs(member, each.settings);
  });
}
