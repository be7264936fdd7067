/**
 * Goal: a run that died between an act and its entry in the journal is no worse off. Method: a killed run
 * whose journal is cut back to where it would have ended had the kill come a moment earlier.
 */

import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { endRigs, expectExit, type Rig, withRig, STORY_MS } from '../support/lab-rig.ts';

const DOWNTIME = '--accept-downtime';

/** Runs until the step is done, kills it there, and takes its `done` and all after it out of the journal. */
async function killedBeforeTheEntry(rig: Rig, stepId: string): Promise<void> {
  const running = rig.start('run', '--yes', DOWNTIME);
  await running.event((event) => event.type === 'done' && event.step === stepId);
  running.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
  const runs = path.join(rig.lab.dir, '.peershift/lab');
  const [run = ''] = (await readdir(runs)).filter((name) => /^\d{8}-/.test(name));
  const journal = path.join(runs, run, 'journal.jsonl');
  const lines = (await readFile(journal, 'utf8')).split('\n');
  const done = lines.findIndex(
    (line) => line.includes('"type":"done"') && line.includes(`"step":"${stepId}"`),
  );
  expect(done, `the entry of ${stepId}`).toBeGreaterThan(0);
  await writeFile(journal, lines.slice(0, done).join('\n') + '\n');
}

describe.concurrent(
  'a run that died before it could say that a step was done',
  { timeout: STORY_MS },
  () => {
    it.each(['configure/m1', 'advertise/m1', 'install/m1'])(
      'goes back to the first byte from %s',
      async (step) => {
        await withRig({ members: 1 }, async (rig) => {
          const before = await rig.configs();
          await killedBeforeTheEntry(rig, step);
          expectExit(await rig.run('rollback', '--yes', DOWNTIME), 0);
          await rig.expectServing('http');
          expect(await rig.configs()).toEqual(before);
          await rig.expectNothingLost();
        });
      },
    );

    it.each(['configure/m1', 'advertise/m1', 'install/m1', 'restart/m1'])(
      'goes on to its end from %s',
      async (step) => {
        await withRig({ members: 1 }, async (rig) => {
          await killedBeforeTheEntry(rig, step);
          expectExit(await rig.run('resume', '--yes', DOWNTIME), 0);
          await rig.expectServing('https');
          expectExit(await rig.run('verify'), 0);
          await rig.expectNothingLost();
        });
      },
    );
  },
);

afterAll(endRigs);
