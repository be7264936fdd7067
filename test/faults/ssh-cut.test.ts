/**
 * Goal: what breaks between peershift and a host leaves the cluster healthy, and the run done or to be gone on
 * with. Method: the built command over real sshds; connections are cut, an sshd is stopped, its key renewed.
 */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';

import type { RunningCommand } from '../support/command.ts';
import { endRigs, expectExit, STORY_MS } from '../support/lab-rig.ts';
import { type SshRig, startSshRig } from '../support/ssh-rig.ts';

const shortTimeout = (text: string): string => text.replace('quiet: 1s', 'quiet: 1s, timeout: 15s');
const IN_ORDER = 'order: [m1, m2, m3]\n';

const sshdOf = ({ sshd }: SshRig, name: string) => {
  const found = sshd.get(name);
  if (found === undefined) throw new Error(`no sshd of ${name}`);
  return found;
};

const restartOf = (running: RunningCommand, name: string): Promise<unknown> =>
  running.intended((step) => step.kind === 'restart-member' && step.member === name);

describe('an ssh connection', () => {
  afterAll(endRigs);

  it(
    'that is cut in the middle of a restart is made anew, and the restart decided by looking',
    async () => {
      const ssh = await startSshRig({ plan: (text) => `${text}${IN_ORDER}` });
      const { rig } = ssh;
      // The start script waits for the cut: whatever is asked for then has been begun on the host.
      await rig.beforeStart('m2', 'touch "$here/starting"; sleep 2');
      const running = rig.start('run', '--yes');
      await restartOf(running, 'm2');
      const starting = path.join(rig.member('m2').folder, 'starting');
      await vi.waitUntil(() => existsSync(starting), { timeout: STORY_MS });
      expect(sshdOf(ssh, 'm2').signalSessions('SIGKILL')).toBeGreaterThan(0);
      expectExit(await running.ended, 0);
      await rig.expectServing('https');
      await rig.expectNothingLost();
    },
    STORY_MS,
  );

  it(
    'that is refused between steps pauses the run, and it goes on when the host is back with its key',
    async () => {
      const ssh = await startSshRig({ plan: (text) => shortTimeout(`${text}${IN_ORDER}`) });
      const { rig } = ssh;
      const sshd = sshdOf(ssh, 'm3');
      const running = rig.start('run', '--yes');
      await restartOf(running, 'm1');
      await sshd.cut();
      const paused = await running.ended;
      expectExit(paused, 4);
      const key = sshd.fingerprint('ed25519');
      sshd.renewKey('ed25519');
      await sshd.start();
      const refused = await rig.run('resume', '--yes');
      expect(refused.exit).not.toBe(0);
      expect(refused.said).toContain('another key than the known one');
      expect(refused.said).toContain(key);
      ssh.home.forget();
      ssh.home.trust(sshd);
      for (const each of ssh.sshd.values()) if (each !== sshd) ssh.home.trust(each);
      expectExit(await rig.run('resume', '--yes'), 0);
      await rig.expectServing('https');
      await rig.expectNothingLost();
    },
    STORY_MS,
  );
});
