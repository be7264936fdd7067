/** Turns healthy clusters into clean runs in a row, counted: whatever fails there is a false alarm. */

import { execFileSync, spawn } from 'node:child_process';

import { CHECKOUT } from '../support/checkout.ts';
import type { Soak, Walked } from './soaks.ts';

/** Of each version; a unit is one of each, side by side. */
const RUNS = 30;
const VERSIONS = 2;

export const cleanRuns: Soak = {
  shows: 'whole runs on healthy clusters of two versions of etcd, each one clean',
  covers: ['src', 'test/e2e/clean-runs.test.ts', 'test/support', 'test/soak/clean-runs.ts'],
  seed: 0,
  units: () =>
    Array.from({ length: RUNS }, (_, index) => ({
      name: `run ${String(index + 1)} of each version`,
      run: runOfEach,
    })),
};

/** The test that CI runs too. */
async function runOfEach(): Promise<Walked> {
  // The built command is what is tried: that of this code.
  execFileSync(process.execPath, ['.config/prepare.mjs'], { cwd: CHECKOUT, stdio: 'ignore' });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.config/vitest.config.ts'];
  const test = ['--project', 'live*', 'test/e2e/clean-runs.test.ts'];
  const child = spawn(process.execPath, [...vitest, ...test], {
    cwd: CHECKOUT,
    env: { ...process.env, NO_COLOR: '1', CLEAN_RUNS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const status = await new Promise<number | null>((done, failed) => {
    child.once('error', failed).once('close', done);
  });
  const ends = [...output.matchAll(/clean runs: etcd (\S+), \d+ of \d+$/gmu)];
  const runs = Object.fromEntries(ends.map(([, etcd = '']) => [etcd, 1]));
  const isWell = status === 0 && ends.length === VERSIONS;
  return {
    counts: { 'clean runs': runs },
    wrong: isWell ? [] : output.trim().split('\n').slice(-120),
  };
}
