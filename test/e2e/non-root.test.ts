/**
 * Goal: the lab needs no root, and members may belong to another user than peershift. Method: the whole
 * story as user 65534 from a copy of the built command; and root's peershift on a member of that user.
 * A test run that is not root's own tells the first story as it is.
 */

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { startMember, stopMember } from '../../src/lab/member-process.ts';
import { value } from '../support/etcd-calls.ts';
import { endRigs, expectExit, type RigOptions, withRig, STORY_MS } from '../support/lab-rig.ts';
import {
  folderForAll,
  giveToOther,
  installForOther,
  isRoot,
  OTHER_USER_ID,
  STARTED_BY_OTHER,
} from '../support/other-user.ts';

const AS_OTHER: RigOptions = isRoot ? { within: folderForAll(), install: installForOther } : {};
const DOWNTIME = '--accept-downtime';

describe.concurrent('without root', { timeout: STORY_MS }, () => {
  it('a lab goes up, is migrated and verified', async () => {
    await withRig({ ...AS_OTHER, members: 1 }, async (rig) => {
      const own = isRoot ? OTHER_USER_ID : process.geteuid?.();
      for (const name of await readdir(rig.lab.dir)) {
        expect((await stat(path.join(rig.lab.dir, name))).uid, name).toBe(own);
      }
      expectExit(await rig.run('preview', '--exit-code', DOWNTIME), 10);
      expectExit(await rig.run('run', '--yes', DOWNTIME), 0);
      await rig.expectServing('https');
      expectExit(await rig.run('verify'), 0);
      await rig.expectNothingLost();
    });
  });
});

describe.runIf(isRoot).concurrent('with root', { timeout: STORY_MS }, () => {
  it('a member of another user gets a key that this user alone can read', async () => {
    await withRig({ members: 1, within: folderForAll() }, async (rig) => {
      const member = rig.member('m1');
      value(await stopMember(member));
      await giveToOther(member.folder, [rig.base, rig.lab.dir]);
      await rig.beforeStart('m1', '', STARTED_BY_OTHER);
      value(await startMember(member));
      expectExit(await rig.run('run', '--yes', DOWNTIME), 0);
      await rig.expectServing('https');
      const key = await stat(path.join(member.folder, 'pki/peer-key.pem'));
      expect([key.uid, key.gid, key.mode & 0o777]).toEqual([OTHER_USER_ID, OTHER_USER_ID, 0o600]);
      const settings = await stat(path.join(member.folder, 'etcd.env'));
      expect([settings.uid, settings.mode & 0o777]).toEqual([OTHER_USER_ID, 0o644]);
      expectExit(await rig.run('verify'), 0);
      await rig.expectNothingLost();
    });
  });
});

afterAll(endRigs);
