/**
 * Turns the tool itself into figures: how soon it starts, previews, reads a plan file and a log, what a line of
 * its journal costs, and how much memory it takes; each with how it grows.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openJournal } from '../../src/adapters/store/journal-file.ts';
import { declare } from '../../src/declare/declare.ts';
import { runId } from '../../src/model/ids.ts';
import type { JournalEntry } from '../../src/model/journal.ts';
import { findEtcd } from '../../src/lab/etcd-binary.ts';
import { parseLogLine } from '../../src/model/log-line.ts';
import { classify } from '../../src/model/signatures.ts';
import { CHECKOUT } from '../support/checkout.ts';
import { CORPUS_MEMBERS, CORPUS_SCENARIOS, corpusLines } from '../support/corpus.ts';
import { value } from '../support/etcd-calls.ts';
import { program } from '../support/programs.ts';
import type { Bench, Figure } from './benches.ts';
import { growthPlot } from './growth-plot.ts';
import { type Watched, median, watched } from './watched.ts';

const PEERSHIFT = [process.execPath, path.join(CHECKOUT, 'dist/cli/main.js')];
const START_ROUNDS = 21;
const PREVIEW_ROUNDS = 5;
const SIZES = [3, 5, 7] as const;
const LAB_DEADLINE_MS = 120_000;
/** Of a bare `node -e 0`. */
const START_BOUND = 2;
const PREVIEW_BOUND_S = 1;
const MEMORY_BOUND_MB = 150;

export const tool: Bench = {
  measures: 'start-up, preview, plan files, logs, journal and memory of the tool itself',
  run: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'peershift-bench-'));
    try {
      const figures = [...(await startUp())];
      for (const size of SIZES) figures.push(...(await onLab(folder, size)));
      figures.push(...planFiles(), ...logs(), ...(await journal(folder)));
      return { figures, etcd: value(await findEtcd()).version };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  plot: (figures) => growthPlot(figures.filter(({ name }) => /^(?:preview|run), /u.test(name))),
};

/** By turns: what else the machine does meets both alike. */
async function startUp(): Promise<readonly Figure[]> {
  const [bare, help]: [Watched[], Watched[]] = [[], []];
  for (let round = 0; round < START_ROUNDS; round += 1) {
    bare.push(await watched([process.execPath, '-e', '0']));
    help.push(await watched([...PEERSHIFT, '--help']));
  }
  const [bareMs, helpMs] = [bare, help].map((all) => median(all.map((each) => each.seconds)) * 1e3);
  return [
    { name: 'node -e 0', value: bareMs ?? 0, unit: 'ms' },
    { name: 'peershift --help', value: helpMs ?? 0, unit: 'ms' },
    {
      name: 'peershift --help, times node -e 0',
      value: (helpMs ?? 0) / (bareMs ?? 1),
      unit: '',
      bound: START_BOUND,
    },
  ];
}

/** A preview several times, then one whole run. */
async function onLab(folder: string, size: number): Promise<readonly Figure[]> {
  const dir = path.join(folder, `lab-${String(size)}`);
  const words = ['--members', String(size), '--dir', dir];
  const plan = path.join(dir, 'plan.yaml');
  await program([...PEERSHIFT, 'lab', 'up', ...words], { deadlineMs: LAB_DEADLINE_MS });
  try {
    const previews: Watched[] = [];
    for (let round = 0; round < PREVIEW_ROUNDS; round += 1)
      previews.push(await watched([...PEERSHIFT, 'preview', plan]));
    const run = await watched([...PEERSHIFT, 'run', plan, '--yes']);
    const name = `${String(size)} members`;
    const seconds = median(previews.map((each) => each.seconds));
    const megabytes = Math.max(...previews.map((each) => each.megabytes));
    return [
      { name: `preview, ${name}`, value: seconds * 1e3, unit: 'ms', bound: PREVIEW_BOUND_S * 1e3 },
      { name: `preview, ${name}, memory`, value: megabytes, unit: 'MB', bound: MEMORY_BOUND_MB },
      { name: `run, ${name}`, value: run.seconds, unit: 's' },
      { name: `run, ${name}, processor`, value: run.cpuSeconds, unit: 's' },
      { name: `run, ${name}, memory`, value: run.megabytes, unit: 'MB', bound: MEMORY_BOUND_MB },
    ];
  } finally {
    await program([...PEERSHIFT, 'lab', 'down', '--dir', dir, '--purge']);
  }
}

function planFiles(): readonly Figure[] {
  return [3, 9, 27].map((size) => {
    const text = planOf(size);
    const rounds = Array.from({ length: 31 }, () => {
      const startedAtMs = performance.now();
      const read = declare(text, '/srv/plan.yaml', { baseDir: '/srv', homeDir: '/root' });
      if (!read.ok) throw new Error(JSON.stringify(read.error));
      return performance.now() - startedAtMs;
    });
    return { name: `a plan file of ${String(size)} members`, value: median(rounds), unit: 'ms' };
  });
}

function planOf(size: number): string {
  const members = Array.from({ length: size }, (_, index) => {
    const address = `10.0.0.${String(index + 1)}`;
    return `  - name: m${String(index + 1)}
    host: { transport: ssh, address: ${address}, user: root }
    service: { manager: systemd, unit: etcd }
    config: { format: env-file, path: /etc/default/etcd }
    tls: { directory: /etc/etcd/pki }
`;
  });
  return `version: 1
name: bench
strategy: documented
cluster: { endpoints: [http://10.0.0.1:2379] }
pki: { mode: issue, directory: ./pki }
members:
${members.join('')}`;
}

/** Everything that was recorded of one version, over and over. */
function logs(): readonly Figure[] {
  const recorded = CORPUS_SCENARIOS.flatMap((scenario) =>
    CORPUS_MEMBERS.flatMap((member) => corpusLines('3.4.23', scenario, member)),
  );
  return [1e4, 1e5, 1e6].map((count) => {
    const startedAtMs = performance.now();
    let told = 0;
    for (let at = 0; at < count; at += 1) {
      const line = parseLogLine(recorded[at % recorded.length] ?? '');
      if (line !== undefined && classify(line) !== undefined) told += 1;
    }
    const seconds = (performance.now() - startedAtMs) / 1e3;
    if (told === 0) throw new Error('no line told anything');
    return {
      name: `${count.toLocaleString('en')} log lines`,
      value: count / seconds,
      unit: 'lines/s',
    };
  });
}

/** Each line is on the disk before the next effect. */
async function journal(folder: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const length of [100, 1000, 4000]) {
    const file = openJournal(path.join(folder, `journal-${String(length)}.jsonl`));
    const took: number[] = [];
    for (let seq = 1; seq <= length; seq += 1) {
      const startedAtMs = performance.now();
      const written = await file.append(noted(seq));
      if (!written.ok) throw new Error(written.error.but);
      took.push(performance.now() - startedAtMs);
    }
    const last = took.slice(-50);
    const name = `a journal line, behind ${String(length - last.length)} others`;
    figures.push({ name, value: median(last) * 1e3, unit: 'µs' });
  }
  return figures;
}

function noted(seq: number): JournalEntry {
  const at = new Date(seq).toISOString();
  return { v: 1, run: runId('20261122-000000-bench0'), seq, at, type: 'noted', what: 'a bench' };
}
