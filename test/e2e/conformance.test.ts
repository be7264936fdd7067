/**
 * Goal: the dial model is true of real etcd, cell by cell. Method: a seeded walk over live clusters of
 * two versions, through member updates, other listeners, trust, leaves and crashes; after each action
 * what discover and the model say must be what fresh probes and peer ports show, and so must what the
 * laws of the steps said before it. CONFORMANCE_ACTIONS and CONFORMANCE_SEED make it longer or another.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { labUp } from '../../src/lab/cluster.ts';
import { type FoundEtcd, fetchDebianEtcd, findEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import { labDown } from '../../src/lab/lab-down.ts';
import { linkedMajority } from '../../src/model/steps/settle.ts';
import type { World } from '../../src/model/world.ts';
import { value } from '../support/etcd-calls.ts';
import { type SeenLinks, observeLinks, readViews } from '../support/observed-matrix.ts';
import { type LabEyes, openEyes } from '../support/seen-world.ts';
import {
  LISTEN_KINDS,
  type ListenKind,
  type Seen,
  actionText,
  answersOf,
  effectOf,
  nextAction,
  predictedCells,
  randomFrom,
} from '../support/walk.ts';
import { handsOn } from '../support/hands.ts';

/** Of each version. */
const ACTIONS = Number(process.env['CONFORMANCE_ACTIONS'] ?? 60);
const SEED = Number(process.env['CONFORMANCE_SEED'] ?? 20_261_122);
/** Each version walks from three starts at once: the walks mostly wait for probes. */
const STARTS = LISTEN_KINDS;
const ACTIONS_EACH = Math.ceil(ACTIONS / STARTS.length);
/** A restart and two rounds of probes, on a machine that crawls. */
const ACTION_MS = 20_000;
/** What has not settled by the second look is no entry that is under way. */
const LOOKS = 2;
const START_MS = 60_000;
const FETCH_MS = 300_000;

const silent = (): undefined => undefined;

interface Walk {
  readonly etcd: FoundEtcd;
  readonly start: ListenKind;
  readonly seed: number;
  readonly dir: string;
}

