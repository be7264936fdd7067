/**
 * Turns the units of a soak into a record, one JSON line each, appended and flushed as they end: what was
 * killed in the middle goes on behind its last whole line.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** Of what was counted; numbers and the words that they belong to. */
export type Counts = Readonly<Record<string, number | string | Readonly<Record<string, number>>>>;

export interface Begun {
  readonly kind: 'begun' | 'went on';
  readonly soak: string;
  readonly commit: string;
  /** A digest of the files that the soak covers, as they stood. */
  readonly code: string;
  /** How many of them differed from the commit. */
  readonly uncommitted: number;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly units: number;
  readonly at: string;
}

export interface Ended {
  readonly kind: 'unit';
  readonly name: string;
  readonly counts: Counts;
  /** Processor time of this program, or wall time where the work is done by others. */
  readonly seconds: number;
  /** What was found wrong, a line each; empty when all is well. */
  readonly wrong: readonly string[];
}

export interface Closed {
  readonly kind: 'closed';
  readonly totals: Counts;
  readonly seconds: number;
  readonly wrong: number;
  readonly at: string;
}

export type Line = Begun | Ended | Closed;

/** The whole lines of a record; what a kill left of the last one is not among them. */
export function readRecord(file: string): readonly Line[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((text) => JSON.parse(text) as Line);
}

/** A record of these lines and nothing else. */
export function writeRecord(file: string, lines: readonly Line[]): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

export function append(file: string, line: Line): void {
  const handle = openSync(file, 'a');
  try {
    writeFileSync(handle, `${JSON.stringify(line)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The record to go on with: same code, seed and units, and not closed yet. Otherwise undefined: begin anew. */
export function unfinished(lines: readonly Line[], now: Begun): readonly Line[] | undefined {
  const first = lines[0];
  if (first?.kind !== 'begun' || lines.some(({ kind }) => kind === 'closed')) return undefined;
  const isSame = first.code === now.code && first.seed === now.seed && first.units === now.units;
  return isSame ? lines : undefined;
}

/** Numbers of one name add up; of words that differ, all are kept. */
export function totalsOf(all: readonly Counts[]): Counts {
  const totals: Record<string, number | string | Record<string, number>> = {};
  for (const counts of all) {
    for (const [name, value] of Object.entries(counts)) totals[name] = sum(totals[name], value);
  }
  return totals;
}

function sum(
  before: number | string | Readonly<Record<string, number>> | undefined,
  value: Counts[string],
): number | string | Record<string, number> {
  if (typeof value === 'number') return (typeof before === 'number' ? before : 0) + value;
  if (typeof value === 'string') {
    const words = typeof before === 'string' ? before.split(', ') : [];
    return [...new Set([...words, ...value.split(', ')])].join(', ');
  }
  const both: Record<string, number> = typeof before === 'object' ? { ...before } : {};
  for (const [name, count] of Object.entries(value)) both[name] = (both[name] ?? 0) + count;
  return both;
}
