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

/** Who can dial whom after so many steps (0: before the first). */
export interface DialsAfter {
  readonly after: number;
  readonly cells: DialCells;
}

/** `worlds[n]` is what n steps leave; only those that differ from the one before. */
export function dialsThrough(worlds: readonly World[]): readonly DialsAfter[] {
  let last = '';
  return worlds.flatMap((world, after) => {
    const cells = worldCells(world);
    const text = JSON.stringify(cells);
    if (text === last) return [];
    last = text;
    return [{ after, cells }];
  });
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
