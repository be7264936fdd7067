/**
 * Goal: a run that is killed or asked to stop, wherever it stands, is gone on with to the same end, under
 * clients that lose nothing. Method: SIGKILL right after an intent is durable, and real signals; each
 * story has a cluster of its own, and the stories mostly wait for etcd's probes, so they run together.
 */

import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { runningPid } from '../../src/lab/member-process.ts';
import type { Step } from '../../src/model/step.ts';
import { value } from '../support/etcd-calls.ts';
import {
  type Rig,
  type RigOptions,
  endRigs,
  expectExit,
  withRig,
  STORY_MS,
} from '../support/lab-rig.ts';

/** The order of the members is given, so that the story can say which step it means. */
const IN_ORDER: RigOptions = { plan: (text) => `${text}order: [m1, m2, m3]\n` };

/** Only once it is asked for: the other starts are quick. */
const SLOW_START = '[ -e "$here/slow" ] && { : >"$here/starting"; sleep 3; }';

type Kind = Step['kind'];

function on(kind: Kind, member: string, phase?: Step['phase']): (step: Step) => boolean {
  return (step) => {
    const isOfMember = 'member' in step && step.member === member;
    return step.kind === kind && isOfMember && (phase === undefined || step.phase === phase);
  };
}

/** Kills the command with SIGKILL as soon as it is about to carry out the step. */
async function killedAt(rig: Rig, verb: string, fits: (step: Step) => boolean): Promise<void> {
  const running = rig.start(verb, '--yes');
  await running.intended(fits);
  running.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
}

async function expectMigrated(rig: Rig): Promise<void> {
  await rig.expectServing('https');
  expectExit(await rig.run('verify'), 0);
  expect(await rig.ownKeys()).toBe(0);
  await rig.expectNothingLost();
}

describe.concurrent('a run on three members', { timeout: STORY_MS }, () => {
  it('that is killed in a restart, a configure, an update and a start is resumed to its end', async () => {
    await withRig(IN_ORDER, async (rig) => {
      const m3 = rig.member('m3');
      await rig.beforeStart('m3', SLOW_START);
      await killedAt(rig, 'run', on('restart-member', 'm1', 'first'));
      await killedAt(rig, 'resume', on('configure-member', 'm3', 'trust'));
      await killedAt(rig, 'resume', on('advertise-peer', 'm2', 'members'));
      // The last one dies while the member is stopped and its start script still sleeps.
      await writeFile(`${m3.folder}/slow`, '');
      const last = rig.start('resume', '--yes');
      await last.intended(on('restart-member', 'm3', 'members'));
      await vi.waitUntil(() => existsSync(`${m3.folder}/starting`), 20_000);
      expect(value(await runningPid(m3))).toBeUndefined();
      last.kill('SIGKILL');
      await last.ended;
      await rm(`${m3.folder}/slow`);
      const resumed = await rig.run('resume', '--yes');
      expectExit(resumed, 0);
      await expectMigrated(rig);
      const again = await rig.run('resume', '--yes');
      expectExit(again, 0);
      expect(again.stdout).toContain('nothing to do');
    });
  });

  it('that is interrupted finishes the group in hand, gives the lock back and is resumed', async () => {
    await withRig(IN_ORDER, async (rig) => {
      const running = rig.start('run', '--yes');
      await running.intended(on('advertise-peer', 'm1'));
      running.kill('SIGINT');
      const end = await running.ended;
      expectExit(end, 130);
      expect(end.events.at(-1)).toMatchObject({ type: 'outcome', exit: 130, code: 'INTERRUPTED' });
      expect(await rig.ownKeys()).toBe(0);
      // Advertised, configured and restarted: the member is not left half way.
      const { peerUrls } = await rig.facts();
      expect(peerUrls['m1']).toEqual([`https://${rig.member('m1').address}:2380`]);
      expect((await rig.configs())['m1']).toMatch(/^ETCD_LISTEN_PEER_URLS="?https:/m);
      const begun = end.events.flatMap((event) => (event.type === 'intended' ? [event.step] : []));
      const done = end.events.flatMap((event) => (event.type === 'done' ? [event.step] : []));
      expect(done).toEqual(begun);
      const status = await rig.run('status');
      expect(status.stdout).toContain('peershift resume');
      expectExit(await rig.run('run', '--yes'), 3);
      expectExit(await rig.run('resume', '--yes'), 0);
      await expectMigrated(rig);
    });
  });
});

describe.concurrent(
  'a run on one member, whose downtime is accepted',
  { timeout: STORY_MS },
  () => {
    it('stops before its next step on SIGTERM, and is resumed', async () => {
      await withRig({ members: 1 }, async (rig) => {
        const running = rig.start('run', '--yes', '--accept-downtime');
        await running.intended(on('install-certificates', 'm1'));
        running.kill('SIGTERM');
        expectExit(await running.ended, 130);
        await rig.expectServing('http');
        expect(await rig.ownKeys()).toBe(0);
        expectExit(await rig.run('resume', '--yes', '--accept-downtime'), 0);
        await expectMigrated(rig);
      });
    });

    it('finishes its last group on SIGHUP, and with it the run', async () => {
      await withRig({ members: 1 }, async (rig) => {
        const running = rig.start('run', '--yes', '--accept-downtime');
        await running.intended(on('advertise-peer', 'm1'));
        running.kill('SIGHUP');
        const end = await running.ended;
        expectExit(end, 0);
        expect(end.events.some(({ type }) => type === 'stopping')).toBe(true);
        await expectMigrated(rig);
      });
    });

    it('stops at once on a second Ctrl-C, and is resumed all the same', async () => {
      await withRig({ members: 1 }, async (rig) => {
        await rig.beforeStart('m1', 'sleep 8');
        const running = rig.start('run', '--yes', '--accept-downtime');
        await running.intended(on('restart-member', 'm1'));
        running.kill('SIGINT');
        await running.event((event) => event.type === 'stopping');
        running.kill('SIGINT');
        const end = await running.ended;
        expectExit(end, 130);
        expect(end.events.filter(({ type }) => type === 'done').length).toBeGreaterThan(0);
        expect(end.events.some(({ type }) => type === 'closed')).toBe(false);
        expectExit(await rig.run('resume', '--yes', '--accept-downtime'), 0);
        await expectMigrated(rig);
      });
    });
  },
);

afterAll(endRigs);
