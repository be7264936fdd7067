/** Turns every mix of 1, 2, 3 and 5 members, and drawn ones of 7 and 9, into proofs of all strategies, counted. */

import {
  type Mix,
  type TallyInput,
  isOneHalf,
  isWhole,
  tallyOf,
  withOneHalf,
} from '../support/exhaustive.ts';
import { drawnMixes, mixesOf } from '../support/mixes.ts';
import type { Soak, Unit } from './soaks.ts';

/** A unit takes some seconds. */
const MIXES_A_UNIT = 250;
/** Of 604,656 mixes of seven members and 5.2 million of nine no more than these are drawn. */
const DRAWN = 500;

export const exhaustive: Soak = {
  shows:
    'every strategy proves every mix that a strategy can leave, or refuses it for a listed reason',
  covers: [
    ...['src/base', 'src/model', 'src/plan', 'src/prove', 'test/soak/exhaustive.ts'],
    ...['exhaustive', 'mixes', 'rollouts', 'small-clusters', 'worlds'].map(
      (each) => `test/support/${each}.ts`,
    ),
  ],
  seed: 20_261_122,
  units: (seed) => [
    ...[1, 2, 3].flatMap((size) =>
      chunks(`${String(size)} members, each leads`, mixesOf(size), { leaders: 'each' }),
    ),
    ...[7, 9].flatMap((size) => {
      const drawn = drawnMixes(size, DRAWN, seed).map(withOneHalf);
      return chunks(`${String(size)} members, drawn`, drawn, { leaders: 'one' });
    }),
    ...chunks('3 members, ways back', mixesOf(3).filter(isWhole), {
      leaders: 'each',
      isBackToo: true,
    }),
    ...[1, 2, 3].flatMap((size) =>
      chunks(`${String(size)} members with a dead-man`, mixesOf(size).filter(isOneHalf), {
        leaders: 'one',
        hasDeadMan: true,
      }),
    ),
    ...chunks('5 members', mixesOf(5), { leaders: 'one' }),
  ],
};

function chunks(
  what: string,
  mixes: readonly Mix[],
  how: Pick<TallyInput, 'leaders' | 'isBackToo' | 'hasDeadMan'>,
): readonly Unit[] {
  const count = Math.ceil(mixes.length / MIXES_A_UNIT);
  return Array.from({ length: count }, (_, index) => {
    const from = index * MIXES_A_UNIT;
    const some = mixes.slice(from, from + MIXES_A_UNIT);
    return {
      name: `${what}, mixes ${String(from + 1)} to ${String(from + some.length)} of ${String(mixes.length)}`,
      run: () => {
        const { wrong, ...counts } = tallyOf({ mixes: some, from, ...how });
        return Promise.resolve({ counts, wrong });
      },
    };
  });
}
