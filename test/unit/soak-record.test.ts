/** Goal: a soak that was killed goes on where it was. Method: records cut at a line, and inside of one. */

import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Begun, type Line, append, readRecord, totalsOf, unfinished } from '../soak/record.ts';

const BEGUN: Begun = {
  kind: 'begun',
  soak: 'exhaustive',
  commit: 'c0ffee',
  code: '1234',
  uncommitted: 0,
  seed: 7,
  versions: { node: 'v20.20.0' },
  units: 3,
  at: '2026-11-22T05:41:19.000Z',
};
const UNIT: Line = { kind: 'unit', name: 'one', counts: { worlds: 5 }, seconds: 1, wrong: [] };
const CLOSED: Line = { kind: 'closed', totals: {}, seconds: 1, wrong: 0, at: BEGUN.at };

describe('a record', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'peershift-soak-'));
    file = path.join(folder, 'exhaustive.jsonl');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('reads as the lines that were appended, and as none where there is no file', () => {
    expect(readRecord(file)).toEqual([]);
    for (const line of [BEGUN, UNIT, CLOSED]) append(file, line);
    expect(readRecord(file)).toEqual([BEGUN, UNIT, CLOSED]);
  });

  it('leaves out a last line that a kill cut short', () => {
    for (const line of [BEGUN, UNIT, UNIT]) append(file, line);
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -9));
    expect(readRecord(file)).toEqual([BEGUN, UNIT]);
  });
});

describe('a soak that starts', () => {
  it('goes on with a record of the same code, seed and units that is not closed', () => {
    expect(unfinished([BEGUN, UNIT], BEGUN)).toEqual([BEGUN, UNIT]);
  });

  it.each([
    ['other code', { code: '4321' }],
    ['another seed', { seed: 8 }],
    ['other units', { units: 4 }],
  ])('begins anew for %s', (_, change) => {
    expect(unfinished([BEGUN, UNIT], { ...BEGUN, ...change })).toBeUndefined();
  });

  it('begins anew behind a closed record, and where there is none', () => {
    expect(unfinished([BEGUN, UNIT, CLOSED], BEGUN)).toBeUndefined();
    expect(unfinished([], BEGUN)).toBeUndefined();
  });
});

describe('the totals', () => {
  it('add up numbers, tables of numbers, and keep each word once', () => {
    const one = { worlds: 5, refused: { quorum: 1 }, etcd: '3.4.23' };
    const two = { worlds: 2, refused: { quorum: 2, 'cut-off': 1 }, etcd: '3.5.16' };
    expect(totalsOf([one, two, one])).toEqual({
      worlds: 12,
      refused: { quorum: 4, 'cut-off': 1 },
      etcd: '3.4.23, 3.5.16',
    });
  });
});
