/**
 * Goal: versions, strategies, sizes and kinds of clients do not stand in each other's way. Method: each cell is a
 * cluster that is moved, put back and moved again under clients. MATRIX_CELLS tells others than the few of each day.
 */

import { describe, it } from 'vitest';

import { type MatrixCell, tellMatrixCell, textOfMatrixCell } from '../support/matrix-cell.ts';

/** What other live suites do not have together; the whole is the soak of this name. */
const DAILY: readonly MatrixCell[] = [
  {
    etcd: '3.4.23 and 3.5.30',
    strategy: 'fewest-restarts',
    members: 3,
    clients: 'https',
    auth: true,
  },
];
const CELL_MS = 900_000;

const asked = process.env['MATRIX_CELLS'];
const cells = asked === undefined ? DAILY : (JSON.parse(asked) as readonly MatrixCell[]);

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
