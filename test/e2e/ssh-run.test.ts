/**
 * Goal: a cluster whose machines are reached by ssh alone is moved to mutual TLS like any other. Method: the
 * built command on three real members, each behind a real sshd, its client URLs reached through ssh too.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CommandEnd } from '../support/command.ts';
import { endRigs, expectExit, STORY_MS } from '../support/lab-rig.ts';
import { type SshRig, startSshRig } from '../support/ssh-rig.ts';

describe('three members behind ssh', () => {
  let ssh: SshRig;
  let run: CommandEnd;

  beforeAll(async () => {
    ssh = await startSshRig();
    run = await ssh.rig.run('run', '--yes');
  }, STORY_MS);

  afterAll(endRigs);

  it('are moved with exit 0', async () => {
    expectExit(run, 0);
    await ssh.rig.expectServing('https');
  });

  it('are dialled for the verification from their own hosts', async () => {
    const verified = await ssh.rig.run('verify');
    expectExit(verified, 0);
    expect(verified.stdout).toContain('mutual TLS only');
  });

  it('were asked over one connection each', () => {
    for (const [name, sshd] of ssh.sshd) {
      const logins = sshd.said.split('\n').filter((line) => line.startsWith('Accepted publickey'));
      // One for the run, one for the verification.
      expect(logins.length, name).toBe(2);
    }
  });

  it('lose no acknowledged write', async () => {
    await ssh.rig.expectNothingLost();
  });
});
