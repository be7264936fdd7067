/**
 * Turns one lab after another from http to https, by each strategy and as people do it today, under the same
 * clients, beside bare rolling restarts with as many restarts: what each way costs the clients.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { labUp } from '../../src/lab/cluster.ts';
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

export const migration: Bench = {
  measures: 'the same clients on three members, by each strategy and by other ways, side by side',
  run: async () => {
    const seen = new Map<string, Seen>();
    const figures: Figure[] = [];
    for (const way of WAYS) {
      const what = await measured(way);
      seen.set(way.name, what.seen);
      figures.push(...figuresOf(way, what, seen.get(way.floor ?? '')));
      process.stderr.write(`${way.name}: ${JSON.stringify({ ...what.seen, ends: what.ends })}\n`);
    }
    return figures;
  },
};

interface Measured {
  readonly seen: Seen;
  /** Members that are advertised on https and healthy in the end. */
  readonly ends: number;
  /** That gates spent on watching logs, which no bare restart does. */
  readonly quietSeconds: number;
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
    return { seen, ends, quietSeconds: await quietSecondsOf(lab) };
  } finally {
    await labDown({ dir, purge: true }, () => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

async function byPeershift(lab: Lab, strategy: string): Promise<void> {
  const text = await readFile(lab.planFile, 'utf8');
  await writeFile(lab.planFile, text.replace(/^strategy: .*$/mu, `strategy: ${strategy}`));
  await program([...PEERSHIFT, 'run', lab.planFile, '--yes'], { deadlineMs: RUN_MS });
}

/** Each gate behind a restart watches the logs for the quiet time of the plan file; 0 without a run of ours. */
async function quietSecondsOf(lab: Lab): Promise<number> {
  let text: string;
  try {
    text = await program([...PEERSHIFT, 'report', lab.planFile, '--json']);
  } catch {
    return 0;
  }
  const told = text.split('\n').find((line) => line.includes('"type":"report"')) ?? '{}';
  const { report } = JSON.parse(told) as { readonly report?: Pick<Report, 'gates'> };
  const quiet = (report?.gates ?? []).flatMap(({ verdict }) => {
    return verdict.kind === 'pass' ? [...verdict.evidence.matchAll(QUIET)] : [];
  });
  return quiet.reduce((sum, match) => sum + Number(match[1]), 0);
}

const QUIET = /no unexpected line for ([\d.]+) s/gu;

function figuresOf(
  { name }: Way,
  { seen, ends, quietSeconds }: Measured,
  floor: Seen | undefined,
): readonly Figure[] {
  const figure = (what: string, amount: number, unit: string, bound?: number): Figure => {
    return {
      name: `${name}: ${what}`,
      value: amount,
      unit,
      ...(bound === undefined ? {} : { bound }),
    };
  };
  const isOurs = ROLLING.some((strategy) => strategy === name);
  const ratios =
    floor === undefined
      ? []
      : [
          figure(
            'longest stall, times the floor',
            seen.longestStallMs / floor.longestStallMs,
            '',
            isOurs ? 1.25 : undefined,
          ),
          figure(
            'duration without quiet times, times the floor',
            (seen.seconds - quietSeconds) / floor.seconds,
            '',
            isOurs ? 1.5 : undefined,
          ),
        ];
  return [
    figure('duration', seen.seconds, 's'),
    figure('of it watching quiet logs', quietSeconds, 's'),
    figure('longest stall', seen.longestStallMs, 'ms'),
    figure('99 % of the writes below', seen.p99Ms, 'ms'),
    figure('writes', seen.writesPerSecond, '/s'),
    figure('failed requests', seen.failedRequests, ''),
    figure('lost writes', seen.lost, '', isOurs ? 0 : undefined),
    figure('restarts', seen.restarts, ''),
    figure('leader changes', seen.leaderChanges, ''),
    figure('failed lease keepalives', seen.failedKeepalives, ''),
    figure('degraded', seen.degradedSeconds, 's'),
    figure('TLS error lines', seen.tlsLines, ''),
    figure('members healthy on https', ends, 'of 3'),
    ...ratios,
  ];
}
