/**
 * Goal: a run that died is gone on with from another folder, as on another machine, and what somebody has
 * changed by hand meanwhile stays. Method: plan file, certificates and records are moved, and a settings file is
 * edited, between the death and the next command; one member, whose downtime is accepted.
 */

import { appendFile, mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

import { STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

const DOWNTIME = '--accept-downtime';
const EDIT = '\n# tuned by hand\nETCD_HEARTBEAT_INTERVAL=150\n';

it(
  'a run whose records were moved, and whose member was edited by hand, goes on and back from there',
  async () => {
    await withRig({ members: 1 }, async (rig) => {
      const before = (await rig.configs())['m1'] ?? '';
      const running = rig.start('run', '--yes', DOWNTIME);
      const step = await running.intended(({ kind }) => kind === 'configure-member');
      // The file is written and not taken up: it differs from the process, and now by two hands.
      await running.event((event) => event.type === 'done' && event.step === step.id);
      running.kill('SIGKILL');
      expect((await running.ended).signal).toBe('SIGKILL');

      const there = path.join(rig.base, 'elsewhere');
      await mkdir(there);
      for (const name of ['plan.yaml', 'pki', '.peershift']) {
        await rename(path.join(rig.lab.dir, name), path.join(there, name));
      }
      const settings = path.join(rig.member('m1').folder, 'etcd.env');
      await appendFile(settings, EDIT);

      const planFile = path.join(there, 'plan.yaml');
      const command = (verb: string, ...flags: readonly string[]): ReturnType<typeof rig.run> =>
        rig.startWords([verb, planFile, ...flags]).ended;
      expectExit(await command('resume', '--yes', DOWNTIME), 0);
      await rig.expectServing('https');
      expectExit(await command('verify'), 0);
      expect(await readFile(settings, 'utf8')).toContain(EDIT.trim());

      const back = await command('rollback', '--yes', DOWNTIME);
      expectExit(back, 0);
      expect(back.stderr.replaceAll(/\s+/gu, ' ')).toContain('changed by someone else');
      await rig.expectServing('http');
      expect(await readFile(settings, 'utf8')).toBe(`${before}${EDIT}`);
      await rig.expectNothingLost();
    });
  },
  STORY_MS,
);

afterAll(endRigs);
