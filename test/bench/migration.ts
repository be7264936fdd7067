/**
 * Turns one lab after another from http to https, by each strategy and as people do it today, under the same
 * clients, beside bare rolling restarts with as many restarts: what each way costs the clients.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { labUp } from '../../src/lab/cluster.ts';
import { findEtcd } from '../../src/lab/etcd-binary.ts';
import { labDown } from '../../src/lab/lab-down.ts';
import type { Lab } from '../../src/lab/lab-folder.ts';
import { labStatus } from '../../src/lab/lab-status.ts';
import type { Report } from '../../src/model/report.ts';
import { CHECKOUT } from '../support/checkout.ts';
import { value } from '../support/etcd-calls.ts';
import { ROLLING } from '../support/exhaustive.ts';
import { program } from '../support/programs.ts';
import type { Bench, Figure } from './benches.ts';
import { type Seen, underClients } from './clients.ts';
import { migrationPlot } from './plot.ts';
import { median } from './watched.ts';
import { coreOsOrder, makeLeaves, playbook, rollingRestarts } from './ways.ts';

const PEERSHIFT = [process.execPath, path.join(CHECKOUT, 'dist/cli/main.js')];
const RUN_MS = 900_000;

interface Way {
  readonly name: string;
  /** Undefined: it is one that nothing is measured against. */
  readonly floor?: string;
  readonly go: (lab: Lab) => Promise<void>;
}

const floorOf = (restarts: number): string => `floor, ${String(restarts)} restarts`;

const WAYS: readonly Way[] = [
  ...[3, 5, 6].map((restarts) => {
    return { name: floorOf(restarts), go: (lab: Lab) => rollingRestarts(lab, restarts) };
  }),
  ...ROLLING.map((strategy): Way => {
    const restarts = strategy === 'documented' ? 5 : strategy === 'fewest-restarts' ? 3 : 6;
    return { name: strategy, floor: floorOf(restarts), go: (lab) => byPeershift(lab, strategy) };
  }),
  { name: 'CoreOS order', floor: floorOf(6), go: coreOsOrder },
  { name: 'playbook', floor: floorOf(3), go: playbook },
];

/** By turns, so that what else the machine does meets all of them alike; of each figure the middle one is kept. */
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? '3');

export const migration: Bench = {
  measures: 'the same clients on three members, by each strategy and by other ways, side by side',
  run: async () => {
    const rounds = new Map<string, Measured[]>(WAYS.map(({ name }) => [name, []]));
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const way of WAYS) {
        const told = await measured(way);
        rounds.get(way.name)?.push(told);
        process.stderr.write(`round ${String(round)}, ${way.name}: ${JSON.stringify(told)}\n`);
      }
    }
    const all = new Map([...rounds].map(([name, told]) => [name, middle(told)]));
    const figures = WAYS.flatMap((way) => {
      const what = all.get(way.name);
      return what === undefined ? [] : figuresOf(way, what, all.get(way.floor ?? ''));
    });
    return { figures, etcd: value(await findEtcd()).version, rounds: ROUNDS };
  },
  plot: migrationPlot,
};

interface Measured extends Seen {
  /** Members that are advertised on https and healthy in the end. */
  readonly ends: number;
  /** Until the gates that probe links afresh could pass at the earliest: etcd probes every 5 s; 0 without a run of ours. */
  readonly evidenceSeconds: number;
}

async function measured({ go }: Way): Promise<Measured> {
  const folder = await mkdtemp(path.join(tmpdir(), 'peershift-bench-'));
  const dir = path.join(folder, 'lab');
  try {
    const lab = value(await labUp({ dir, members: 3 }, () => undefined));
    await makeLeaves(lab, PEERSHIFT);
    const seen = await underClients(lab.members, () => go(lab));
    const { members } = value(await labStatus({ dir }));
    const ends = members.filter(({ peerUrls = [], health }) => {
      return health === 'healthy' && peerUrls.every((url) => url.startsWith('https:'));
    }).length;
    return { ...seen, ends, evidenceSeconds: await evidenceSecondsOf(lab) };
  } finally {
    await labDown({ dir, purge: true }, () => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The worst of lost writes, the middle of everything else. */
function middle(rounds: readonly Measured[]): Measured {
  const [first] = rounds;
  if (first === undefined) throw new Error('nothing was measured');
  const keys = Object.keys(first) as readonly (keyof Measured)[];
  const each = keys.map((key) => [key, median(rounds.map((round) => round[key]))] as const);
  const worst = { lost: Math.max(...rounds.map(({ lost }) => lost)) };
  return { ...(Object.fromEntries(each) as unknown as Measured), ...worst };
}

async function byPeershift(lab: Lab, strategy: string): Promise<void> {
  const text = await readFile(lab.planFile, 'utf8');
  await writeFile(lab.planFile, text.replace(/^strategy: .*$/mu, `strategy: ${strategy}`));
  await program([...PEERSHIFT, 'run', lab.planFile, '--yes'], { deadlineMs: RUN_MS });
}

/** What a bare restart does not wait for: a fresh probe of the links takes 5.2 s, a quiet log the plan file's time. */
async function evidenceSecondsOf(lab: Lab): Promise<number> {
  let text: string;
  try {
    text = await program([...PEERSHIFT, 'report', lab.planFile, '--json']);
  } catch {
    return 0;
  }
  const told = text.split('\n').find((line) => line.includes('"type":"report"')) ?? '{}';
  const { report } = JSON.parse(told) as { readonly report?: Pick<Report, 'gates'> };
  const seconds = (report?.gates ?? []).map(({ verdict }) => {
    if (verdict.kind !== 'pass') return 0;
    const quiet = Number(QUIET.exec(verdict.evidence)?.[1] ?? 0);
    return Math.max(quiet, verdict.evidence.includes('peer links up on fresh probes') ? PROBE : 0);
  });
  return seconds.reduce((sum, each) => sum + each, 0);
}

const QUIET = /no unexpected line for ([\d.]+) s/u;
const PROBE = 5.2;

function figuresOf({ name }: Way, told: Measured, floor: Measured | undefined): readonly Figure[] {
  const figure = (what: string, amount: number, unit: string, bound?: number): Figure => {
    return { of: name, name: what, value: amount, unit, ...(bound === undefined ? {} : { bound }) };
  };
  const isOurs = ROLLING.some((strategy) => strategy === name);
  const bound = (most: number | undefined): number | undefined => (isOurs ? most : undefined);
  const [longest, most] = [
    floor === undefined ? undefined : 1.25 * floor.longestStallMs,
    floor === undefined ? undefined : 1.5 * floor.seconds + told.evidenceSeconds,
  ];
  return [
    figure('duration', told.seconds, 's', bound(most)),
    figure('of it evidence', told.evidenceSeconds, 's'),
    figure('longest stall', told.longestStallMs, 'ms', bound(longest)),
    figure('p99 write', told.p99Ms, 'ms'),
    figure('writes', told.writesPerSecond, '/s'),
    figure('failed requests', told.failedRequests, ''),
    figure('lost writes', told.lost, '', bound(0)),
    figure('restarts', told.restarts, ''),
    figure('leader changes', told.leaderChanges, ''),
    figure('failed keepalives', told.failedKeepalives, ''),
    figure('degraded', told.degradedSeconds, 's'),
    figure('TLS error lines', told.tlsLines, ''),
    figure('members on https', told.ends, 'of 3'),
  ];
}
