/**
 * Goal: before its last phase dual-url can be rolled back by listeners alone, with no member's API to be had;
 * what that cannot show is not called verified. Method: peershift reaches the client ports only through
 * doorways of the test, which are shut after all listeners were switched; clients go on writing past them.
 */

import { afterAll, describe, expect, it } from 'vitest';

import type { Lab } from '../../src/lab/lab-folder.ts';
import { Doorway } from '../support/doorway.ts';
import { type Rig, STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

const doorways = [new Doorway(), new Doorway(), new Doorway()];

function planThrough(text: string, lab: Lab): string {
  const through = lab.members.map(({ endpoint }, index) => {
    const doorway = doorways[index];
    doorway?.leadTo(endpoint);
    return doorway?.url ?? endpoint;
  });
  return text
    .replace('strategy: documented', 'strategy: dual-url')
    .replace(/endpoints:[^\n]*(?:\n {4}- [^\n]*)*/u, `endpoints: [${through.join(', ')}]`);
}

async function listeners(rig: Rig): Promise<readonly (string | undefined)[]> {
  const texts = Object.values(await rig.configs());
  return texts.map((text) => /^ETCD_LISTEN_PEER_URLS="?(https?):/mu.exec(text)?.[1]);
}

describe('dual-url before strict, with every API blocked', () => {
  it(
    'goes back by listeners alone, says what was not verified, and is finished when the API answers',
    async () => {
      for (const doorway of doorways) await doorway.open();
      await withRig({ plan: planThrough }, async (rig) => {
        const before = await rig.configs();
        expectExit(await rig.run('run', '--yes', '--stop-before', 'strict'), 4);
        expect(await listeners(rig)).toEqual(['https', 'https', 'https']);
        const switched = await rig.facts();

        for (const doorway of doorways) await doorway.shut();
        const blind = await rig.run('rollback', '--yes');
        expectExit(blind, 4);
        expect(blind.stderr).toContain('NOT_VERIFIED');
        expect(blind.said).toContain('data and health not verified');
        expect(blind.said).toContain('/version and /raft/probing answer on 6/6 pairs');
        expect(await listeners(rig)).toEqual(['http', 'http', 'http']);
        const put = await rig.facts();
        for (const { name, address } of rig.lab.members) {
          expect(put.pids[name]).not.toBe(switched.pids[name]);
          const both = [`http://${address}:2380`, `https://${address}:2380`];
          expect(put.peerUrls[name]).toEqual(both);
        }
        const again = await rig.run('rollback', '--yes');
        expectExit(again, 4);
        expect((await rig.facts()).pids).toEqual(put.pids);

        for (const doorway of doorways) await doorway.open();
        expectExit(await rig.run('rollback', '--yes'), 0);
        await rig.expectServing('http');
        expect(await rig.configs()).toEqual(before);
        expect(await rig.ownKeys()).toBe(0);
        await rig.expectNothingLost();
      });
    },
    STORY_MS,
  );
});

afterAll(async () => {
  await endRigs();
  for (const doorway of doorways) await doorway.shut();
});
