/** Turns what a benchmark measured into the file that is kept of it: with machine, versions and command. */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import path from 'node:path';

import { CHECKOUT } from '../support/checkout.ts';
import type { Figure } from './benches.ts';

export interface BenchResult {
  readonly bench: string;
  readonly at: string;
  /** How it is measured again. */
  readonly command: string;
  readonly commit: string;
  readonly machine: Machine;
  /** Of each figure the middle one of so many. */
  readonly rounds?: number;
  readonly figures: readonly Figure[];
}

interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  /** Undefined: no member took part. */
  readonly etcd?: string;
}

export function machine(etcd: string | undefined): Machine {
  const processor = cpus()[0]?.model ?? 'unknown processor';
  const here = { processor, cores: cpus().length, kernel: release(), node: process.version };
  return etcd === undefined ? here : { ...here, etcd };
}

export function resultFile(name: string): string {
  return path.join(CHECKOUT, 'test/bench/results', name);
}

export function keepResult(result: BenchResult): void {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  writeFileSync(resultFile(`${result.bench}.json`), text);
}

export function keptResult(bench: string): BenchResult {
  return JSON.parse(readFileSync(resultFile(`${bench}.json`), 'utf8')) as BenchResult;
}
