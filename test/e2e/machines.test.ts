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

let stories: BoxStories;

beforeAll(async () => {
  stories = await bootBoxes();
}, BOXES_HOOK_MS);

afterAll(async () => {
  await stories.end();
});

async function migrate(rig: BoxRig): Promise<ClientsReport> {
  const checked = await rig.run('check', '--rehearse');
  expectExit(checked, 0);
  expect(checked.stdout).toContain('6 of 6 ordered pairs shook hands with mutual TLS');
  const warned = [...checked.stdout.matchAll(/^ {2}WARN {2}(\S+)/gm)].map(([, item]) => item);
  // Leases are kept while some may not renew them; Debian's unit sets what a yaml file overrules.
  const explained = ['leases', ...(rig.cluster.options.settings === 'yaml' ? ['members'] : [])];
  expect(warned.filter((item = '') => !explained.includes(item))).toEqual([]);
  expectExit(await rig.run('run', '--yes'), 0);
  await rig.expectServing('https');
  const verified = await rig.run('verify');
  expectExit(verified, 0);
  expect(verified.stdout).toContain('mutual TLS only');
  return await rig.expectNothingLost();
}

/** What the documented order needs nine gates for, these need three for: the order is not what is tried. */
const QUICK = { strategy: 'fewest-restarts' } as const;

describe('three machines over ssh, with the plan that init writes', () => {
  it(
    'are moved in the documented order with settings in /etc/default/etcd',
    async () => {
      await migrate(await stories.begin());
    },
    BOX_STORY_MS,
  );

  const kinds: readonly (readonly [string, BoxClusterOptions])[] = [
    [
      'settings in an etcd yaml file, and clients that need a certificate',
      { settings: 'yaml', clientTls: true },
    ],
    [
      'settings in flags of the unit, and clients that need a login',
      { settings: 'flags', auth: true },
    ],
    [
      'DNS names, and a host that others see under another address',
      { addresses: 'names', otherSource: 'm2' },
    ],
  ];
  it.each(kinds)(
    'are moved with %s',
    async (_words, options) => {
      await migrate(await stories.begin(options, QUICK));
    },
    BOX_STORY_MS,
  );

  it(
    'are moved on IPv6, and no lease misses a keepalive where the strategy has no degraded window',
    async () => {
      const rig = await stories.begin({ addresses: 'ipv6' }, { strategy: 'trust-first' });
      const { leases } = await migrate(rig);
      expect(leases?.failures).toEqual([]);
      expect(leases?.survived).toBe(3);
    },
    BOX_STORY_MS,
  );
});
