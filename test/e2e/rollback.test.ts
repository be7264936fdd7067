/**
 * Goal: from wherever a run stands there is a way back to the first byte. Method: a killed run and a
 * finished one are rolled back by command, and one by itself, since a host's CA is swapped at a restart
 * and the link gate sees it. Each story has a cluster of its own; they run together.
 */

import { copyFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import {
  type Rig,
  type RigOptions,
  endRigs,
  expectExit,
  withRig,
  STORY_MS,
} from '../support/lab-rig.ts';
import { plantAuthority } from '../support/planted-leaves.ts';

const IN_ORDER: RigOptions = { plan: (text) => `${text}order: [m1, m2, m3]\n` };

type Configs = Awaited<ReturnType<Rig['configs']>>;

/** On http everywhere, healthy, each settings file as it was byte for byte, and not TLS. */
async function expectBack(rig: Rig, before: Configs): Promise<void> {
  await rig.expectServing('http');
  expect(await rig.configs()).toEqual(before);
  expectExit(await rig.run('verify'), 3);
  expect(await rig.ownKeys()).toBe(0);
  await rig.expectNothingLost();
}

async function installed(rig: Rig, name: string): Promise<readonly string[]> {
  const files = await readdir(path.join(rig.member(name).folder, 'pki')).catch(() => []);
  return files.filter((file) => !file.includes('.peershift-'));
}

describe.concurrent('the way back', { timeout: STORY_MS }, () => {
  it('is gone by command after the run was killed in its middle', async () => {
    await withRig(IN_ORDER, async (rig) => {
      const before = await rig.configs();
      const running = rig.start('run', '--yes');
      await running.intended((step) => step.kind === 'restart-member' && step.member === 'm2');
      running.kill('SIGKILL');
      expect((await running.ended).signal).toBe('SIGKILL');
      const end = await rig.run('rollback', '--yes');
      expectExit(end, 0);
      expect(end.said).toContain('rolled back');
      expect(await installed(rig, 'm1')).toEqual([]);
      await expectBack(rig, before);
      const again = await rig.run('rollback', '--yes');
      expectExit(again, 3);
      expect(again.stderr).toContain('RUN_NOT_FOUND');
    });
  });

  it('is gone by itself when a gate sees a broken link, and says which and why', async () => {
    await withRig(IN_ORDER, async (rig) => {
      const before = await rig.configs();
      const other = await plantAuthority(path.join(rig.base, 'another authority'));
      await copyFile(other.at('ca.pem'), path.join(rig.member('m2').folder, 'other-ca.pem'));
      // At the restart that is to load the trust, m2 finds the CA of somebody else.
      const swap = '[ -e "$here/pki/ca.pem" ] && cp "$here/other-ca.pem" "$here/pki/ca.pem"';
      await rig.beforeStart('m2', swap);
      const end = await rig.run('run', '--yes');
      expectExit(end, 5);
      expect(end.said).toMatch(/failed +GATE_\w+ · gate after step \d+ of \d+/);
      expect(end.said).toContain("m2 has not loaded the CA of m1's");
      await expectBack(rig, before);
      const reported = await rig.run('report');
      expect(reported.stdout).toMatch(/outcome +rolled-back/);
    });
  });

  it('is gone by command after the run was done', async () => {
    await withRig({ members: 1 }, async (rig) => {
      const before = await rig.configs();
      expectExit(await rig.run('run', '--yes', '--accept-downtime'), 0);
      await rig.expectServing('https');
      expectExit(await rig.run('rollback', '--yes', '--accept-downtime'), 0);
      expect(await installed(rig, 'm1')).toEqual([]);
      await expectBack(rig, before);
    });
  });
});

afterAll(endRigs);
