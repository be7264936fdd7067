/**
 * Goal: a real run may die at any line of its journal, and before and after each change outside; it is gone
 * on with or brought back all the same. Method: a few of all moments, drawn by the commit; the command kills
 * itself there. FAULT_SEED=N draws the same ones again, FAULT_CELLS names them. All: `npm run soak -- faults`.
 */

import { afterAll, describe, expect, it } from 'vitest';

import { commitSeed } from '../support/commit-seed.ts';
import { STORY_MS, endRigs } from '../support/lab-rig.ts';
import { type Cell, allCells, tellCell, textOfCell } from '../support/live-matrix.ts';
import { shuffled } from '../support/random.ts';

/** Side by side: they mostly wait for probes. */
const SAMPLE = 2;

const all = await allCells();
const seed = commitSeed('FAULT_SEED');
const drawn = shuffled(all, seed).slice(0, SAMPLE);
const named = process.env['FAULT_CELLS']?.split('; ');
const told = named === undefined ? drawn : all.filter((cell) => named.includes(textOfCell(cell)));

describe.concurrent('a run that died', { timeout: STORY_MS }, () => {
  it.each(told.map((cell) => ({ cell, text: textOfCell(cell), seed: String(seed) })))(
    '$text (seed $seed)',
    async ({ cell }: { readonly cell: Cell }) => {
      await tellCell(cell);
    },
  );
});

describe('the moments', () => {
  it('are those of five strategies, and drawn again by the same seed', () => {
    expect(new Set(all.map(({ strategy }) => strategy)).size).toBe(5);
    expect(all.length).toBeGreaterThan(1000);
    expect(shuffled(all, seed).slice(0, SAMPLE)).toEqual(drawn);
    expect(new Set(shuffled(all, seed + 1)).size).toBe(all.length);
  });
});

afterAll(endRigs);
