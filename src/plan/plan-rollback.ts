/**
 * Turns what is there and what was there at the start into the ordered steps back. The mirror of the way
 * forth: members that cannot start get their original settings first, then https members go back one by
 * one (list, listener, restart) with their trust kept while others still speak https, and the trust and
 * the files go last.
 */

import { numberOf } from '../base/canonical.ts';
import { type Result, ok } from '../base/result.ts';
import type { DesiredGates, Strategy } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import type { DeclaredWindow, MemberGoal, Rollout } from '../model/rollout.ts';
import type { Step } from '../model/step.ts';
import { sameUrls } from '../model/url.ts';
import { type World, memberOf } from '../model/world.ts';
import { worldKey } from '../model/world-key.ts';
import { bringClientsBack, peerGoal, revertClients } from './clients-back.ts';
import { disarmFirst } from './dead-man.ts';
import { type Draft, add, append, endWithData, leadFromDialable, newDraft } from './draft.ts';
import { startGate } from './gates.ts';
import { isDark } from './strategies/rebuild.ts';
import { trustAgain } from './renew-leaves.ts';
import { runsAs } from './target.ts';
import {
  bringBack,
  dropTrust,
  isConverted,
  listAlone,
  needsSecondListener,
  removeFiles,
  reopen,
  revert,
  revertTogether,
  revertUnderBothUrls,
  servesGoal,
  takeBackUnloaded,
} from './way-back.ts';

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
  /** Members that did not come back from what stands on their disk. */
  readonly failedStarts?: readonly MemberName[];
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
  disarmFirst(draft);
  const whole = [...input.order]
    .reverse()
    .flatMap((name) => input.goal.filter((goal) => goal.member === name));
  // Clients go back first, so that what follows is about the peers alone.
  const goals = whole.map(peerGoal);
  if (!isDark(draft, input.strategy, goals)) {
    for (const goal of whole) {
      const hasFailed = input.failedStarts?.includes(goal.member) ?? false;
      if (!bringClientsBack(draft, goal, hasFailed)) bringBack(draft, peerGoal(goal), hasFailed);
    }
  }
  leadFromDialable(draft);
  const hasProbed = draft.steps.some((step) => step.after?.checks.includes('links') === true);
  if (!hasProbed && draft.world.unobserved.length > 0 && !isAtGoal(draft.world, whole)) {
    const why = 'nothing may rest on a link that was not seen';
    add(draft, { phase: 'prepare', why }, { kind: 'check-links' }, startGate(input.gates));
  }
  revertClients(draft, whole);
  trustAgain(draft, goals);
  const isBehind = goals.some((goal) => isConverted(draft, goal));
  if (isBehind) for (const goal of goals) takeBackUnloaded(draft, goal);
  for (const goal of goals) {
    if (isConverted(draft, goal) && needsSecondListener(draft, goal)) reopen(draft, goal, goals);
  }
  if (input.strategy === 'dual-url') revertUnderBothUrls(draft, goals);
  if (input.strategy === 'rebuild') revertTogether(draft, goals);
  for (const goal of goals) {
    if (isConverted(draft, goal) && servesGoal(draft, goal)) listAlone(draft, goal, goals);
  }
  goHome(draft, goals, input);
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

/**
 * The last part, member by member. Ways back from the worlds of one rollout join here, and what was written
 * from a world once is written again: it follows from the world, the goal and what is left to do.
 */
function goHome(draft: Draft, goals: readonly MemberGoal[], input: RollbackInput): void {
  const { goal: all, order, gates, installed } = input;
  const known = TAILS.get(all) ?? new Map<string, Tail>();
  TAILS.set(all, known);
  const same = [order, gates, installed].map(numberOf).join(' ');
  const converted = goals.filter((goal) => isConverted(draft, goal));
  const begun: { readonly key: string; readonly from: number }[] = [];
  let tail: Tail | undefined;
  for (let index = 0; index <= converted.length; index += 1) {
    const goal = converted[index];
    const left = converted.slice(index).map(({ member }) => member);
    const key = `${same} ${left.join()} ${worldKey(draft.world)}`;
    tail = known.get(key);
    if (tail !== undefined) break;
    begun.push({ key, from: draft.steps.length });
    if (goal !== undefined) revert(draft, goal, goals, index === converted.length - 1);
  }
  if (tail === undefined) {
    for (const goal of goals) dropTrust(draft, goal, goals);
    for (const goal of goals) removeFiles(draft, goal, installed[goal.member] ?? []);
  } else {
    append(draft, tail.steps, tail.world);
  }
  for (const { key, from } of begun) {
    known.set(key, { steps: draft.steps.slice(from), world: draft.world });
  }
}

interface Tail {
  readonly steps: readonly Step[];
  readonly world: World;
}

/** By the goal, which is one object for all ways back of a proof. */
const TAILS = new WeakMap<readonly MemberGoal[], Map<string, Tail>>();

/** The start as a goal: what a journal's first line says was there. */
export function isAtGoal(world: World, goal: readonly MemberGoal[]): boolean {
  return goal.every((each) => {
    const member = memberOf(world, each.member);
    return sameUrls(world.record[each.member] ?? [], each.urls) && runsAs(member, each.settings);
  });
}
