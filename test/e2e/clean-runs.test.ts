/**
 * Goal: where nothing is wrong no gate says that something is. Method: whole runs of the built command under
 * clients, each on a fresh cluster, on two versions. CLEAN_RUNS makes it more than one of each, CLEAN_MEMBERS
 * other sizes than three members.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import { value } from '../support/etcd-calls.ts';
import { endRigs, expectExit, withRig } from '../support/lab-rig.ts';

/** In a row, of each version. */
const RUNS = Number(process.env['CLEAN_RUNS'] ?? 1);
const RUN_MS = 240_000;
const MEMBERS = Number(process.env['CLEAN_MEMBERS'] ?? 3);
/** A first fetch over a slow line. */
const FETCH_MS = 300_000;

let own = '';
let fetched = '';

beforeAll(async () => {
  own = await mkdtemp(path.join(tmpdir(), 'peershift-test-'));
  const cache = await firstWritable(cacheFolders(process.env, undefined, undefined));
  fetched = value(await fetchDebianEtcd('trixie', cache ?? own)).path;
}, FETCH_MS);

afterAll(async () => {
  await endRigs();
  await rm(own, { recursive: true, force: true });
});

/** Forward only: a run that went back, planned anew or waited in vain has another end or more to tell. */
async function cleanRun(etcd: string | undefined): Promise<void> {
  await withRig({ etcd, members: MEMBERS }, async (rig) => {
    const end = await rig.start('run', '--yes').ended;
    expectExit(end, 0);
    const troubled = end.events.filter(({ type }) => type === 'failure' || type === 'failed');
    expect(troubled).toEqual([]);
    await rig.expectServing('https');
    await rig.expectNothingLost();
  });
}

describe.concurrent('a run where nothing is wrong', () => {
  it.each(['3.4', '3.5'])(
    'ends well each time on etcd %s',
    async (version) => {
      for (let run = 1; run <= RUNS; run += 1) {
        await cleanRun(version === '3.5' ? fetched : undefined);
        process.stdout.write(`clean runs: etcd ${version}, ${String(run)} of ${String(RUNS)}\n`);
      }
    },
    RUN_MS * RUNS,
  );
});
