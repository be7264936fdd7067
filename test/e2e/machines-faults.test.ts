/**
 * Goal: a machine that misbehaves in the middle leaves a healthy cluster and a way on. Method: three booted
 * boxes over ssh; one hangs in its start, one is booted again between its new settings and its restart, and
 * one is left alone with the operator's machine gone for good.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Step } from '../../src/model/step.ts';
import { BOX_STORY_MS, BOXES_HOOK_MS, bootBoxes, type BoxStories } from '../support/box-rig.ts';
import { until } from '../support/boxes.ts';
import { expectExit } from '../support/lab-rig.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

const DROP = '/etc/systemd/system/etcd.service.d/20-test.conf';
/** Hangs once, in the first start after it was asked for. */
const HANG_ONCE = '[ ! -e /run/hang ] || { rm /run/hang; sleep 600; }';

let stories: BoxStories;

beforeAll(async () => {
  stories = await bootBoxes();
}, BOXES_HOOK_MS);

afterAll(async () => {
  await stories.end();
});

/** As one line, however it is wrapped. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

const isConfigureOf =
  (member: string) =>
  (step: Step): boolean =>
    step.kind === 'configure-member' && step.member === member;

describe('a machine in the middle of a run', () => {
  it(
    'whose unit hangs in its start is told with numbers, and the cluster is rolled back',
    async () => {
      const rig = await stories.begin(
        {},
        {
          strategy: 'fewest-restarts',
          lines: ['order: [m2, m1, m3]', 'gates: { quiet: 1s, start: 20s }'],
        },
      );
      const { lab } = stories;
      await lab.write('m2', DROP, `[Service]\nExecStartPre=+/bin/sh -c '${HANG_ONCE}'\n`);
      await lab.in('m2', ['systemctl', 'daemon-reload']);
      await lab.in('m2', ['touch', '/run/hang']);
      const end = await rig.run('run', '--yes');
      expectExit(end, 5);
      expect(end.said).toMatch(/activating \(start-pre\) after \d\d[.\d]* s.*it was taken back/);
      await rig.expectServing('http');
      await rig.expectNothingLost();
    },
    BOX_STORY_MS,
  );

  it(
    'that is booted again between its new settings and its restart is gone on with',
    async () => {
      const rig = await stories.begin({}, { strategy: 'trust-first' });
      const { lab } = stories;
      const running = rig.start('run', '--yes');
      const step = await running.intended(isConfigureOf('m2'));
      await running.event((each) => each.type === 'done' && each.step === step.id);
      running.kill('SIGKILL');
      await running.ended;
      await lab.reboot('m2');
      await until('etcd of m2', async () => {
        return (await lab.endIn('m2', ['systemctl', 'is-active', 'etcd'])).exit === 0;
      });
      expectExit(await rig.run('resume', '--yes'), 0);
      await rig.expectServing('https');
      expectExit(await rig.run('verify'), 0);
      await rig.expectNothingLost();
    },
    BOX_STORY_MS,
  );

  it(
    'that nobody comes back to gets its old listener back from a timer of its own systemd',
    async () => {
      const rig = await stories.begin(
        { settings: 'yaml' },
        {
          strategy: 'fewest-restarts',
          lines: ['order: [m2, m1, m3]', 'gates: { quiet: 1s, timeout: 20s, deadman: 30s }'],
        },
      );
      const { lab } = stories;
      const running = rig.start('run', '--yes');
      await running.event((each) => each.type === 'gate-waits' && each.step === 'start/m2');
      running.kill('SIGKILL');
      await running.ended;
      const timers = ['systemctl', 'list-timers', '--all', '--no-legend', 'peershift-deadman-*'];
      expect((await lab.endIn('m2', timers)).stdout).toContain('peershift-deadman-');
      await until('the dead-man of m2', async () => {
        const status = await rig.run('status');
        return flat(status.stdout).includes(
          'dead-man went off: m2 has its settings of before again',
        );
      });
      expect((await lab.endIn('m2', ['systemctl', 'is-active', 'etcd'])).exit).toBe(0);
      expectExit(await rig.run('resume', '--yes'), 0);
      await rig.expectServing('https');
      expectExit(await rig.run('verify'), 0);
      expect((await lab.endIn('m2', timers)).stdout).toBe('');
      await rig.expectNothingLost();
    },
    BOX_STORY_MS,
  );

  it.each(TELLS_EVERY_VERSION ? [''] : [])(
    'without data gets them over ssh from the one that still has some%s',
    async () => {
      const rig = await stories.begin({}, { strategy: 'trust-first' });
      const { lab } = stories;
      for (const name of ['m2', 'm3'] as const) {
        await lab.in(name, ['systemctl', 'stop', 'etcd']);
        await lab.in(name, ['rm', '-rf', '/var/lib/etcd/default']);
      }
      const told = await rig.run('rescue', '--yes');
      expectExit(told, 6);
      expect(told.stdout).toContain('--restore-from m1');
      expectExit(await rig.run('rescue', '--yes', '--restore-from', 'm1'), 0);
      const owner = await lab.in('m2', ['stat', '-c', '%U:%G', '/var/lib/etcd/default/member']);
      expect(owner.trim()).toBe('etcd:etcd');
      await rig.expectServing('http');
      await rig.expectNothingLost();
    },
    BOX_STORY_MS,
  );
});
