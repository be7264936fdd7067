/** Turns long random walks over live clusters of two versions into the count of links that were as predicted. */

import { spawn } from 'node:child_process';
import { CHECKOUT } from '../support/checkout.ts';
import { totalsOf } from './record.ts';
import type { Soak, Walked } from './soaks.ts';

/** Of each version, in each walk; both versions walk at once, for they mostly wait. */
const ACTIONS = 201;
const WALKS = 2;
const VERSIONS = 2;

export const conformance: Soak = {
  shows: 'the dial model says what real etcd does, after each of a long row of random actions',
  covers: ['src', 'test/e2e/conformance.test.ts', 'test/support', 'test/soak/conformance.ts'],
  seed: 20_261_122,
  units: (seed) =>
    Array.from({ length: WALKS }, (_, index) => ({
      name: `seed ${String(seed + index)}, ${String(ACTIONS)} actions of each version`,
      run: () => walk(seed + index),
    })),
};

/** The test that CI runs too, with more actions. */
async function walk(seed: number): Promise<Walked> {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.config/vitest.config.ts'];
  const test = ['--project', 'live*', 'test/e2e/conformance.test.ts'];
  const child = spawn(process.execPath, [...vitest, ...test], {
    cwd: CHECKOUT,
    env: {
      ...process.env,
      NO_COLOR: '1',
      CONFORMANCE_ACTIONS: String(ACTIONS),
      CONFORMANCE_SEED: String(seed),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const status = await new Promise<number | null>((done, failed) => {
    child.once('error', failed).once('close', done);
  });
  const line = /conformance: etcd (\S+), .*? (\d+) actions, (\d+) links as predicted: (.*)$/gmu;
  const walked = [...output.matchAll(line)].map(([, etcd = '', actions, links, answers = '']) => ({
    etcd,
    actions: { [etcd]: Number(actions) },
    links: { [etcd]: Number(links) },
    'walks that met': Object.fromEntries(answers.split(', ').map((answer) => [answer, 1])),
  }));
  const isWell = status === 0 && walked.length === VERSIONS;
  return { counts: totalsOf(walked), wrong: isWell ? [] : output.trim().split('\n').slice(-120) };
}
