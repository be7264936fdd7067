/** The benchmarks by name. A new one is a file beside this and a line here. */

import { explain } from './explain.ts';
import { migration } from './migration.ts';
import { prove } from './prove.ts';
import { tool } from './tool.ts';

export interface Bench {
  /** What it measures, in one line. */
  readonly measures: string;
  readonly run: () => Promise<readonly Figure[]>;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is to stay below, where that was promised. */
  readonly bound?: number;
}

export const BENCHES: Readonly<Record<string, Bench>> = { explain, migration, prove, tool };
