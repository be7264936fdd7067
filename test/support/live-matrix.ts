/** Turns a strategy and a moment of its journal into a real run that dies there, and what then must hold. */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';

import { PEER_PORT } from '../../src/lab/lab-folder.ts';
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
    if (cell.way === 'resume') await expectResumed(rig, cell.strategy);
    else await expectBack(rig, before);
    const keys = await rig.ownKeys();
    expect(keys, 'keys of peershift in the cluster').toBeLessThanOrEqual(cell.isAtEnd ? 1 : 0);
    await rig.expectNothingLost();
  });
}

/** With a second listener the new URL has a port of its own, for good. */
export function httpsPortOf(strategy: Strategy): number {
  return strategy === 'dual-listener' ? PEER_PORT + 2 : PEER_PORT;
}

async function expectResumed(rig: Rig, strategy: Strategy): Promise<void> {
  expectExit(await rig.run('resume', '--yes'), 0);
  await rig.expectServing('https', httpsPortOf(strategy));
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
