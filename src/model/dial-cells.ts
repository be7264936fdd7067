/** Turns who can dial whom into one short word for each ordered pair: for tables, and as plain data. */

import { type DialAnswer, dialMatrix } from './dial.ts';
import type { World } from './world.ts';

/** Ordered pair `a>b` of up members to `ok`, `unknown`, or the code of the one reason why not. */
export type DialCells = Readonly<Record<string, string>>;

export const CELL_OK = 'ok';
const CELL_UNKNOWN = 'unknown';

export function worldCells(world: World): DialCells {
  return cellsOf(dialMatrix(world));
}

export function cellsOf(matrix: ReadonlyMap<string, DialAnswer>): DialCells {
  return Object.fromEntries([...matrix].map(([pair, answer]) => [pair, cellOf(answer)]));
}

function cellOf(answer: DialAnswer): string {
  switch (answer.can) {
    case 'yes':
      return CELL_OK;
    case 'unknown':
      return CELL_UNKNOWN;
    case 'no':
      return answer.reason;
  }
}
