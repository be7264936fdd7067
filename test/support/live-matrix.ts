/** Turns a strategy and a moment of its journal into a real run that dies there, and what then must hold. */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';

import type { Strategy } from '../../src/model/desired.ts';
import { type Death, dyingAt } from './death.ts';
import { ROLLING, rowOf } from './fault-matrix.ts';
import { type Rig, expectExit, withRig } from './lab-rig.ts';

export interface Cell extends Death {
  readonly strategy: Strategy;
  readonly way: 'resume' | 'rollback';
  /** Its work is done, and only its lock may be left, which goes with its lease. */
  readonly isAtEnd: boolean;
}

/**
 * Every moment of every strategy: before and after each line, and with them before and after each change
 * outside. The simulated run has the same lines. Before the first line is durable there is nothing to undo.
 */
export async function allCells(): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const strategy of ROLLING) {
    const { boundaries } = await rowOf(strategy);
    const lines = boundaries.filter(({ act }) => act.startsWith('journal')).length;
    for (let line = 1; line <= lines; line += 1) {
      for (const side of ['before', 'after'] as const) {
        const cell = { strategy, side, line, isAtEnd: line >= lines - 1 };
        cells.push({ ...cell, way: 'resume' });
        if (line > 1 || side === 'after') cells.push({ ...cell, way: 'rollback' });
      }
    }
  }
  return cells;
}

/** In an order drawn by the seed, so that any beginning of it is a fair sample. */
export function shuffled<T>(all: readonly T[], seed: number): readonly T[] {
  const rest = [...all];
  const random = randomOf(seed);
  return all.map(() => {
    const [one] = rest.splice(Math.floor(random() * rest.length), 1);
    if (one === undefined) throw new Error('as many are drawn as there are');
    return one;
  });
}

/** Numbers in [0, 1), the same ones for one seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function textOfCell({ strategy, side, line, way }: Cell): string {
  return `${strategy}, dead ${side} line ${String(line)}: ${way}`;
}

/** One cluster, one death, one way; throws with what is not as it must be. */
export async function tellCell(cell: Cell, etcd?: string): Promise<void> {
  const plan = (text: string): string => {
    const strategy = `strategy: ${cell.strategy}`;
    return `${text.replace('strategy: documented', strategy)}order: [m1, m2, m3]\n`;
  };
  await withRig({ plan, etcd }, async (rig) => {
    const before = await rig.configs();
    const words = ['run', rig.lab.planFile, '--json', '--yes'];
    const environment = dyingAt(path.join(rig.base, 'death'), cell);
    const died = await rig.startWords(words, environment).ended;
    // The last lines of a run are behind its work: a run with fewer lines than foreseen ends by itself.
    if (died.signal !== 'SIGKILL') expectExit(died, 0);
    if (cell.way === 'resume') await expectResumed(rig);
    else await expectBack(rig, before);
    const keys = await rig.ownKeys();
    expect(keys, 'keys of peershift in the cluster').toBeLessThanOrEqual(cell.isAtEnd ? 1 : 0);
    await rig.expectNothingLost();
  });
}

async function expectResumed(rig: Rig): Promise<void> {
  expectExit(await rig.run('resume', '--yes'), 0);
  await rig.expectServing('https');
  expectExit(await rig.run('verify'), 0);
  // Of the wanted end nothing is missing, and nothing is left over.
  expectExit(await rig.run('preview', '--exit-code'), 0);
}

async function expectBack(rig: Rig, before: Awaited<ReturnType<Rig['configs']>>): Promise<void> {
  expectExit(await rig.run('rollback', '--yes'), 0);
  await rig.expectServing('http');
  expect(await rig.configs()).toEqual(before);
  for (const { name, folder } of rig.lab.members) {
    const files = await readdir(path.join(folder, 'pki')).catch(() => []);
    expect(files, `files of ours on ${name}`).toEqual([]);
  }
}
