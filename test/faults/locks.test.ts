/**
 * Goal: one run at a time acts on a cluster and on each host. Method: a run is put to sleep (SIGSTOP) inside
 * its work, its lock goes as if its lease had ended, and a second one, with records of its own as from
 * another machine, does the whole migration; then the first one wakes.
 */

import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { fieldOf } from '../../src/lab/gateway.ts';
import { STORY_MS, type Rig, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

const IN_ORDER = 'order: [m1, m2, m3]\n';

/** As when a lease has ended: the key goes with it. */
async function endLease(rig: Rig): Promise<void> {
  const [key, range_end] = ['/peershift/', '/peershift0'].map((text) => {
    return Buffer.from(text).toString('base64');
  });
  const found = await rig.call('m1', '/kv/range', { key, range_end });
  const ID = String(fieldOf(found, 'kvs', '0', 'lease'));
  await rig.call('m1', '/kv/lease/revoke', { ID });
}

const lockOf = (rig: Rig, name: string): string =>
  path.join(rig.member(name).folder, 'peershift.lock');

describe('a run that slept while its lock ended', () => {
  it(
    'changes nothing more when it wakes, and the other one has done the whole migration',
    async () => {
      await withRig({ plan: (text) => `${text}${IN_ORDER}` }, async (rig) => {
        const sleeper = rig.start('run', '--yes');
        const step = await sleeper.intended((each) => {
          return each.kind === 'install-certificates' && each.member === 'm1';
        });
        expect(await readFile(lockOf(rig, 'm1'), 'utf8')).toContain('"fence":');
        await sleeper.event((event) => event.type === 'done' && event.step === step.id);
        sleeper.kill('SIGSTOP');
        try {
          const held = await rig.run('run', '--yes', '--state', path.join(rig.base, 'other'));
          expectExit(held, 3);
          expect(held.stderr).toContain('--break-lock');
          await endLease(rig);
          const other = await rig.run('run', '--yes', '--state', path.join(rig.base, 'other'));
          expectExit(other, 0);
          await rig.expectServing('https');
          const facts = await rig.facts();
          sleeper.kill('SIGCONT');
          const end = await sleeper.ended;
          expectExit(end, 4);
          const after = await rig.facts();
          expect({ pids: after.pids, peerUrls: after.peerUrls }).toEqual({
            pids: facts.pids,
            peerUrls: facts.peerUrls,
          });
          await expect(stat(lockOf(rig, 'm1'))).rejects.toThrow('ENOENT');
        } finally {
          sleeper.kill('SIGCONT');
        }
        await rig.expectNothingLost();
      });
    },
    STORY_MS,
  );
});

describe('a lock that is there', () => {
  it(
    'on a host with a higher number refuses the run; the cluster lock of a dead run is taken by its name',
    async () => {
      await withRig({ plan: (text) => `${text}${IN_ORDER}` }, async (rig) => {
        const higher = '{"run":"20990101-000000-aaaaaa","fence":"9000000000000000000"}\n';
        await writeFile(lockOf(rig, 'm2'), higher);
        const refused = await rig.run('run', '--yes');
        expectExit(refused, 3);
        expect(refused.said).toContain('20990101-000000-aaaaaa');
        expect(await rig.ownKeys()).toBe(0);
        expect(await readFile(lockOf(rig, 'm2'), 'utf8')).toBe(higher);
        await writeFile(lockOf(rig, 'm2'), '{"run":"20200101-000000-aaaaaa","fence":"1"}\n');

        const killed = rig.start('run', '--yes');
        await killed.intended((step) => step.kind === 'install-certificates');
        killed.kill('SIGKILL');
        await killed.ended;
        const other = ['--state', path.join(rig.base, 'other')];
        const held = await rig.run('run', '--yes', ...other);
        expectExit(held, 3);
        const [, owner = ''] = /--break-lock "([^"]+)"/u.exec(held.said) ?? [];
        expect(owner).toMatch(/^peershift run /u);
        expectExit(await rig.run('run', '--yes', ...other, '--break-lock', `${owner}x`), 3);
        const taken = rig.startWords([
          ...['run', rig.lab.planFile, '--json', '--yes', ...other, '--break-lock', owner],
          ...['--pause-after', 'm1'],
        ]);
        const end = await taken.ended;
        expectExit(end, 4);
        const noted = end.events.flatMap((event) => (event.type === 'noted' ? [event.what] : []));
        expect(noted.join()).toContain(owner);
        await expect(stat(lockOf(rig, 'm2'))).rejects.toThrow('ENOENT');
        await rig.expectNothingLost();
      });
    },
    STORY_MS,
  );
});

afterAll(endRigs);
