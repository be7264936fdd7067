/** Goal: the figures of the README are those that were measured last. Method: make its tables and its picture anew. */

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { migrationPlot } from '../bench/plot.ts';
import { keptResult, resultFile } from '../bench/result.ts';
import { machineText, migrationTable, roundsText } from '../bench/table.ts';
import { hanging } from '../../src/show/wrap.ts';
import { expectBlock } from '../support/readme.ts';

const migration = keptResult('migration');

describe('the figures of the README', () => {
  it('are those of the kept results (UPDATE_GOLDEN=1 makes them anew)', () => {
    const day = migration.at.slice(0, 10);
    const where = `\`${migration.command}\` on ${day}, ${roundsText(migration)}: ${machineText(migration)}.`;
    const text = hanging('', where, 120).join('\n');
    expectBlock('figures', `${migrationTable(migration)}\n\n${text}`);
  });

  it('are drawn as they were measured (UPDATE_GOLDEN=1 draws them anew)', () => {
    const drawn = migrationPlot(migration.figures);
    const file = resultFile('migration.svg');
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, drawn);
    expect(readFileSync(file, 'utf8')).toBe(drawn);
  });

  it('lose no write where peershift did it', () => {
    const lost = migration.figures.filter(({ name, bound }) => {
      return name === 'lost writes' && bound !== undefined;
    });
    expect(lost).toHaveLength(5);
    expect(lost.map(({ value }) => value)).toEqual([0, 0, 0, 0, 0]);
  });
});
