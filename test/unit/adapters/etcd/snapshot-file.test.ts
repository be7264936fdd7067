/** Goal: a snapshot file is whole or absent. Method: pieces cut anywhere, broken digests, a disk that fills up. */

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenFile, saveSnapshot } from '../../../../src/adapters/etcd/snapshot-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-snapshot-'));
  path = join(folder, 'backup.db');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const DATABASE = Buffer.alloc(4096, 'etcd');
const WHOLE = Buffer.concat([DATABASE, createHash('sha256').update(DATABASE).digest()]);

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

describe('saveSnapshot', () => {
  test.each([1, 7, 31, 32, 33, 4096, 4128, 10_000])(
    'writes and checks a stream of pieces of %i bytes',
    async (size) => {
      const saved = await saveSnapshot(cut(WHOLE, size), path);
      const sha256 = createHash('sha256').update(WHOLE).digest('hex');
      expect(saved).toEqual({ ok: true, value: { sizeBytes: WHOLE.length, sha256 } });
      expect(await readFile(path)).toEqual(WHOLE);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readdir(folder)).toEqual(['backup.db']);
    },
  );

  test('replaces what an earlier try left half-written', async () => {
    await writeFile(`${path}.partial`, 'old', { mode: 0o644 });
    expect((await saveSnapshot(cut(WHOLE, 512), path)).ok).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('refuses a stream with one wrong byte and leaves no file', async () => {
    const wrong = Buffer.from(WHOLE);
    wrong[100] = 0;
    const saved = await saveSnapshot(cut(wrong, 512), path);
    expect(saved).toMatchObject({
      ok: false,
      error: { words: expect.stringContaining('SHA-256') as string },
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test('refuses a stream that ended early', async () => {
    const saved = await saveSnapshot(cut(WHOLE.subarray(0, 4000), 512), path);
    expect(saved).toMatchObject({ ok: false });
    const empty = await saveSnapshot(cut(Buffer.alloc(0), 1), path);
    expect(empty).toMatchObject({
      ok: false,
      error: { words: 'the snapshot ended after 0 bytes' },
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test('says how far it came when the disk is full', async () => {
    const full: OpenFile = () => {
      let count = 0;
      return Promise.resolve({
        write: () => {
          count += 1;
          if (count < 3) return Promise.resolve({ bytesWritten: 512, buffer: '' });
          const error = new Error('ENOSPC: no space left on device, write');
          return Promise.reject(Object.assign(error, { code: 'ENOSPC', syscall: 'write' }));
        },
        sync: () => Promise.resolve(),
        close: () => Promise.resolve(),
      });
    };
    const saved = await saveSnapshot(cut(WHOLE, 512), path, full);
    const words = `the disk of ${folder} is full after 1536 bytes (ENOSPC)`;
    expect(saved).toMatchObject({ ok: false, error: { words } });
  });

  test('names a folder that is not there', async () => {
    const saved = await saveSnapshot(cut(WHOLE, 512), join(folder, 'none', 'backup.db'));
    expect(saved).toMatchObject({
      ok: false,
      error: { words: expect.stringContaining('ENOENT') as string },
    });
  });

  test('throws on what the stream throws, and leaves no file', async () => {
    const broken = new Error('14 UNAVAILABLE: Connection dropped');
    async function* breaking(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(WHOLE.subarray(0, 512));
      throw broken;
    }
    await expect(saveSnapshot(breaking(), path)).rejects.toBe(broken);
    expect(await readdir(folder)).toEqual([]);
  });
});
