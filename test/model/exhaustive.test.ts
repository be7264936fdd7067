/**
 * Goal: every strategy can be trusted with whatever it finds. Method: every mix of the states that some
 * strategy leaves behind (the names are in mixes.ts), once for each multiset of them, times five
 * strategies; each proof walks every step, its halves, and every crash. What is refused must be refused
 * for a reason that is listed here.
 *
 * SOAK=1 walks all mixes of five members and a sample of those of seven and nine; without it five members
 * are sampled.
 */

import { afterAll, describe, expect, it } from 'vitest';
import { type Strategy, STRATEGIES } from '../../src/model/desired.ts';
import type { Failure } from '../../src/model/failure.ts';
import { openPairs } from '../../src/model/dial.ts';
import { quorumOf } from '../../src/model/quorum.ts';
import { linkedGroups } from '../../src/model/steps/settle.ts';
import { type World, upMembers } from '../../src/model/world.ts';
import { isAtGoal } from '../../src/plan/plan-rollback.ts';
import { prove } from '../../src/prove/prove.ts';
import {
  MEMBER_STATES,
  type MemberState,
  drawnMixes,
  mixText,
  mixedWorldOf,
  mixesOf,
} from '../support/mixes.ts';
import { desiredFor } from '../support/rollouts.ts';
import { backTo, planOn } from '../support/small-clusters.ts';

const isSoak = process.env['SOAK'] === '1';

/** Of the mixes of five members every so many-th is walked: some seconds. */
const EVERY_OF_FIVE = isSoak ? 1 : 97;
const EVERY_OF_OTHERS: Readonly<Record<number, number>> = isSoak ? {} : { 3: 7, 5: 997 };
/** There are some hundred thousand mixes of seven members and some million of nine: these many are drawn. */
const DRAWN = isSoak ? 400 : 6;
/** In a soak all mixes of five members take hours. */
const TIMEOUT_MS = isSoak ? 86_400_000 : 120_000;
const SEED = Number(process.env['SEED'] ?? 20_261_122);

const ROLLING = STRATEGIES.filter((strategy) => strategy !== 'rebuild');

const CUT = 'the list cannot be changed without quorum: what is left is a rescue';
const PARTED = 'one member is cut off already, and the turn of another would part the rest';
const HANGING = 'two members are linked through a third alone, and it may crash';

/** Why a mix may be refused: how it is linked at the start, and what refuses it. */
const REFUSALS: Readonly<Record<string, string>> = {
  'no linked majority; quorum': CUT,
  'no linked majority; cut-off': CUT,
  'no linked majority; cut-off after a crash': CUT,
  'no linked majority; degraded': CUT,
  'no linked majority; a member update needs quorum': CUT,
  'no linked majority; the end': CUT,
  'a member is cut off; quorum': PARTED,
  'a member is cut off; quorum after a crash': PARTED,
  'a member is cut off; a member update needs quorum': PARTED,
  'all are linked; quorum after a crash': HANGING,
  'all are linked; cut-off after a crash': HANGING,
};

const counted = { proven: 0, worlds: 0, waysBack: 0 };
const refused = new Map<string, number>();

afterAll(() => {
  const { proven, worlds, waysBack } = counted;
  const list = [...refused].map(([why, count]) => {
    return `  ${String(count)} refused: ${why} (${REFUSALS[why] ?? 'not listed'})\n`;
  });
  process.stdout.write(
    `exhaustive: ${String(proven)} rollouts proven, ${String(worlds)} worlds forward, ${String(waysBack)} on ways back (seed ${String(SEED)})\n${list.join('')}`,
  );
});

interface Tried {
  readonly text: string;
  /** Undefined when it was proven to the goal, and the goal is the end of planning. */
  readonly refusal: string | undefined;
  readonly mix: readonly MemberState[];
}

