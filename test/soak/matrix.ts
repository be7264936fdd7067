/** Turns every version, strategy, size and kind of clients into clusters that are moved, put back and moved again. */

import { type MatrixCell, allMatrixCells, textOfMatrixCell } from '../support/matrix-cell.ts';
import { liveTest } from './live-test.ts';
import type { Soak, Unit } from './soaks.ts';

/** Side by side, a cluster each. */
const CELLS_A_UNIT = 4;

export const matrix: Soak = {
  shows:
    'each version, strategy, size and kind of clients: there, back, and there again, nothing lost',
  covers: ['src', 'test/e2e/matrix.test.ts', 'test/support', 'test/soak/matrix.ts'],
  seed: 0,
  units: () => {
    const cells = allMatrixCells();
    return Array.from({ length: Math.ceil(cells.length / CELLS_A_UNIT) }, (_, at) => {
      return unitOf(cells.slice(at * CELLS_A_UNIT, (at + 1) * CELLS_A_UNIT));
    });
  },
};

function unitOf(cells: readonly MatrixCell[]): Unit {
  return {
    name: cells.map(textOfMatrixCell).join('; '),
    run: async () => {
      const environment = { MATRIX_CELLS: JSON.stringify(cells) };
      const { output, wrong } = await liveTest('test/e2e/matrix.test.ts', environment);
      const line = /matrix: (.+): (\d+) (\d+) (\d+) s, (\d+) writes, 0 lost/gu;
      const told = [...output.matchAll(line)];
      const seconds = Object.fromEntries(
        told.map(([, cell = '', run, back, again]) => [
          cell,
          `run ${run ?? ''} s, rollback ${back ?? ''} s, again ${again ?? ''} s`,
        ]),
      );
      const writes = told.reduce((sum, match) => sum + Number(match[5]), 0);
      const isTold = told.length === cells.length;
      const counts = { cells: told.length, 'writes read back': writes, ...seconds };
      return { counts, wrong: isTold || wrong.length > 0 ? wrong : ['not every cell was told'] };
    },
  };
}
