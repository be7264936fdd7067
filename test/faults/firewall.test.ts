/**
 * Goal: a port that a firewall closes when it begins to speak https is found by the gate of that restart,
 * and named. Method: booted boxes over ssh, of two versions of etcd, with clients at work; from its restart
 * with https on, what is sent to one box's peer port is dropped. It can still dial the others, so raft
 * works and every health check stays green.
 */

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import { BOX_STORY_MS, BOXES_HOOK_MS, bootBoxes, type BoxStories } from '../support/box-rig.ts';
import { value } from '../support/etcd-calls.ts';
import { expectExit } from '../support/lab-rig.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

/** Whatever is sent to the peer port. */
const RULE = ['INPUT', '-p', 'tcp', '--dport', '2380', '-j', 'DROP'];

let stories: BoxStories;
let own = '';
let fetched = '';

beforeAll(async () => {
  own = await mkdtemp(path.join(tmpdir(), 'peershift-test-'));
  const cache = await firstWritable(cacheFolders(process.env, undefined, undefined));
  fetched = value(await fetchDebianEtcd('trixie', cache ?? own)).path;
  stories = await bootBoxes();
}, BOXES_HOOK_MS);

afterAll(async () => {
  await stories.end();
  await rm(own, { recursive: true, force: true });
});

/** From the next cluster on, all boxes run this etcd. */
async function install(etcd: string): Promise<void> {
  for (const { root } of stories.lab.boxes) {
    const at = path.join(root, 'usr/bin/etcd');
    await rm(at);
    await copyFile(etcd, at);
  }
}

describe('a peer port that is closed when it speaks https', () => {
  it.each(TELLS_EVERY_VERSION ? ['3.4', '3.5'] : ['3.4'])(
    'stops the run after that restart on etcd %s, and the cluster goes back',
    async (version) => {
      if (version === '3.5') await install(fetched);
      const rig = await stories.begin(
        {},
        { lines: ['gates: { quiet: 1s }', 'order: [m1, m2, m3]'] },
      );
      const { lab } = stories;
      const running = rig.start('run', '--yes');
      // The second restart: the first one brought trust, and still spoke http.
      await running.intended(({ id }) => id === 'restart/m2/2');
      await lab.filter('m2', ['-A', ...RULE]);
      await running.event((each) => each.type === 'planned' && each.direction === 'rollback');
      await lab.filter('m2', ['-D', ...RULE]);
      const end = await running.ended;
      expectExit(end, 5);
      const [failure] = end.events.flatMap((each) => {
        return each.type === 'failure' ? [each.failure] : [];
      });
      expect(failure?.but).toMatch(/m[13] to m2: not reached by fresh probes/);
      expect(failure?.but).toMatch(/m[13] logs ".*i\/o timeout.*" of its dial of m2/);
      const turn = end.events.findIndex((each) => {
        return each.type === 'planned' && each.direction === 'rollback';
      });
      const begun = end.events.slice(0, turn).flatMap((each) => {
        return each.type === 'intended' ? [each.step] : [];
      });
      expect(begun.at(-1)).toBe('restart/m2/2');
      await rig.expectServing('http');
      await rig.expectNothingLost();
      for (const name of rig.cluster.names) {
        const log = await lab.in(name, ['journalctl', '-u', 'etcd', '-b', '--no-pager']);
        expect(log).not.toMatch(/since quorum is not active/);
      }
    },
    BOX_STORY_MS,
  );
});
