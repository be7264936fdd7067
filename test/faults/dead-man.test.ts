/**
 * Goal: a run that dies for good in the middle of a switch leaves no member half switched: its host puts the old
 * listener back by itself, the cluster commits writes all the time, and a later resume finishes. Method: SIGKILL
 * while the gate behind a restart still waits, and then nobody does anything.
 */

import { existsSync, readdirSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';

import type { CommandEvent } from '../support/command.ts';
import { STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

const PLAN = {
  plan: (text: string): string => {
    const gates = 'gates: { quiet: 1s, timeout: 20s, deadman: 30s }';
    return `${text.replace('gates: { quiet: 1s }', gates)}order: [m1, m2, m3]\n`;
  },
};
/** 30 s after it was armed, and the time of a restart on a busy machine. */
const FIRED_MS = 90_000;

afterAll(endRigs);

/** The table of `status` as one line. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function waitsBehindRestart(event: CommandEvent): boolean {
  return event.type === 'gate-waits' && event.step === 'restart/m1';
}

describe('a run with a dead-man', () => {
  it(
    'that is killed behind a restart: the member gets its old listener back by itself, and resume finishes',
    async () => {
      await withRig(PLAN, async (rig) => {
        const { folder } = rig.member('m1');
        const running = rig.start('run', '--yes');
        await running.event(waitsBehindRestart);
        running.kill('SIGKILL');
        expect((await running.ended).signal).toBe('SIGKILL');
        expect((await rig.configs())['m1']).toMatch(/^ETCD_LISTEN_PEER_URLS="?https:/m);
        const armed = flat((await rig.run('status')).stdout);
        expect(armed).toMatch(
          /dead-man armed: at \S+ m1 gets its settings of before back by itself/,
        );

        const left = `${folder}/etcd.env.peershift-deadman`;
        const isOver = (): boolean =>
          existsSync(left) && readdirSync(left).some((name) => name.startsWith('fired.'));
        await vi.waitUntil(isOver, { timeout: FIRED_MS, interval: 200 });
        const config = (await rig.configs())['m1'] ?? '';
        expect(config).toMatch(/^ETCD_LISTEN_PEER_URLS="?http:/m);
        expect(config).toMatch(/^ETCD_PEER_TRUSTED_CA_FILE=/m);
        const status = await rig.run('status');
        expect(flat(status.stdout)).toContain(
          'dead-man went off: m1 has its settings of before again',
        );
        expect(flat(status.stdout)).toContain('in hand, or its process died');

        const resumed = await rig.run('resume', '--yes');
        expectExit(resumed, 0);
        await rig.expectServing('https');
        expectExit(await rig.run('verify'), 0);
        expect(existsSync(left)).toBe(false);
        await rig.expectNothingLost();
      });
    },
    STORY_MS,
  );
});
