/** The moves that a way back is made of: each writes its steps into the draft, with the leader handed over first. */

import type { MemberName } from '../model/ids.ts';
import { loadDisk } from '../model/load.ts';
import type { MemberGoal } from '../model/rollout.ts';
import {
  FLAG,
  type PeerSettings,
  type Settings,
  peerSettings,
  settingChanges,
  urlList,
} from '../model/settings.ts';
import { started } from '../model/steps/restart-member.ts';
import { linkedMajority } from '../model/steps/settle.ts';
import { isHttps, sameUrls, urlParts } from '../model/url.ts';
import { isUp, memberOf } from '../model/world.ts';
import { underDeadMan } from './dead-man.ts';
import {
  type Draft,
  type Here,
  add,
  advertise,
  configure,
  handOver,
  bestMove,
  copyOf,
  isServing,
  restart,
  restartTogether,
} from './draft.ts';
import { owned, runsAs } from './target.ts';

/**
 * A member that is down starts first, and goes home at once where that links it fully; else it keeps its
 * trust, or starts from its disk as it is. What it has failed to start with before comes last.
 */
export function bringBack(draft: Draft, goal: MemberGoal, hasFailed: boolean): void {
  if (isUp(memberOf(draft.world, goal.member))) return;
  const home = (trial: Draft): void => {
    startHomeward(trial, goal, goal.settings);
  };
  if (hasFailed) {
    const trial = copyOf(draft);
    home(trial);
    if (isServing(trial.world, goal.member)) {
      home(draft);
      return;
    }
  }
  bestMove(draft, goal.member, [
    home,
    (trial) => {
      startHomeward(trial, goal, withTrustKept(trial, goal));
    },
    (trial) => {
      startAsItIs(trial, goal);
    },
  ]);
}

function repairing(goal: MemberGoal): Here {
  const why = 'a stopped member comes back first; tolerance before all else';
  return { phase: 'repair', group: `repair/${goal.member}`, why };
}

/** The list first, where the others can change it: a member update needs quorum. */
function startHomeward(draft: Draft, goal: MemberGoal, settings: Settings): void {
  const here = repairing(goal);
  if (linkedMajority(draft.world) !== undefined) advertise(draft, here, goal.member, goal.urls);
  configure(draft, here, goal.member, settings, settings === goal.settings);
  restart(draft, here, goal.member);
}

function startAsItIs(draft: Draft, goal: MemberGoal): void {
  const member = memberOf(draft.world, goal.member);
  const here = repairing(goal);
  if (!loadDisk(member.disk, member.version).ok) {
    configure(draft, here, goal.member, goal.settings, true);
  }
  // With the list as it is nobody could dial it and it could dial nobody: the list goes back first.
  if (linkedMajority(started(draft.world, member.name))?.has(member.name) === false) {
    advertise(draft, here, goal.member, goal.urls);
  }
  restart(draft, here, goal.member);
}

/**
 * Settings that were written for a restart that did not come go first: a crash would load them, and the
 * list is about to change under them.
 */
