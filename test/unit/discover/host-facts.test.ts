/** Goal: where the data of a stopped member are is known also where its unit says it: without data it must not be started. */

import { describe, expect, it } from 'vitest';

import { ok } from '../../../src/base/result.ts';
import { observeHost } from '../../../src/discover/host-facts.ts';
import type { SettingElsewhere } from '../../../src/model/config-sources.ts';
import { known } from '../../../src/model/observed.ts';
import type { MemberDoors, Pki } from '../../../src/ports.ts';
import { desiredFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

async function folderOf(
  settings: Readonly<Record<string, string>>,
  elsewhere: readonly SettingElsewhere[],
  format: 'env-file' | 'yaml' = 'env-file',
  flag = 'data-dir',
): Promise<string | undefined> {
  const [member] = desiredFor(httpWorld(1)).members;
  if (member === undefined) throw new Error('no member');
  const file = {
    path: '/etc/default/etcd',
    settings,
    elsewhere,
    digest: '',
    text: '',
    problems: [],
  };
  const doors = {
    host: {},
    service: { state: () => Promise.resolve(known({ isRunning: false, pid: undefined })) },
    config: { read: () => Promise.resolve(ok(file)) },
  } as unknown as MemberDoors;
  const config = { ...member.config, format } as typeof member.config;
  const facts = await observeHost({ ...member, config }, doors, {} as Pki, []);
  return facts.disk.known ? facts.disk.value[flag] : facts.disk.reason;
}

const unit = { flag: 'data-dir', place: 'etcd.service:6', value: '/unit' };
const variable: SettingElsewhere = { ...unit, isFlag: false, wins: false };

describe('the data folder of a stopped member', () => {
  it("is its unit's where the file says nothing, as Debian's package has it", async () => {
    expect(await folderOf({ name: 'm1' }, [variable])).toBe('/unit');
    expect(await folderOf({ name: 'm1' }, [])).toBeUndefined();
  });

  it('is that of whoever wins, as for etcd itself', async () => {
    const own = { 'data-dir': '/file' };
    expect(await folderOf(own, [variable])).toBe('/file');
    expect(await folderOf(own, [{ ...variable, wins: true }])).toBe('/unit');
    const flag: SettingElsewhere = { ...unit, isFlag: true, wins: true, value: '/flag' };
    expect(await folderOf(own, [flag, { ...variable, wins: true }])).toBe('/flag');
    expect(await folderOf({}, [variable], 'yaml')).toBeUndefined();
    const log = { ...variable, flag: 'wal-dir', value: '/wal' };
    expect(await folderOf(own, [variable, log], 'env-file', 'wal-dir')).toBe('/wal');
  });
});
