/** The benchmarks by name. A new one is a file beside this and a line here. */

import { explain } from './explain.ts';
import { migration } from './migration.ts';
import { prove } from './prove.ts';
import { tool } from './tool.ts';

export interface Bench {
  /** What it measures, in one line. */
  readonly measures: string;
  readonly run: () => Promise<Measurement>;
  /** Its figures as a picture (SVG), where one says more than the table. */
  readonly plot?: (figures: readonly Figure[]) => string;
}

export interface Measurement {
  readonly figures: readonly Figure[];
  /** Undefined: no member took part. */
  readonly etcd?: string;
  /** Of each figure the middle one of so many. */
  readonly rounds?: number;
}

export interface Figure {
  /** Whose figure it is, where several are measured alike side by side. */
  readonly of?: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is to stay below, where that was promised. */
  readonly bound?: number;
}

export const BENCHES: Readonly<Record<string, Bench>> = { explain, migration, prove, tool };