export function takeBackUnloaded(draft: Draft, goal: MemberGoal): void {
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

export function revert(
  draft: Draft,
  goal: MemberGoal,
  all: readonly MemberGoal[],
  isLast: boolean,
): void {
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
  const here = { phase: 'revert' as const, group, why };
  underDeadMan(draft, here, member, settings, () => {
    configure(draft, here, member, settings, isLast);
    restart(draft, here, member);
  });
}

export function dropTrust(draft: Draft, goal: MemberGoal, all: readonly MemberGoal[]): void {
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
  underDeadMan(draft, here, member, goal.settings, () => {
    configure(draft, here, member, goal.settings, true);
    restart(draft, here, member);
  });
}

export function removeFiles(draft: Draft, goal: MemberGoal, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const here = { phase: 'clean' as const, why: 'nothing names these files any more' };
  add(draft, here, { kind: 'remove-certificates', member: goal.member, paths });
}

/** The http listener of the start is on another port than the https one of now: it opens beside it first. */
export function reopen(draft: Draft, goal: MemberGoal, all: readonly MemberGoal[]): void {
  const { member } = goal;
  handOver(draft, 'revert', member, (name) => rankOf(draft, all, name));
  const why = 'both listeners, so that the list can go back without a gap';
  const here = { phase: 'revert' as const, group: `reopen/${member}`, why };
  const now = memberOf(draft.world, member).process?.peer.listen ?? [];
  const listen = [...urlList(goal.settings[FLAG.listenPeerUrls] ?? ''), ...now];
  const settings = {
    ...withTrustKept(draft, goal),
    [FLAG.listenPeerUrls]: [...new Set(listen)].join(','),
    [FLAG.peerClientCertAuth]: 'true',
  };
  underDeadMan(draft, here, member, settings, () => {
    configure(draft, here, member, settings);
    restart(draft, here, member);
  });
}

export function needsSecondListener(draft: Draft, goal: MemberGoal): boolean {
  const listens = memberOf(draft.world, goal.member).process?.peer.listen ?? [];
  const ports = new Set(listens.map((url) => urlParts(url).port));
  return !servesGoal(draft, goal) && goal.urls.every((url) => !ports.has(urlParts(url).port));
}

/** Both URLs while the listeners go back, so that nobody loses a direction; the https URL goes last. */
export function revertUnderBothUrls(draft: Draft, goals: readonly MemberGoal[]): void {
  const secure = goals.filter((goal) => isConverted(draft, goal) && !servesGoal(draft, goal));
  bothAgain(draft, secure);
  secure.forEach((goal, index) => {
    const { member } = goal;
    handOver(draft, 'switch', member, (name) => rankOf(draft, goals, name));
    const isLast = index === secure.length - 1;
    const why = 'dialers that meet http on the port stay with the http URL';
    const here = { phase: 'switch' as const, group: `switch/${member}`, why };
    const settings = isLast ? goal.settings : withTrustKept(draft, goal);
    underDeadMan(draft, here, member, settings, () => {
      configure(draft, here, member, settings, isLast);
      restart(draft, here, member);
    });
  });
}

function bothAgain(draft: Draft, goals: readonly MemberGoal[]): void {
  goals.forEach((goal, index) => {
    const present = draft.world.record[goal.member] ?? [];
    const both = [...new Set([...goal.urls, ...present])].sort();
    const why = 'whichever scheme the port speaks, one of the two URLs fits';
    const probes = index < goals.length - 1 ? 'later' : 'now';
    advertise(draft, { phase: 'announce', why }, goal.member, both, probes);
  });
}

/** As they went: both URLs, then all stop and start at once with the settings of the start. */
export function revertTogether(draft: Draft, goals: readonly MemberGoal[]): void {
  const due = goals.filter((goal) => !runsAs(memberOf(draft.world, goal.member), goal.settings));
  bothAgain(draft, due);
  const why = 'with all of them down no member ever meets another scheme than its own';
  restartTogether(draft, { phase: 'switch', group: 'together', why }, due, true);
}

/** Its process serves the URLs of the start already: the list alone goes back. */
export function listAlone(draft: Draft, goal: MemberGoal, all: readonly MemberGoal[]): void {
  const why = 'its listener of the start is open: the list alone goes back';
  handOver(draft, 'revert', goal.member, (name) => rankOf(draft, all, name), 'only-if-undialable');
  advertise(draft, { phase: 'revert', why }, goal.member, goal.urls);
}

export function servesGoal(draft: Draft, goal: MemberGoal): boolean {
  const listens = memberOf(draft.world, goal.member).process?.peer.listen ?? [];
  return goal.urls.every((url) => {
    return listens.some(
      (listen) => urlParts(listen).port === urlParts(url).port && isHttps(listen) === isHttps(url),
    );
  });
}

/** The settings of the start and the trust that the process has loaded: it can dial either kind of member. */
function withTrustKept(draft: Draft, goal: MemberGoal): Settings {
  const { disk, process } = memberOf(draft.world, goal.member);
  const peer = process?.peer ?? peerSettings(disk.settings);
  const known = KEPT.get(goal.settings) ?? new WeakMap<PeerSettings, Settings>();
  KEPT.set(goal.settings, known);
  const settings = known.get(peer) ?? withTrustOf(peer, goal.settings);
  known.set(peer, settings);
  return settings;
}

/** Asked for the same few on the way back from every world: equal ones are one object. */
const KEPT = new WeakMap<Settings, WeakMap<PeerSettings, Settings>>();

function withTrustOf(
  { certFile, keyFile, trustedCaFile }: PeerSettings,
  start: Settings,
): Settings {
  return {
    ...start,
    ...(certFile === undefined ? {} : { [FLAG.peerCertFile]: certFile }),
    ...(keyFile === undefined ? {} : { [FLAG.peerKeyFile]: keyFile }),
    ...(trustedCaFile === undefined ? {} : { [FLAG.peerTrustedCaFile]: trustedCaFile }),
  };
}

/** The list or the listener differs from the start's. */
export function isConverted(draft: Draft, goal: MemberGoal): boolean {
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