function tried(
  mix: readonly MemberState[],
  strategy: Strategy,
  leader: number,
  isBackToo = false,
): Tried {
  const world = mixedWorldOf(mix, leader);
  const desired = desiredFor(world, { strategy });
  const rollout = planOn(world, desired);
  const text = `${strategy}: ${mixText(mix, world)}`;
  const accept = mix.length <= 2 ? ['downtime', 'hand-over'] : [];
  const rollbackFrom = isBackToo ? backTo(world, desired) : undefined;
  const result = prove(rollout, { accept, rollbackFrom });
  if (!result.ok) return { text, mix, refusal: `${startText(world)}; ${reasonOf(result.error)}` };
  const { worlds, proof } = result.value;
  counted.proven += 1;
  counted.worlds += proof.worldCount;
  counted.waysBack += proof.rollbackWorldCount;
  const end = worlds.at(-1) ?? world;
  const isThere = isAtGoal(end, rollout.goal) && planOn(end, desired).steps.length === 0;
  return { text, mix, refusal: isThere ? undefined : 'the end is not the goal' };
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

/** Every strategy on every one of these mixes; who leads goes round. */
function triedAll(mixes: readonly (readonly MemberState[])[]): readonly Tried[] {
  return mixes.flatMap((mix, index) => {
    return ROLLING.map((strategy, offset) => tried(mix, strategy, (index + offset) % mix.length));
  });
}

function isOneHalf(mix: readonly MemberState[]): boolean {
  return mix.filter(({ isHalf }) => isHalf).length <= 1;
}

/** The first half-done one keeps its state; the others are as whole as http with trust. */
function withOneHalf(mix: readonly MemberState[]): readonly MemberState[] {
  const half = mix.find(({ isHalf }) => isHalf);
  const [calm] = MEMBER_STATES.filter(({ name }) => name === 'http with trust');
  return mix.map((each) => (each.isHalf && each !== half ? (calm ?? each) : each));
}

function refusals(all: readonly Tried[]): readonly string[] {
  return all.flatMap(({ refusal, text }) => (refusal === undefined ? [] : [`${text}: ${refusal}`]));
}

describe('a mix with one member at most in the middle of its turn, as a rolling change leaves it', () => {
  it.each([1, 3])(
    'is finished by every strategy, %i members, all mixes',
    (size) => {
      expect(refusals(triedAll(mixesOf(size).filter(isOneHalf)))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'is finished by every strategy, 5 members, every so many-th mix',
    () => {
      const mixes = mixesOf(5).filter(isOneHalf);
      const some = mixes.filter((_, index) => index % EVERY_OF_FIVE === 0);
      expect(refusals(triedAll(some))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it.each([7, 9])(
    'is finished by every strategy, %i members, drawn mixes',
    (size) => {
      const drawn = drawnMixes(size, DRAWN, SEED).map(withOneHalf);
      expect(refusals(triedAll(drawn))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('a mix with several members in the middle of their turns, as no strategy leaves it', () => {
  it.each([3, 5])(
    'is finished, or refused for a reason that is listed, %i members',
    (size) => {
      const mixes = mixesOf(size).filter((mix) => !isOneHalf(mix));
      const every = EVERY_OF_OTHERS[size] ?? 1;
      expectListed(triedAll(mixes.filter((_, index) => index % every === 0)));
    },
    TIMEOUT_MS,
  );

  it('is finished, or refused for a reason that is listed, 2 members, all mixes', () => {
    expectListed(triedAll(mixesOf(2)));
  });
});

function expectListed(all: readonly Tried[]): void {
  for (const { text, refusal } of all) {
    if (refusal === undefined) continue;
    refused.set(refusal, (refused.get(refusal) ?? 0) + 1);
    expect(REFUSALS, text).toHaveProperty([refusal]);
  }
}

describe('a start in which all members can dial each other', () => {
  it(
    'has a way back from every step of every strategy, 3 members',
    () => {
      const mixes = mixesOf(3).filter((mix) => !mix.some(({ isHalf }) => isHalf));
      const whole = mixes.filter((mix) => openPairs(mixedWorldOf(mix, 0)).length === 0);
      const all = whole.flatMap((mix, index) => {
        return ROLLING.map((strategy) => tried(mix, strategy, index % mix.length, true));
      });
      expect(all.length).toBeGreaterThan(300);
      expect(refusals(all)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
