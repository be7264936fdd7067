/**
 * Goal: a cluster that somebody has brought to dead quorum comes back by the smallest change on hosts, with
 * every acknowledged write. Method: leaves that miss the address which members dial from, carried to the end
 * by hand on a real cluster under writers; no journal is there.
 */

import { afterAll, describe, expect, it, vi } from 'vitest';

import { labStatus } from '../../src/lab/lab-status.ts';
import { carryTrapToTheEnd, planWithAuthority } from '../support/dead-quorum.ts';
import { value } from '../support/etcd-calls.ts';
import { type Rig, STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

async function expectDead(rig: Rig): Promise<void> {
  await vi.waitUntil(
    async () => {
      const { members } = value(await labStatus({ dir: rig.lab.dir }));
      return members.every(({ health }) => health !== 'healthy');
    },
    { timeout: 60_000, interval: 1000 },
  );
}

describe('a cluster in which every leaf misses the address that members dial from', () => {
  it(
    'is refused by run, comes back by leaves signed again in place, and can be migrated from there',
    async () => {
      await withRig({ plan: planWithAuthority }, async (rig) => {
        await carryTrapToTheEnd(rig);
        await expectDead(rig);
        const broken = await rig.facts();
        const refused = await rig.run('run', '--yes');
        expectExit(refused, 3);

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
        expect(rescued.stderr).toMatch(/step 1 .*quorum is back/u);
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
