/** Goal: writing a member's settings loses nothing and overwrites nobody. Method: a real file on this machine. */

import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { envFileConfig } from '../../../../src/adapters/config/env-file.ts';
import { localHost } from '../../../../src/adapters/local/host.ts';
import { sha256 } from '../../../../src/base/digest.ts';
import type { Result } from '../../../../src/base/result.ts';
import type { Failure } from '../../../../src/model/failure.ts';
import type { ConfigWrite, Host, MemberConfig } from '../../../../src/ports.ts';

const ORIGINAL = '# etcd of m1\nETCD_NAME="m1"\nETCD_LISTEN_PEER_URLS="http://127.0.0.1:2380"\n';
const CHANGED = ORIGINAL.replace('http:', 'https:');
const CHANGES = [
  {
    flag: 'listen-peer-urls',
    from: 'http://127.0.0.1:2380',
    to: 'https://127.0.0.1:2380',
  },
];
let folder = '';
let path = '';
let config: MemberConfig;

function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.but}`);
  return result.value;
}

const write = (expectDigest: string, suffix = 'run-1'): ConfigWrite => ({
  changes: CHANGES,
  expectDigest,
  backupSuffix: suffix,
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
  path = join(folder, 'etcd');
  await writeFile(path, ORIGINAL);
  await chmod(path, 0o640);
  config = envFileConfig(localHost('here'), path);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a configuration file on a host', () => {
  it('is read with its settings, digest and text', async () => {
    expect(valueOf(await config.read())).toEqual({
      path,
      settings: { name: 'm1', 'listen-peer-urls': 'http://127.0.0.1:2380' },
      places: { name: `${path}:2`, 'listen-peer-urls': `${path}:3` },
      digest: sha256(ORIGINAL),
      text: ORIGINAL,
      problems: [],
    });
  });

  it('shows an edit without writing it', async () => {
    const file = valueOf(await config.read());
    expect(valueOf(config.edited(file, CHANGES))).toBe(CHANGED);
    expect(await readFile(path, 'utf8')).toBe(ORIGINAL);
  });

  it('is written with its mode kept and the original beside it', async () => {
    const done = valueOf(await config.write(write(sha256(ORIGINAL))));
    expect(done).toEqual({ digest: sha256(CHANGED), backupPath: `${path}.peershift-run-1` });
    expect(await readFile(path, 'utf8')).toBe(CHANGED);
    expect(await readFile(done.backupPath, 'utf8')).toBe(ORIGINAL);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await stat(done.backupPath)).mode & 0o777).toBe(0o640);
    expect((await readdir(folder)).sort()).toEqual(['etcd', 'etcd.peershift-run-1']);
  });

  it('keeps the first original of a run through a second write', async () => {
    const first = valueOf(await config.write(write(sha256(ORIGINAL))));
    valueOf(
      await config.write({
        ...write(first.digest),
        changes: [{ flag: 'name', from: 'm1', to: 'm2' }],
      }),
    );
    expect(await readFile(first.backupPath, 'utf8')).toBe(ORIGINAL);
    expect(await readFile(path, 'utf8')).toContain('ETCD_NAME="m2"');
  });

  it('is left alone when somebody else changed it', async () => {
    const other = `${ORIGINAL}# mine\n`;
    await writeFile(path, other);
    const result = await config.write(write(sha256(ORIGINAL)));
    expect(result).toMatchObject({ ok: false, error: { code: 'CONFIG_CHANGED' } });
    expect(await readFile(path, 'utf8')).toBe(other);
    expect(await readdir(folder)).toEqual(['etcd']);
  });

  it('is put back with bytes and mode, and the kept original stays', async () => {
    const done = valueOf(await config.write(write(sha256(ORIGINAL))));
    await chmod(path, 0o600);
    const back = valueOf(await config.restore(done.backupPath, done.digest));
    expect(back.digest).toBe(sha256(ORIGINAL));
    expect(await readFile(path, 'utf8')).toBe(ORIGINAL);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readFile(done.backupPath, 'utf8')).toBe(ORIGINAL);
    expect((await config.restore(done.backupPath, done.digest)).ok).toBe(true);
  });

  it('is not put back over somebody else’s change', async () => {
    const done = valueOf(await config.write(write(sha256(ORIGINAL))));
    await writeFile(path, 'ETCD_NAME=other\n');
    const result = await config.restore(done.backupPath, done.digest);
    expect(result).toMatchObject({ ok: false, error: { code: 'CONFIG_CHANGED' } });
    expect(await readFile(path, 'utf8')).toBe('ETCD_NAME=other\n');
  });

  it('that is not there is a failure that names it', async () => {
    await rm(path);
    const result = await config.read();
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'CONFIG_UNREADABLE', where: `${path} on here`, but: 'there is no such file' },
    });
  });

  it('that is no text is read and never edited', async () => {
    await writeFile(path, Buffer.concat([Buffer.from(ORIGINAL), Buffer.from([0x23, 0xff, 0x0a])]));
    const file = valueOf(await config.read());
    expect(file.settings['name']).toBe('m1');
    expect(file.problems).toEqual(['it is not UTF-8 text, and an edit would change other bytes']);
    const result = await config.write(write(file.digest));
    expect(result).toMatchObject({ ok: false, error: { code: 'CONFIG_UNREADABLE' } });
    expect(await readdir(folder)).toEqual(['etcd']);
  });

  it('is compared after the write: a host that loses bytes is found out', async () => {
    const real = localHost('here');
    const lossy: Host = {
      ...real,
      writeFile: (target, bytes, options) =>
        real.writeFile(target, target === path ? bytes.slice(0, 10) : bytes, options),
    };
    const result = await envFileConfig(lossy, path).write(write(sha256(ORIGINAL)));
    expect(result).toMatchObject({ ok: false, error: { code: 'CONFIG_CHANGED' } });
  });
});
