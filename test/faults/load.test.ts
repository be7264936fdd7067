/**
 * Goal: a cluster whose disk is late is left alone, and gone on with when it is not. Method: a run under clients,
 * while strace makes a follower's writes of its log late; healed while it waits, and paused after its first change.
 */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { fieldOf } from '../../src/lab/gateway.ts';
import type { CommandEvent, RunningCommand } from '../support/command.ts';
import { FAULTS, type Scene, faultsHere, lateDisk } from '../support/chaos-faults.ts';
import { type Rig, STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

/** In etcd's histogram all of them are between 128 and 256 ms then; more, and the member is not healthy. */
const LATE_MS = 150;
const BOUND = 'gates.maxFsync is 130 ms';
const plan = (text: string): string => {
  const fewest = text.replace(/^strategy: .*$/mu, 'strategy: fewest-restarts');
  return `${fewest.replace('quiet: 1s', 'quiet: 1s, maxFsync: 130ms')}backup: false\n`;
};

describe('a run that changes members of a busy cluster', { timeout: STORY_MS }, () => {
  const name = 'waits with the numbers before its first change, and goes on when it is over';
  it.skipIf(!faultsHere().includes('slow-disk'))(`${name} (needs root and strace)`, async () => {
    await withRig({ plan }, async (rig) => {
      const late = await lastFollower(rig);
      const scene = await sceneOf(rig, late);
      const { pids } = await rig.facts();
      await lateDisk(scene, LATE_MS);
      rig.alsoEnd(() => FAULTS['slow-disk'].heal(scene));
      // Certificates are placed before anything is stopped.
      const running = rig.start('run', '--yes', '--pause-after', 'install/m1');
      expect(await waitsFor(running, late)).toMatch(
        /99 % within (?:1[3-9]\d|2[0-5]\d)(?:\.\d+)? ms/u,
      );
      await FAULTS['slow-disk'].heal(scene);
      const end = await running.ended;
      expectExit(end, 4);
      expect(end.events.at(-1)).toMatchObject({ code: 'PAUSED' });
      const done = expect.objectContaining({ type: 'done', step: 'install/m1' }) as unknown;
      expect(end.events).toContainEqual(done);
      expect((await rig.facts()).pids).toEqual(pids);
      await rig.expectNothingLost();
    });
  });
});

/** It is not the first that is restarted, and an election is none of this story. */
async function lastFollower(rig: Rig): Promise<string> {
  const leader = String(fieldOf(await rig.call('m1', '/maintenance/status', {}), 'leader'));
  const { members } = JSON.parse(await rig.call('m1', '/cluster/member/list', {})) as {
    readonly members: readonly { readonly ID: string; readonly name: string }[];
  };
  const followers = members.filter(({ ID }) => ID !== leader).map(({ name }) => name);
  return followers.sort().at(-1) ?? '';
}

async function sceneOf(rig: Rig, member: string): Promise<Scene> {
  const folder = path.join(rig.base, 'slow-disk');
  await mkdir(folder);
  const command = (): RunningCommand => {
    throw new Error('a slow disk is none of the command');
  };
  return { rig, member, folder, command };
}

/** What the run says that it waits for, when it is the disk of this member. */
async function waitsFor(running: RunningCommand, member: string): Promise<string> {
  const event = await running.event((each) => textOf(each).includes(`${member} to write its log`));
  const text = textOf(event);
  expect(text).toContain(BOUND);
  return text;
}

function textOf(event: CommandEvent): string {
  return event.type === 'gate-waits' ? event.waitsFor : '';
}

afterAll(endRigs);