/** To how often each answer was met; the links that were compared. */
async function walk({ etcd, start, seed, dir }: Walk): Promise<Seen> {
  const lab = value(await labUp({ dir, members: 3, etcd: etcd.path }, silent));
  const eyes = await openEyes(lab);
  const history: string[] = [];
  const seen: Seen = new Map();
  try {
    const hands = await handsOn(lab);
    await hands.begin(start);
    hands.remember(await readViews(hands.seen()));
    const random = randomFrom(seed);
    let world = value(await eyes.look());
    for (let number = 1; number <= ACTIONS_EACH; number += 1) {
      const action = nextAction(world, hands.bench, seen, random);
      history.push(`${String(number)} ${actionText(action)}`);
      const foretold = effectOf(world, action, hands.bench);
      await hands.act(action);
      const [links, looked] = await seenAtOnce(hands, eyes);
      hands.remember(links.views);
      // A member that was restarted while it is cut off tells nobody its list: then the law has it.
      const isHidden = !looked.ok && looked.error.every(({ code }) => code === 'FACT_UNKNOWN');
      const after = isHidden && links.behind.length > 0 ? foretold : value(looked);
      expectSame('the model of what is seen', after, links);
      // Whoever is linked to a follower only hears of no change until that one leads: no law knows who does.
      const hears = links.behind.every((name) => linkedMajority(foretold)?.has(name) !== true);
      if (hears) expectSame('the law of the step', foretold, links);
      world = after;
      for (const answer of answersOf(after).values()) seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
    return seen;
  } catch (error) {
    const where = `etcd ${etcd.version}, start ${start}, CONFORMANCE_SEED=${String(SEED)}, in ${dir}`;
    throw new Error(`${where}\n${history.join('\n')}`, { cause: error });
  } finally {
    await eyes.close();
    value(await labDown({ dir }, silent));
  }
}

/**
 * The look and the probes go side by side. A member that took up an entry between them was seen twice and
 * differently: then both look again, for they are compared as of one moment. So they do when nobody answered
 * in time: all three had lost their links, or the machine stood still.
 */
async function seenAtOnce(
  hands: Awaited<ReturnType<typeof handsOn>>,
  eyes: LabEyes,
): Promise<[SeenLinks, Awaited<ReturnType<LabEyes['look']>>]> {
  for (let more = LOOKS - 1; ; more -= 1) {
    const [links, looked] = await Promise.all([observeLinks(hands.seen()), eyes.look()]);
    const members = looked.ok ? looked.value.members : [];
    const isDeaf = !looked.ok && looked.error.every(({ code }) => code === 'ENDPOINT_UNREACHABLE');
    const isMoving = members.some(({ name, process: running, view }) => {
      return running !== undefined && textOfView(view) !== textOfView(links.views.get(name) ?? {});
    });
    if (!(isMoving || isDeaf) || more === 0) return [links, looked];
  }
}

function textOfView(view: Readonly<Record<string, readonly string[]>>): string {
  const rows = Object.entries(view).map(([name, urls]) => `${name} ${[...urls].sort().join()}`);
  return rows.sort().join('; ');
}

/** Every pair of members that are up; the others' cells are nobody's. */
function expectSame(by: string, world: World, links: SeenLinks): void {
  const predicted = predictedCells(world);
  const rows = [...predicted].map(([pair, model]) => {
    const observed = links.cells.get(pair) ?? 'not observed';
    const because = answersOf(world).get(pair) ?? '';
    const mark = model === observed ? ' ' : '!';
    return `${mark} ${pair}  model: ${model} (${because})  observed: ${observed}`;
  });
  if (!rows.some((row) => row.startsWith('!'))) return;
  const views = [...links.views].map(([name, view]) => `${name} has ${JSON.stringify(view)}`);
  const behind = `behind: ${links.behind.join(', ')}`;
  throw new Error([`${by} and etcd differ:`, ...rows, behind, ...views].join('\n'));
}

describe.concurrent('the dial model', () => {
  let base: string;
  /** What did not end well stays, to be looked at. */
  let isWell = true;
  let versions: Readonly<Record<string, FoundEtcd>>;

  beforeAll(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'peershift-conformance-'));
    const cache = await firstWritable(cacheFolders(process.env, undefined, base));
    versions = {
      '3.4': value(await findEtcd()),
      '3.5': value(await fetchDebianEtcd('trixie', cache ?? base)),
    };
  }, FETCH_MS);

  afterAll(async () => {
    if (isWell) await rm(base, { recursive: true, force: true });
  });

  it.each(['3.4', '3.5'])(
    `is true of etcd %s after each of ${String(ACTIONS)} random actions`,
    async (version) => {
      const etcd = versions[version];
      if (etcd === undefined) throw new Error(`no etcd ${version}`);
      expect(etcd.version.startsWith(`${version}.`), `${etcd.origin} is ${etcd.version}`).toBe(
        true,
      );
      const walks = STARTS.map((start, at) => {
        const dir = path.join(base, `${version}-${start}`);
        return walk({ etcd, start, seed: SEED * STARTS.length + at, dir });
      });
      const ends = await Promise.allSettled(walks);
      const failed = ends.flatMap((end) =>
        end.status === 'rejected' ? [end.reason as Error] : [],
      );
      isWell &&= failed.length === 0;
      if (failed.length > 0) throw new Error(failed.map(textOf).join('\n\n'));
      const met = ends.flatMap((end) => (end.status === 'fulfilled' ? [...end.value] : []));
      const answers = new Set(met.map(([answer]) => answer));
      const links = met.reduce((sum, [, count]) => sum + count, 0);
      process.stdout.write(
        `conformance: etcd ${etcd.version}, CONFORMANCE_SEED=${String(SEED)}, ${String(ACTIONS)} actions, ` +
          `${String(links)} links as predicted: ${[...answers].sort().join(', ')}\n`,
      );
      if (ACTIONS >= 60) expect(answers.size, 'different answers met').toBeGreaterThanOrEqual(9);
    },
    START_MS + ACTION_MS * ACTIONS_EACH,
  );
});

function textOf(error: Error): string {
  const { cause } = error;
  return `${error.message}\n${cause instanceof Error ? cause.message : String(cause)}`;
}
