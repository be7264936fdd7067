/** Goal: what a YAML file held when a process started is known, or known to be unknown. Method: a fake host's clock. */

import { beforeEach, describe, expect, it } from 'vitest';

import { historyPath } from '../../../../src/adapters/config/history.ts';
import { yamlFileConfig } from '../../../../src/adapters/config/yaml-file.ts';
import type { ConfigFile, MemberConfig } from '../../../../src/ports.ts';
import { FakeHost } from '../../../support/fake-doors.ts';

const PATH = '/etc/etcd/etcd.yml';
const HTTP = 'listen-peer-urls: http://10.0.0.1:2380\n';
const HTTPS = 'listen-peer-urls: https://10.0.0.1:2380\n';

let host: FakeHost;
let config: MemberConfig;

beforeEach(() => {
  host = new FakeHost('h1');
  host.put(PATH, HTTP, { modifiedAtMs: 1000 });
  config = yamlFileConfig(host, PATH);
});

async function read(): Promise<ConfigFile> {
  const file = await config.read();
  if (!file.ok) throw new Error(file.error.but);
  return file.value;
}

async function epochs(): Promise<readonly (readonly [number, string | undefined])[]> {
  const { history = [] } = await read();
  return history.map(({ sinceMs, settings }) => [sinceMs, settings['listen-peer-urls']]);
}

async function write(to: string, atMs: number): Promise<string> {
  host.nowMs = atMs;
  const { digest, settings } = await read();
  const flag = 'listen-peer-urls';
  const changes = [{ flag, from: settings[flag], to }];
  const written = await config.write({ changes, expectDigest: digest, backupSuffix: 'r1' });
  if (!written.ok) throw new Error(written.error.but);
  return written.value.backupPath;
}

const ON_HTTP = 'http://10.0.0.1:2380';
const ON_HTTPS = 'https://10.0.0.1:2380';

describe('the record of a YAML file', () => {
  it('begins with what stands there, from its last change on', async () => {
    expect(await epochs()).toEqual([[1000, ON_HTTP]]);
    expect(host.files.has(historyPath(PATH))).toBe(false);
  });

  it('has what was there before each write, and what came after', async () => {
    const backup = await write(ON_HTTPS, 5000);
    expect(await epochs()).toEqual([
      [1000, ON_HTTP],
      [5000, ON_HTTPS],
    ]);
    host.nowMs = 9000;
    expect((await config.restore(backup, (await read()).digest)).ok).toBe(true);
    expect(host.textOf(PATH)).toBe(HTTP);
    expect(await epochs()).toEqual([
      [1000, ON_HTTP],
      [5000, ON_HTTPS],
      [9000, ON_HTTP],
    ]);
  });

  it('is not led astray by a file that was only touched', async () => {
    await write(ON_HTTPS, 5000);
    host.put(PATH, HTTPS, { modifiedAtMs: 7000 });
    expect((await epochs()).at(-1)).toEqual([5000, ON_HTTPS]);
  });

  it('knows nothing of the time before somebody else wrote', async () => {
    await write(ON_HTTPS, 5000);
    host.put(PATH, `${HTTPS}name: m1\n`, { modifiedAtMs: 7000 });
    expect(await epochs()).toEqual([[7000, ON_HTTPS]]);
    await write(ON_HTTP, 8000);
    expect(await epochs()).toEqual([
      [7000, ON_HTTPS],
      [8000, ON_HTTP],
    ]);
  });

  it('bridges a write that nobody could record any more', async () => {
    await write(ON_HTTPS, 5000);
    const before = host.textOf(historyPath(PATH)) ?? '';
    const entries = (JSON.parse(before) as { entries: unknown[] }).entries.slice(0, 1);
    host.put(historyPath(PATH), JSON.stringify({ version: 1, entries }));
    expect(await epochs()).toEqual([
      [1000, ON_HTTP],
      [5000, ON_HTTPS],
    ]);
  });

  it('is none when it cannot be read', async () => {
    await write(ON_HTTPS, 5000);
    host.put(historyPath(PATH), '{"entries": [{"digest": 1}]');
    expect(await epochs()).toEqual([[5000, ON_HTTPS]]);
  });

  it('holds no secret', async () => {
    host.put(PATH, `${HTTP}discovery: https://d/abc\ninitial-cluster-token: t\n`);
    await write(ON_HTTPS, 2_000_000);
    expect(host.textOf(historyPath(PATH))).not.toMatch(/discovery|token/);
  });
});
