/** Turns every moment at which a run of any strategy may die into a real death, and the way on and the way back. */

import { type Cell, allCells, textOfCell } from '../support/live-matrix.ts';
import { shuffled } from '../support/random.ts';
import { liveTest } from './live-test.ts';
import type { Soak, Unit } from './soaks.ts';

/** Side by side, a cluster each: they mostly wait for probes. */
const CELLS_A_UNIT = 5;

export const faults: Soak = {
  shows: 'a run dies at each line of its journal, of five strategies, and goes on and back',
  covers: ['src', 'test/faults/matrix.test.ts', 'test/support', 'test/soak/faults.ts'],
  seed: 20_261_122,
  units: async (seed) => {
    const cells = shuffled(await allCells(), seed);
    const count = Math.ceil(cells.length / CELLS_A_UNIT);
    return Array.from({ length: count }, (_, index) => {
      return unitOf(cells.slice(index * CELLS_A_UNIT, (index + 1) * CELLS_A_UNIT));
    });
  },
};

function unitOf(cells: readonly Cell[]): Unit {
  const name = cells.map(textOfCell).join('; ');
  return {
    name,
    run: async () => {
      const { wrong } = await liveTest('test/faults/matrix.test.ts', { FAULT_CELLS: name });
      const ended = wrong.length === 0 ? cells : [];
      const each = (of: (cell: Cell) => string): Readonly<Record<string, number>> => {
        const counts: Record<string, number> = {};
        for (const cell of ended) counts[of(cell)] = (counts[of(cell)] ?? 0) + 1;
        return counts;
      };
      const counts = { deaths: each(({ strategy }) => strategy), ways: each(({ way }) => way) };
      return { counts, wrong };
    },
  };
}
