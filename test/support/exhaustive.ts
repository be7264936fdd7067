/**
 * Turns mixes of member states into what every strategy makes of them: planned, proven to the goal and
 * counted, or refused for a reason that is listed here.
 */

import { type Strategy, STRATEGIES } from '../../src/model/desired.ts';
import { openPairs } from '../../src/model/dial.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import { quorumOf } from '../../src/model/quorum.ts';
import { linkedGroups } from '../../src/model/steps/settle.ts';
import { type World, upMembers } from '../../src/model/world.ts';
import { isAtGoal } from '../../src/plan/plan-rollback.ts';
import { prove } from '../../src/prove/prove.ts';
import { MEMBER_STATES, type MemberState, mixText, mixedWorldOf } from './mixes.ts';
import { desiredFor, withDeadMan } from './rollouts.ts';
import { backTo, planOn } from './small-clusters.ts';

export type Mix = readonly MemberState[];

/** The strategies that go member by member. */
export const ROLLING: readonly Strategy[] = STRATEGIES.filter((each) => each !== 'rebuild');

/** Which member leads at first, from 0: another one for each mix and strategy, or each in turn. */
export type Leaders = 'one' | 'each';

/** What was walked; counts of several add up. */
export interface Tally {
  readonly mixes: number;
  readonly proven: number;
  /** Forward, mishaps included. */
  readonly worlds: number;
  /** On the ways back from every step. */
  readonly waysBack: number;
  /** By reason, those that are listed. */
  readonly refused: Readonly<Record<string, number>>;
  /** One line for each rollout that was neither proven nor refused for a reason that may be. */
  readonly wrong: readonly string[];
}

const CUT = 'the list cannot be changed without quorum: what is left is a rescue';
const PARTED = 'one member is cut off already, and the turn of another would part the rest';
const STALE =
  'one member is cut off already and has an old list: it could not dial what comes back on another port';
const HANGING = 'two members are linked through a third alone, and it may crash';

/** Why a mix that no strategy leaves may be refused: how it is linked at the start, and what refuses it. */
export const REFUSALS: Readonly<Record<string, string>> = {
  'no linked majority; quorum': CUT,
  'no linked majority; cut-off': CUT,
  'no linked majority; cut-off after a crash': CUT,
  'no linked majority; degraded': CUT,
  'no linked majority; a member update needs quorum': CUT,
  'no linked majority; the end': CUT,
  'a member is cut off; quorum': PARTED,
  'a member is cut off; quorum after a crash': PARTED,
  'a member is cut off; a member update needs quorum': PARTED,
  'a member is cut off; degraded': STALE,
  'all are linked; quorum after a crash': HANGING,
  'all are linked; cut-off after a crash': HANGING,
};

/** As a rolling change leaves it: with one member at most in the middle of its turn. */
export function isOneHalf(mix: Mix): boolean {
  return mix.filter(({ isHalf }) => isHalf).length <= 1;
}

/** The first half-done one keeps its state; the others are as whole as http with trust. */
export function withOneHalf(mix: Mix): Mix {
  const half = mix.find(({ isHalf }) => isHalf);
  const calm = MEMBER_STATES.find(({ name }) => name === 'http with trust');
  return mix.map((each) => (each.isHalf && each !== half ? (calm ?? each) : each));
}

/** No member is in the middle of its turn, and all can dial each other: then every step has a way back. */
export function isWhole(mix: Mix): boolean {
  return !mix.some(({ isHalf }) => isHalf) && openPairs(mixedWorldOf(mix, 0)).length === 0;
}

export interface TallyInput {
  readonly mixes: readonly Mix[];
  readonly leaders: Leaders;
  /** Where the mixes stand in the list of all: who leads goes round from there. */
  readonly from?: number;
  /** The way back from every step too. */
  readonly isBackToo?: boolean;
  /** With a dead-man armed around every change of settings; its firing is walked at every point. */
  readonly hasDeadMan?: boolean;
}

/** Every strategy on every one of these mixes. */
export function tallyOf(input: TallyInput): Tally {
  const { mixes, leaders, from = 0 } = input;
  const sum = { proven: 0, worlds: 0, waysBack: 0 };
  const refused: Record<string, number> = {};
  const wrong: string[] = [];
  for (const [index, mix] of mixes.entries()) {
    for (const [offset, strategy] of ROLLING.entries()) {
      for (const leader of leadersOf(mix, leaders, from + index + offset)) {
        const { text, proven, refusal } = tried(mix, strategy, leader, input);
        if (proven !== undefined) {
          sum.proven += 1;
          sum.worlds += proven.proof.worldCount;
          sum.waysBack += proven.proof.rollbackWorldCount;
        }
        if (refusal === undefined) continue;
        // Of two members each is needed for quorum: one in the middle of its turn may leave none.
        const mayBe = (mix.length === 2 || !isOneHalf(mix)) && refusal in REFUSALS;
        if (mayBe) refused[refusal] = (refused[refusal] ?? 0) + 1;
        else wrong.push(`${text}: ${refusal}`);
      }
    }
  }
  return { mixes: mixes.length, ...sum, refused, wrong };
}

function leadersOf(mix: Mix, leaders: Leaders, turn: number): readonly number[] {
  return leaders === 'one' ? [turn % mix.length] : mix.map((_, index) => index);
}

interface Tried {
  readonly text: string;
  readonly proven: ProvenRollout | undefined;
  /** Undefined when it was proven to the goal, and the goal is the end of planning. */
  readonly refusal: string | undefined;
}

function tried(
  mix: Mix,
  strategy: Strategy,
  leader: number,
  { isBackToo = false, hasDeadMan = false }: TallyInput,
): Tried {
  const world = mixedWorldOf(mix, leader);
  const plain = desiredFor(world, { strategy });
  const desired = hasDeadMan ? withDeadMan(plain) : plain;
  const rollout = planOn(world, desired);
  const text = `${strategy}: ${mixText(mix, world)}`;
  const accept = mix.length <= 2 ? ['downtime', 'hand-over'] : [];
  const rollbackFrom = isBackToo ? backTo(world, desired) : undefined;
  const result = prove(rollout, { accept, rollbackFrom });
  if (!result.ok) {
    const refusal = `${startText(world)}; ${reasonOf(result.error)}`;
    return { text, proven: undefined, refusal };
  }
  const end = result.value.worlds.at(-1) ?? world;
  const isThere = isAtGoal(end, rollout.goal) && planOn(end, desired).steps.length === 0;
  return { text, proven: result.value, refusal: isThere ? undefined : 'the end is not the goal' };
}

/** The rule that refused it, and whether it took a crash. */
function reasonOf({ where, but }: Failure): string {
  if (where === 'at the end of the rollout') return 'the end';
  const rule = /\(rule ([a-z-]+)\)/u.exec(but)?.[1] ?? but;
  return where.includes('crashes') ? `${rule} after a crash` : rule;
}

/** How the start is linked. */
function startText(world: World): string {
  const up = upMembers(world).length;
  const largest = Math.max(0, ...linkedGroups(world).map((group) => group.size));
  if (largest < quorumOf(world.members.length)) return 'no linked majority';
  return largest < up ? 'a member is cut off' : 'all are linked';
}
