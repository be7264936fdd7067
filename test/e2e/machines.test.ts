/**
 * Goal: what people have is moved as people move it: machines with systemd, reached over ssh. Method: three
 * booted boxes with Debian's etcd, the built command where an operator would run it, clients at work.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  BOX_STORY_MS,
  BOXES_HOOK_MS,
  type BoxRig,
  bootBoxes,
  type BoxStories,
} from '../support/box-rig.ts';
import type { ClientsReport } from '../support/box-clients.ts';
import type { BoxClusterOptions } from '../support/boxes-etcd.ts';
import { expectExit } from '../support/lab-rig.ts';

const YAML_TLS: BoxClusterOptions = { settings: 'yaml', clientTls: true };
const NAMES_OTHER: BoxClusterOptions = { addresses: 'names', otherSource: 'm2' };

let stories: BoxStories;

beforeAll(async () => {
  stories = await bootBoxes();
}, BOXES_HOOK_MS);

afterAll(async () => {
  await stories.end();
});

/** The whole story once; what the others try is told by one restart a member. */
const QUICK = 'strategy: fewest-restarts\n';

async function migrate(rig: BoxRig): Promise<ClientsReport> {
  expectExit(await rig.run('run', '--yes'), 0);
  await rig.expectServing('https');
  const verified = await rig.run('verify');
  expectExit(verified, 0);
  expect(verified.stdout).toContain('mutual TLS only');
  return await rig.expectNothingLost();
}

describe('three machines over ssh', () => {
  it(
    'are moved in the documented order with settings in /etc/default/etcd',
    async () => {
      const { leases } = await migrate(await stories.begin());
      expect(leases?.failures).toEqual([]);
      expect(leases?.survived).toBe(3);
    },
    BOX_STORY_MS,
  );

  const kinds: readonly (readonly [string, BoxClusterOptions])[] = [
    ['settings in an etcd yaml file, and clients that need a certificate', YAML_TLS],
    ['settings in flags of the unit', { settings: 'flags' }],
    ['clients that need a login', { auth: true }],
    ['DNS names, and a host that others see under another address', NAMES_OTHER],
    ['members on IPv6', { addresses: 'ipv6' }],
  ];
  it.each(kinds)(
    'are moved with %s',
    async (_words, options) => {
      await migrate(await stories.begin(options, (plan) => plan + QUICK));
    },
    BOX_STORY_MS,
  );
});
