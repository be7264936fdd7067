/**
 * Goal: every strategy can be trusted with whatever it finds. Method: every mix of the states that some
 * strategy leaves behind (the names are in mixes.ts), once for each multiset of them, times five
 * strategies; each proof walks every step, its halves, and every mishap. What is refused must be refused
 * for a reason that is listed in support/exhaustive.ts.
 *
 * Here 1, 2 and 3 members are walked whole as a rolling change leaves them, and all else by every so many-th
 * mix. `npm run soak -- exhaustive` walks the whole; its last record is in test/soak/records.
 */

import { afterAll, describe, expect, it } from 'vitest';
import {
  type Mix,
  REFUSALS,
  type TallyInput,
  isOneHalf,
  isWhole,
  tallyOf,
  withOneHalf,
} from '../support/exhaustive.ts';
import { drawnMixes, mixCountOf, mixesOf } from '../support/mixes.ts';

/** Of the mixes of five members every so many-th is walked: some seconds. */
const EVERY_OF_FIVE = 197;
const EVERY_OF_OTHERS: Readonly<Record<number, number>> = { 3: 11, 5: 997 };
/** There are some hundred thousand mixes of seven members and some million of nine: these many are drawn. */
const DRAWN = 4;
const EVERY_WAY_BACK = 2;
/** With a dead-man, whose firing is walked at every point. */
const EVERY_WITH_DEAD_MAN: Readonly<Record<number, number>> = { 1: 1, 2: 5, 3: 17, 5: 1999 };
const SEED = Number(process.env['SEED'] ?? 20_261_122);
/** Ten times what the slowest takes on a quiet machine. */
const TIMEOUT_MS = 120_000;

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

/** Counts them, and expects that none is refused but for a reason that is listed. */
function walk(input: TallyInput): number {
  const { proven, worlds, waysBack, refused: why, wrong } = tallyOf(input);
  counted.proven += proven;
  counted.worlds += worlds;
  counted.waysBack += waysBack;
  for (const [reason, count] of Object.entries(why)) {
    refused.set(reason, (refused.get(reason) ?? 0) + count);
  }
  expect(wrong).toEqual([]);
  return proven;
}

function everyOf(mixes: readonly Mix[], every: number): readonly Mix[] {
  return mixes.filter((_, index) => index % every === 0);
}

describe('the list of mixes', () => {
  it.each([1, 2, 3, 4, 5])('has as many of %i members as the formula says, each once', (size) => {
    const mixes = mixesOf(size);
    expect(mixes).toHaveLength(mixCountOf(size));
    const names = mixes.map((mix) =>
      mix
        .map(({ name }) => name)
        .sort()
        .join(),
    );
    expect(new Set(names).size).toBe(mixes.length);
  });
});

describe('a mix with one member at most in the middle of its turn, as a rolling change leaves it', () => {
  it.each([1, 2, 3])(
    'is finished by every strategy, %i members, all mixes (of two, or refused: each is needed for quorum)',
    (size) => {
      walk({ mixes: mixesOf(size).filter(isOneHalf), leaders: 'one' });
    },
    TIMEOUT_MS,
  );

  it(
    'is finished by every strategy, 5 members, every so many-th mix',
    () => {
      walk({ mixes: everyOf(mixesOf(5).filter(isOneHalf), EVERY_OF_FIVE), leaders: 'one' });
    },
    TIMEOUT_MS,
  );

  it.each([7, 9])(
    'is finished by every strategy, %i members, drawn mixes',
    (size) => {
      walk({ mixes: drawnMixes(size, DRAWN, SEED).map(withOneHalf), leaders: 'one' });
    },
    TIMEOUT_MS,
  );
});

describe('a mix with several members in the middle of their turns, as no strategy leaves it', () => {
  it.each([2, 3, 5])(
    'is finished, or refused for a reason that is listed, %i members',
    (size) => {
      const mixes = mixesOf(size).filter((mix) => !isOneHalf(mix));
      walk({ mixes: everyOf(mixes, EVERY_OF_OTHERS[size] ?? 1), leaders: 'one' });
    },
    TIMEOUT_MS,
  );
});

describe('a mix with one member at most in the middle of its turn, and a dead-man around every change', () => {
  it.each([1, 2, 3, 5])(
    'is finished by every strategy, whenever the dead-man goes off, %i members',
    (size) => {
      const mixes = everyOf(mixesOf(size).filter(isOneHalf), EVERY_WITH_DEAD_MAN[size] ?? 1);
      walk({ mixes, leaders: 'one', hasDeadMan: true });
    },
    TIMEOUT_MS,
  );
});

describe('a start in which all members can dial each other', () => {
  it(
    'has a way back from every step of every strategy, 3 members',
    () => {
      const mixes = everyOf(mixesOf(3).filter(isWhole), EVERY_WAY_BACK);
      expect(walk({ mixes, leaders: 'one', isBackToo: true })).toBeGreaterThan(150);
    },
    TIMEOUT_MS,
  );
});
