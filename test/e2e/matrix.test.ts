/**
 * Goal: versions, strategies, sizes and kinds of clients do not stand in each other's way. Method: each cell is a
 * cluster that is moved, put back and moved again under clients. The commit draws a few of those in which each two
 * choices meet; MATRIX_SEED=N draws the same ones again, MATRIX_CELLS names others. All: `npm run soak -- matrix`.
 */

import { describe, expect, it } from 'vitest';

import { commitSeed } from '../support/commit-seed.ts';
import {
  type MatrixCell,
  allMatrixCells,
  smallMatrixCells,
  tellMatrixCell,
  textOfMatrixCell,
} from '../support/matrix-cell.ts';
import { shuffled } from '../support/random.ts';

/** All of them are the soak of this name. */
const SAMPLE = 1;
const CELL_MS = 900_000;

const asked = process.env['MATRIX_CELLS'];
const drawn = shuffled(smallMatrixCells(), commitSeed('MATRIX_SEED')).slice(0, SAMPLE);
const cells = asked === undefined ? drawn : (JSON.parse(asked) as readonly MatrixCell[]);

describe.concurrent('a cluster of', () => {
  it.each(cells.map((cell) => ({ text: textOfMatrixCell(cell), cell })))(
    '$text is moved, put back and moved again',
    async ({ text, cell }) => {
      const { run, back, again, writes } = await tellMatrixCell(cell);
      const seconds = [run, back, again].map(String).join(' ');
      process.stdout.write(`matrix: ${text}: ${seconds} s, ${String(writes)} writes, 0 lost\n`);
    },
    CELL_MS,
  );
});

describe('the cells', () => {
  it('are 200, and in the few of them that a commit draws from each version and strategy stands', () => {
    expect(new Set(allMatrixCells().map(textOfMatrixCell)).size).toBe(200);
    const few = smallMatrixCells();
    expect(new Set(few.map(({ etcd }) => etcd)).size).toBe(5);
    expect(new Set(few.map(({ strategy }) => strategy)).size).toBe(5);
  });
});
