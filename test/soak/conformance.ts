/** Turns long random walks over live clusters of two versions into the count of links that were as predicted. */

import { spawn } from 'node:child_process';
import { CHECKOUT } from '../support/checkout.ts';
import type { Soak, Walked } from './soaks.ts';

/** Of each version. */
const ACTIONS = 201;
const VERSIONS = ['3.4', '3.5'];

export const conformance: Soak = {
  shows: 'the dial model says what real etcd does, after each of a long row of random actions',
  covers: ['src', 'test/e2e/conformance.test.ts', 'test/support', 'test/soak/conformance.ts'],
  seed: 20_261_122,
  units: (seed) =>
    VERSIONS.map((version) => ({
      name: `etcd ${version}, ${String(ACTIONS)} actions`,
      run: () => walk(version, seed),
    })),
};

/** The test that CI runs too, one version of it, with more actions. */
async function walk(version: string, seed: number): Promise<Walked> {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.config/vitest.config.ts'];
  const test = ['--project', 'live', 'test/e2e/conformance.test.ts', '-t', `etcd ${version} after`];
  const child = spawn(process.execPath, [...vitest, ...test], {
    cwd: CHECKOUT,
    env: {
      ...process.env,
      NO_COLOR: '1',
      CONFORMANCE_ACTIONS: String(ACTIONS),
      CONFORMANCE_SEED: String(seed),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const status = await new Promise<number | null>((done, failed) => {
    child.once('error', failed).once('close', done);
  });
  const line = /conformance: etcd (\S+), .*? (\d+) actions, (\d+) links as predicted: (.*)$/mu;
  const [, etcd = '', actions = '0', links = '0', answers = ''] = line.exec(output) ?? [];
  const counts = {
    etcd,
    actions: Number(actions),
    links: Number(links),
    answers: Object.fromEntries(answers.split(', ').map((answer) => [answer, 1])),
  };
  const isWell = status === 0 && etcd !== '';
  return { counts, wrong: isWell ? [] : output.split('\n').slice(-60) };
}
