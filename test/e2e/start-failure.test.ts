/**
 * Goal: a member that does not come back from its restart is put back, and the cluster is as it was.
 * Method: three ways in which a start really fails although everything looked right just before: a key
 * that is made unreadable behind the run's back for the user whom etcd runs as, a start command that
 * fails, and one that claims success and starts nothing. A cluster each; the stories run together.
 */

import { afterAll, describe, expect, it } from 'vitest';

import { startMember, stopMember } from '../../src/lab/member-process.ts';
import { value } from '../support/etcd-calls.ts';
import {
  type Rig,
  type RigOptions,
  endRigs,
  expectExit,
  withRig,
  STORY_MS,
} from '../support/lab-rig.ts';
import { folderForAll, giveToOther, isRoot, STARTED_BY_OTHER } from '../support/other-user.ts';

const IN_ORDER: RigOptions = { plan: (text) => `${text}order: [m1, m2, m3]\n` };

/** True while the settings are those that the run has written. */
const IF_HTTPS = 'grep -q "^ETCD_LISTEN_PEER_URLS=.*https" "$here/etcd.env" &&';

async function expectPutBack(rig: Rig, because: RegExp): Promise<void> {
  const before = await rig.configs();
  const pids = (await rig.facts()).pids;
  const end = await rig.run('run', '--yes');
  expectExit(end, 5);
  const failure = end.stderr.slice(end.stderr.lastIndexOf('failed   '));
  expect(failure).toMatch(/^failed +START_FAILED · step \d+ of \d+/);
  expect(failure.replaceAll(/\s+/g, ' ')).toMatch(because);
  await rig.expectServing('http');
  expect(await rig.configs()).toEqual(before);
  const now = (await rig.facts()).pids;
  expect({ ...now, m1: 0 }, 'only m1 was restarted').toEqual({ ...pids, m1: 0 });
  expect(now['m1']).not.toBe(pids['m1']);
  expect(await rig.ownKeys()).toBe(0);
  await rig.expectNothingLost();
}

describe.concurrent('a first restart that fails', { timeout: STORY_MS }, () => {
  it('for a key that etcd may not read any more is undone', async () => {
    // Root reads everything, so under root this member runs as somebody else.
    const within = isRoot ? { within: folderForAll() } : {};
    await withRig({ ...IN_ORDER, ...within }, async (rig) => {
      const member = rig.member('m1');
      const key = '"$here/pki/peer-key.pem"';
      const lines = `${IF_HTTPS} chown 0 ${key} 2>&-\n${IF_HTTPS} chmod 000 ${key}`;
      if (isRoot) {
        value(await stopMember(member));
        await giveToOther(member.folder, [rig.base, rig.lab.dir]);
      }
      await rig.beforeStart('m1', lines, isRoot ? STARTED_BY_OTHER : '');
      if (isRoot) value(await startMember(member));
      await expectPutBack(rig, /peer-key\.pem: permission denied/);
    });
  });

  it('for a start command that fails is undone, and its words are told', async () => {
    await withRig(IN_ORDER, async (rig) => {
      await rig.beforeStart('m1', `${IF_HTTPS} { echo "the unit is masked" >&2; exit 1; }`);
      await expectPutBack(rig, /the unit is masked/);
    });
  });

  it('for a start command that claims success and starts nothing is undone', async () => {
    await withRig(IN_ORDER, async (rig) => {
      await rig.beforeStart('m1', `${IF_HTTPS} exit 0`);
      await expectPutBack(rig, /its process ended/);
    });
  });
});

afterAll(endRigs);
