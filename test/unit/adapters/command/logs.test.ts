/** Goal: no line of a log is lost, doubled or cut in two. Method: real files, rotated as logrotate does. */

import {
  appendFile,
  copyFile,
  mkdtemp,
  rename,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileLog } from '../../../../src/adapters/command/logs.ts';
import { localHost } from '../../../../src/adapters/local/host.ts';
import type { Result } from '../../../../src/base/result.ts';
import type { Failure } from '../../../../src/model/failure.ts';
import type { LogCursor } from '../../../../src/ports.ts';

const host = localHost('here');
const KIB = 1024;
let folder = '';
let path = '';

function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.but}`);
  return result.value;
}

const end = async (): Promise<LogCursor> => valueOf(await fileLog(host, path).end());

/** All lines since the cursor, in as many calls as it takes; the cursor goes through JSON each time. */
async function all(from: LogCursor): Promise<{ lines: readonly string[]; cursor: LogCursor }> {
  const lines: string[] = [];
  let cursor = from;
  for (;;) {
    const kept = JSON.parse(JSON.stringify(cursor)) as LogCursor;
    const next = valueOf(await fileLog(host, path).since(kept));
    lines.push(...next.lines);
    cursor = next.cursor;
    if (!next.hasMore) return { lines, cursor };
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
  path = join(folder, 'etcd.log');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the lines of a log file', () => {
  it('since its end are the new ones, each once', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    expect((await all(cursor)).lines).toEqual([]);
    await appendFile(path, 'one\ntwo\r\n');
    const first = await all(cursor);
    expect(first.lines).toEqual(['one', 'two']);
    expect((await all(first.cursor)).lines).toEqual([]);
  });

  it('hold an unfinished last line back until its newline comes', async () => {
    await writeFile(path, 'old\nbeg');
    const cursor = await end();
    expect((await all(cursor)).lines).toEqual([]);
    await appendFile(path, 'un, and');
    const before = await all(cursor);
    expect(before.lines).toEqual([]);
    await appendFile(path, ' done\n');
    expect((await all(before.cursor)).lines).toEqual(['begun, and done']);
  });

  it('before its end begin with a whole line, within the asked stretch', async () => {
    await writeFile(path, `first\n${'x'.repeat(3000)}\nsecond\nthird\n`);
    const from = async (backBytes: number): Promise<readonly string[]> => {
      return (await all(valueOf(await fileLog(host, path).end(backBytes)))).lines;
    };
    expect(await from(13)).toEqual(['second', 'third']);
    expect(await from(12)).toEqual(['third']);
    expect(await from(100)).toEqual(['second', 'third']);
    expect((await from(KIB * KIB))[0]).toBe('first');
  });

  it('begin with the first one when the file is made later', async () => {
    const cursor = await end();
    expect((await all(cursor)).lines).toEqual([]);
    await writeFile(path, 'first\n');
    expect((await all(cursor)).lines).toEqual(['first']);
  });

  it('go on through a rotation by rename: the rest of the old file, then the new one', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    await appendFile(path, 'one\n');
    await rename(path, `${path}.1`);
    const between = await all(cursor);
    expect(between.lines).toEqual(['one']);
    await appendFile(`${path}.1`, 'two\nthree without end');
    await writeFile(path, 'four\n');
    const after = await all(between.cursor);
    expect(after.lines).toEqual(['two', 'three without end', 'four']);
    await appendFile(path, 'five\n');
    expect((await all(after.cursor)).lines).toEqual(['five']);
  });

  it('follow a process that goes on writing to the renamed file', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    await rename(path, `${path}.1`);
    await writeFile(path, '');
    await appendFile(`${path}.1`, 'one\n');
    const first = await all(cursor);
    await appendFile(`${path}.1`, 'two\n');
    expect([first.lines, (await all(first.cursor)).lines]).toEqual([['one'], ['two']]);
  });

  it('go on through a rotation by copy and cut', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    await appendFile(path, 'one\n');
    await copyFile(path, `${path}.1`);
    await truncate(path);
    await appendFile(path, 'two\n');
    expect((await all(cursor)).lines).toEqual(['one', 'two']);
  });

  it('go on through several rotations, by whatever names, to the newest', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    await appendFile(path, 'one\n');
    await rename(path, `${path}.1`);
    await writeFile(path, 'two\n');
    await rename(`${path}.1`, `${path}.2`);
    await rename(path, `${path}.1`);
    await writeFile(path, 'three\n');
    expect((await all(cursor)).lines).toEqual(['one', 'two', 'three']);
    await rename(`${path}.2`, `${path}-20261120`);
    await rename(`${path}.1`, `${path}-20261121`);
    expect((await all(cursor)).lines).toEqual(['one', 'two', 'three']);
  });

  it('go on when it is rotated again between two calls, also over an empty file', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    await appendFile(path, 'one\n');
    await rename(path, `${path}.1`);
    const between = await all(cursor);
    await rename(`${path}.1`, `${path}.3`);
    await writeFile(`${path}.2`, '');
    await writeFile(`${path}.1`, 'two\n');
    await writeFile(path, 'three\n');
    expect((await all(between.cursor)).lines).toEqual(['two', 'three']);
  });

  it('take the tenth rotated file for older than the ninth', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    await rename(path, `${path}.10`);
    for (let number = 9; number > 0; number -= 1) {
      await writeFile(`${path}.${String(number)}`, `line of ${String(number)}\n`);
    }
    await writeFile(path, 'last\n');
    const { lines } = await all(cursor);
    expect(lines[0]).toBe('line of 9');
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('last');
  });

  it.each<[string, () => Promise<void>, string]>([
    [
      'was cut',
      async () => {
        await truncate(path);
        await appendFile(path, 'one\n');
      },
      'was cut or replaced',
    ],
    [
      'was cut and has grown over the old end again',
      async () => {
        await truncate(path);
        await appendFile(path, 'two is a longer line than that\n');
      },
      'was cut or replaced',
    ],
    [
      'is gone',
      async () => {
        await unlink(path);
      },
      'was cut or replaced',
    ],
    [
      'was replaced',
      async () => {
        await unlink(path);
        await writeFile(path, 'one\n');
      },
      'was cut or replaced',
    ],
    [
      'was compressed by its rotation',
      async () => {
        await unlink(path);
        await writeFile(`${path}.1.gz`, 'no text');
        await writeFile(path, 'one\n');
      },
      'etcd.log.1.gz is compressed',
    ],
    [
      'has a successor that was compressed',
      async () => {
        await rename(path, `${path}.2`);
        await writeFile(`${path}.1.gz`, 'no text');
        await writeFile(path, 'one\n');
      },
      'etcd.log.1.gz is compressed, and none of it was read',
    ],
  ])('may be missing where the file %s, and that is said', async (_what, change, words) => {
    await writeFile(path, 'old line\n');
    const cursor = await end();
    await change();
    const next = await fileLog(host, path).since(cursor);
    expect(next).toMatchObject({ ok: false, error: { code: 'LOG_LINES_LOST' } });
    expect(next.ok ? '' : next.error.but).toContain(words);
    expect(next.ok ? '' : next.error.but).toContain('lines may be missing');
    // Nothing but a new beginning gets over it.
    expect(await fileLog(host, path).since(cursor)).toMatchObject({ ok: false });
  });

  it('come in bounded pieces, whole, and in order', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    const lines = Array.from(
      { length: 30_000 },
      (_, index) => `${String(index)} ${'é'.repeat(40)}`,
    );
    await appendFile(path, `${lines.join('\n')}\n`);
    const first = valueOf(await fileLog(host, path).since(cursor));
    expect(first.hasMore).toBe(true);
    expect(first.lines.length).toBeLessThan(15_000);
    expect((await all(cursor)).lines).toEqual(lines);
  });

  it('are cut at 64 KiB, however long they are, and the next one is whole again', async () => {
    await writeFile(path, 'old\n');
    const cursor = await end();
    await appendFile(path, `${'a'.repeat(100 * KIB)}\nnext\n${'b'.repeat(2500 * KIB)}\nlast\n`);
    const { lines } = await all(cursor);
    expect(lines.map((line) => `${line.slice(0, 4)} ${String(line.length)}`)).toEqual([
      `aaaa ${String(64 * KIB + 4)}`,
      'next 4',
      `bbbb ${String(64 * KIB + 4)}`,
      'last 4',
    ]);
  });

  it('are read though some bytes are no text', async () => {
    await writeFile(path, '');
    const cursor = await end();
    await appendFile(path, Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a, 0x63, 0x0a]));
    expect((await all(cursor)).lines).toEqual(['a\uFFFD\uFFFDb', 'c']);
  });
});
