/** Turns a live test file and an environment into how its run ended, by a test runner of its own. */

import { execFileSync, spawn } from 'node:child_process';

import { CHECKOUT } from '../support/checkout.ts';

export interface LiveEnd {
  readonly isWell: boolean;
  readonly output: string;
  /** The end of what it printed, for a record of what was wrong; empty when all went well. */
  readonly wrong: readonly string[];
}

const KEPT_LINES = 120;

/** Builds the command from this code first: that is what is tried. */
export async function liveTest(
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<LiveEnd> {
  execFileSync(process.execPath, ['.config/prepare.mjs'], { cwd: CHECKOUT, stdio: 'ignore' });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.config/vitest.config.ts'];
  const child = spawn(process.execPath, [...vitest, '--project', 'live*', file], {
    cwd: CHECKOUT,
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const status = await new Promise<number | null>((done, failed) => {
    child.once('error', failed).once('close', done);
  });
  const isWell = status === 0;
  const wrong = isWell ? [] : output.trim().split('\n').slice(-KEPT_LINES);
  return { isWell, output, wrong };
}
