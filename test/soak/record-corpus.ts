/**
 * Turns real clusters of etcd 3.3 and 3.5.30 into the recordings of fixtures/logs: good and broken peer links,
 * a scenario each, every cluster in a network namespace of its own. It takes root.
 */

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import type { DebianSuite } from '../../src/lab/etcd-debian.ts';
import { CHECKOUT } from '../support/checkout.ts';
import { CORPUS_SCENARIOS } from '../support/corpus.ts';
import { value } from '../support/etcd-calls.ts';
import type { Soak, Walked } from './soaks.ts';

/** The other recordings were made by hand. */
const SUITES: Readonly<Record<string, DebianSuite>> = { '3.3.25': 'bullseye', '3.5.30': 'forky' };
/** Clusters that mostly wait. */
const AT_ONCE = 5;
const SHOWN_LINES = 20;

export const recordCorpus: Soak = {
  shows:
    'the logs of good and broken peer links of etcd 3.3.25 and 3.5.30, written to fixtures/logs',
  covers: ['test/soak/record-corpus.ts', 'test/soak/record-scenario.ts'],
  seed: 0,
  units: () =>
    Object.entries(SUITES).flatMap(([version, suite]) => {
      const count = Math.ceil(CORPUS_SCENARIOS.length / AT_ONCE);
      return Array.from({ length: count }, (_, at) => {
        const scenarios = CORPUS_SCENARIOS.slice(at * AT_ONCE, (at + 1) * AT_ONCE);
        const name = `${version}: ${scenarios.join(', ')}`;
        return { name, run: () => recorded(version, suite, scenarios) };
      });
    }),
};

async function recorded(
  version: string,
  suite: DebianSuite,
  scenarios: readonly string[],
): Promise<Walked> {
  const cache = await firstWritable(cacheFolders(process.env, undefined, undefined));
  const etcd = value(await fetchDebianEtcd(suite, cache ?? tmpdir()));
  if (etcd.version !== version) {
    return { counts: {}, wrong: [`Debian ${suite} has etcd ${etcd.version} by now`] };
  }
  const ends = await Promise.all(
    scenarios.map((scenario) => {
      const folder = path.join(CHECKOUT, 'fixtures/logs', version, scenario);
      mkdirSync(folder, { recursive: true });
      return record([etcd.path, scenario, folder]);
    }),
  );
  return { counts: { recorded: { [version]: scenarios.length } }, wrong: ends.flat() };
}

/** With the program ends whatever it has started: it is the first of its own processes. */
async function record(argv: readonly string[]): Promise<readonly string[]> {
  const program = ['node_modules/.bin/tsx', 'test/soak/record-scenario.ts', ...argv];
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...program];
  const own = ['--net', '--pid', '--fork', '--kill-child'];
  const child = spawn('unshare', [...own, ...inside], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const status = await new Promise<number | null>((done, failed) => {
    child.once('error', failed).once('close', done);
  });
  return status === 0 ? [] : output.trim().split('\n').slice(-SHOWN_LINES);
}
