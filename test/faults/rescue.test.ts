/**
 * Goal: a cluster that somebody has brought to dead quorum comes back by the smallest change on hosts, with
 * every acknowledged write. Method: leaves that miss the address which members dial from, carried to the end
 * by hand on a real cluster under writers; no journal is there.
 */

import { rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import { labStatus } from '../../src/lab/lab-status.ts';
import { authorityOf, carryTrapToTheEnd, planWithAuthority } from '../support/dead-quorum.ts';
import { value } from '../support/etcd-calls.ts';
import { type Rig, STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

async function expectDead(rig: Rig): Promise<void> {
  await vi.waitUntil(
    async () => {
      const { members } = value(await labStatus({ dir: rig.lab.dir }));
      return members.every(({ health }) => health !== 'healthy');
    },
    { timeout: 60_000, interval: 1000 },
  );
}

/** Debian's builds; undefined: the etcd of all live suites. */
const BUILDS = [
  ['3.4', undefined],
  ['3.3', 'bullseye'],
  ['3.5', 'trixie'],
] as const;

async function etcdOf(suite: 'bullseye' | 'trixie'): Promise<string> {
  const cache = await firstWritable(cacheFolders(process.env, undefined, undefined));
  if (cache === undefined) throw new Error('no folder for etcd builds can be written');
  return value(await fetchDebianEtcd(suite, cache)).path;
}

describe('a cluster in which every leaf misses the address that members dial from', () => {
  it.each(TELLS_EVERY_VERSION ? BUILDS : BUILDS.slice(0, 1))(
    'of etcd %s is refused by run, comes back by leaves signed again in place, and can be migrated from there',
    async (_version, suite) => {
      const etcd = suite === undefined ? {} : { etcd: await etcdOf(suite) };
      await withRig({ plan: planWithAuthority, ...etcd }, async (rig) => {
        await carryTrapToTheEnd(rig);
        await expectDead(rig);
        const broken = await rig.facts();
        const refused = await rig.run('run', '--yes');
        expectExit(refused, 3);

        // Without the CA's key there is nothing that a machine may sign, and a person is told how to.
        const key = path.join(authorityOf(rig.lab), 'ca-key.pem');
        await rename(key, `${key}.away`);
        const told = await rig.run('rescue', '--yes');
        expectExit(told, 6);
        expect(told.stdout).toContain('openssl x509 -new -force_pubkey');
        expect((await rig.facts()).pids).toEqual(broken.pids);
        await rename(`${key}.away`, key);

        const rescued = await rig.run('rescue', '--yes');
        expectExit(rescued, 0);
        expect(rescued.stdout).toContain('quorum is back');
        const now = await rig.facts();
        expect(now.pids, 'nothing was restarted').toEqual(broken.pids);
        const changed = Object.keys(now.files).filter((file) => {
          return /^m\d\//u.test(file) && now.files[file] !== broken.files[file];
        });
        expect(changed).toEqual(
          changed.filter((file) => /\/tls\/peer\.pem(?:\.peershift-|$)/u.test(file)),
        );
        // One of them linked a majority; it was the first, and the others cost no restart.
        expect(rescued.said).toMatch(/step 1 .*quorum is back/u);
        expectExit(await rig.run('rescue', '--yes'), 0);
        expectExit(await rig.run('run', '--yes'), 0);
        await rig.expectServing('https');
        expectExit(await rig.run('verify'), 0);
        await rig.expectNothingLost();
      });
    },
    STORY_MS,
  );
});

afterAll(endRigs);
