/**
 * Turns a rollout into the worlds in which it breaks, by brute force and without any of the product's code:
 * where this judge and the proof differ, one of them is wrong.
 */

import type { DeclaredWindow, Rollout } from '../../src/model/rollout.ts';
import type { Step } from '../../src/model/step.ts';
import {
  type Pair,
  type State,
  componentsOf,
  goOff,
  halvesOf,
  pairsOf,
  quorumOf,
  start,
  stateOf,
  stop,
  take,
} from './judge-cluster.ts';

export type Rule = 'quorum' | 'cut-off' | 'degraded' | 'leader';

/** One breach in one world. */
export interface Bad {
  readonly rule: Rule;
  readonly subject: string;
  readonly at: Place;
}

export interface Place {
  /** From 1; 0 for the start. */
  readonly step: number;
  readonly kind: 'start' | 'before' | 'middle' | 'after' | 'end';
  readonly crashed: string | undefined;
  readonly isBack: boolean;
  /** Whose timer went off first. */
  readonly wentOff: string | undefined;
}

export interface Judgement {
  readonly bad: readonly Bad[];
  readonly worldCount: number;
  /** Ordered pairs that cannot dial in the last world. */
  readonly openAtEnd: readonly string[];
}

interface Visit extends Place {
  readonly state: State;
  readonly window: DeclaredWindow | undefined;
  readonly next: Step | undefined;
}

export function judgeRollout(rollout: Rollout): Judgement {
  const visits = visitsOf(rollout);
  const found = visits.flatMap((visit) => badnessOf(visit));
  const atStart = new Set(found.filter(({ at }) => at.kind === 'start').map(keyOf));
  const wasSo = (bad: Bad): boolean => {
    const calm = { ...bad, at: { ...bad.at, crashed: undefined, wentOff: undefined } };
    return atStart.has(keyOf(bad)) || atStart.has(keyOf(calm));
  };
  const isForward = rollout.direction === 'forward';
  const bad = found.filter((each) => {
    const { kind, step } = each.at;
    if (kind === 'start') return false;
    // A way back may end as degraded, and as exposed to a crash, as the run began.
    if (kind === 'end') return isForward || each.rule === 'quorum' || each.rule === 'cut-off';
    const isLastCrash = step === rollout.steps.length && isMishap(each.at) && kind === 'after';
    return (isLastCrash && isForward) || !wasSo(each);
  });
  const last = visits.at(-1)?.state;
  const openAtEnd = last === undefined ? [] : pairsOf(last).filter(({ why }) => why !== 'yes');
  return { bad, worldCount: visits.length, openAtEnd: openAtEnd.map(({ pair }) => pair) };
}

function keyOf({ rule, subject, at }: Bad): string {
  return [
    rule,
    subject,
    at.wentOff ?? '',
    at.crashed ?? '',
    at.crashed === undefined ? '' : String(at.isBack),
  ].join();
}

function isMishap({ crashed, wentOff }: Place): boolean {
  return crashed !== undefined || wentOff !== undefined;
}

function visitsOf(rollout: Rollout): readonly Visit[] {
  const { steps } = rollout;
  const visits: Visit[] = [];
  let state = stateOf(rollout.start);
  const visit = (kind: Place['kind'], index: number, at: State, isCalm = false): void => {
    const isEdge = kind === 'start' || kind === 'end';
    const window = isEdge
      ? undefined
      : rollout.windows.find((each) => each.phase === steps[index]?.phase);
    const next = kind === 'start' ? undefined : steps[kind === 'before' ? index : index + 1];
    const place = { step: index + 1, kind, window, next };
    const none = { crashed: undefined, isBack: false, wentOff: undefined };
    visits.push({ ...place, state: at, ...none });
    if (isCalm) return;
    const crashAll = (before: State, wentOff: string | undefined): void => {
      for (const { name, running } of before.members) {
        if (running === undefined || name === wentOff) continue;
        const down = stop(before, name);
        visits.push({ ...place, state: down, crashed: name, isBack: false, wentOff });
        visits.push({ ...place, state: start(down, name), crashed: name, isBack: true, wentOff });
      }
    };
    crashAll(at, undefined);
    if (at.timer === undefined) return;
    const wentOff = at.timer.member;
    const after = goOff(at, at.timer);
    visits.push({ ...place, state: after, ...none, wentOff });
    crashAll(after, wentOff);
  };
  visit('start', -1, state);
  steps.forEach((step, index) => {
    visit('before', index, state, true);
    for (const half of halvesOf(state, step)) visit('middle', index, half);
    state = take(state, step);
    const isIdle = step.kind === 'take-snapshot' || step.kind === 'issue-certificates';
    visit('after', index, state, isIdle);
  });
  visit('end', steps.length - 1, state, true);
  return visits;
}

function badnessOf(visit: Visit): readonly Bad[] {
  const { state, step, kind, crashed, isBack, wentOff } = visit;
  const at = { step, kind, crashed, isBack, wentOff };
  const up = state.members.filter(({ running }) => running !== undefined);
  const quorum = quorumOf(state.members.length);
  const groups = componentsOf(state);
  const majority = groups.find((group) => group.length >= quorum);
  const bad: Bad[] = [];
  if (up.length >= quorum && majority === undefined)
    bad.push({ rule: 'quorum', subject: 'all', at });
  for (const { name } of up) {
    if (majority?.includes(name) === false) bad.push({ rule: 'cut-off', subject: name, at });
  }
  if (isMishap(at)) return bad;
  const broken = pairsOf(state).filter(({ why }) => why !== 'yes');
  for (const { pair, why } of broken) {
    const isDeclared = visit.window?.reasons.some((reason) => reason === why) ?? false;
    if (!isDeclared) bad.push({ rule: 'degraded', subject: pair, at });
  }
  return [...bad, ...leaderBadness(visit, broken, at)];
}

/** Leases are kept alive through the leader's URL. The next step may stop the one that cannot dial it, or hand over. */
function leaderBadness(visit: Visit, broken: readonly Pair[], at: Place): readonly Bad[] {
  const { leader, members } = visit.state;
  const isUp = members.some(({ name, running }) => name === leader && running !== undefined);
  if (leader === undefined || !isUp) return [];
  const { next } = visit;
  if (next?.kind === 'transfer-leader' && next.from === leader) return [];
  const stops = next?.kind === 'restart-member' || next?.kind === 'stop-member' ? next.member : '';
  const lost = broken.filter(({ from, to }) => to === leader && from !== stops);
  return lost.length === 0 ? [] : [{ rule: 'leader', subject: leader, at }];
}
