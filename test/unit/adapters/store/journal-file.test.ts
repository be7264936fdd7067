/** Goal: what `append` vouched for is there after any death, and nothing else is. Method: real files, cut at each byte. */

import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openJournal } from '../../../../src/adapters/store/journal-file.ts';
import { runId } from '../../../../src/model/ids.ts';
import { JOURNAL_VERSION, type JournalEntry } from '../../../../src/model/journal.ts';

let folder = '';
let path = '';

function entry(seq: number, what = 'grüße'): JournalEntry {
  const at = '2026-01-02T03:04:05Z';
  return { v: JOURNAL_VERSION, run: runId('r1'), seq, at, type: 'noted', what };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
  path = join(folder, 'journal.jsonl');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a journal file', () => {
  it('is empty before its first entry and private from then on', async () => {
    const journal = openJournal(path);
    expect(await journal.read()).toEqual({ ok: true, value: { entries: [], tornTail: false } });
    expect(await journal.append(entry(1))).toEqual({ ok: true, value: undefined });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('gives the entries back in order, also those appended at the same time', async () => {
    const journal = openJournal(path);
    const entries = Array.from({ length: 20 }, (_, index) => entry(index));
    const results = await Promise.all(entries.map((one) => journal.append(one)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(await openJournal(path).read()).toEqual({
      ok: true,
      value: { entries, tornTail: false },
    });
  });

  it('loses no whole line wherever a write was cut off, and goes on cleanly', async () => {
    const first = `${JSON.stringify(entry(1))}\n`;
    const second = Buffer.from(`${JSON.stringify(entry(2))}\n`);
    for (let length = 0; length < second.length; length++) {
      await writeFile(path, Buffer.concat([Buffer.from(first), second.subarray(0, length)]));
      const journal = openJournal(path);
      expect(await journal.read()).toEqual({
        ok: true,
        value: { entries: [entry(1)], tornTail: length > 0 },
      });
      expect((await journal.append(entry(3))).ok).toBe(true);
      expect(await readFile(path, 'utf8')).toBe(`${first}${JSON.stringify(entry(3))}\n`);
    }
  });

  it('cuts off a last line that is no JSON, as a crash of the machine may leave it', async () => {
    await writeFile(path, `${JSON.stringify(entry(1))}\n\0\0\0\0\n`);
    const journal = openJournal(path);
    expect(await journal.read()).toMatchObject({ value: { tornTail: true } });
    await journal.append(entry(2));
    expect(await journal.read()).toMatchObject({
      value: { entries: [entry(1), entry(2)], tornTail: false },
    });
  });

  it('is refused, and not appended to, when a line in its middle is broken', async () => {
    const text = `${JSON.stringify(entry(1))}\n{"seq":\n${JSON.stringify(entry(3))}\n`;
    await writeFile(path, text);
    const journal = openJournal(path);
    const error = { code: 'JOURNAL_INVALID', where: path, but: 'line 2 is not JSON' };
    expect(await journal.read()).toMatchObject({ ok: false, error });
    expect(await journal.append(entry(4))).toMatchObject({ ok: false, error });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('does not begin again in its middle when it vanished', async () => {
    const journal = openJournal(path);
    await journal.append(entry(1));
    await rm(path);
    expect(await journal.append(entry(2))).toMatchObject({
      ok: false,
      error: { code: 'STATE_UNWRITABLE', but: 'no such file or folder (ENOENT)' },
    });
  });

  it('says that the disk is full', async () => {
    const journal = openJournal(path);
    await journal.append(entry(1));
    await rm(path);
    await symlink('/dev/full', path);
    expect(await journal.append(entry(2))).toMatchObject({
      ok: false,
      error: { code: 'STATE_UNWRITABLE', where: path, but: 'the disk is full (ENOSPC)' },
    });
  });

  it('is a failure where its folder is missing', async () => {
    const journal = openJournal(join(folder, 'no-such-folder/journal.jsonl'));
    expect(await journal.append(entry(1))).toMatchObject({
      ok: false,
      error: { code: 'STATE_UNWRITABLE' },
    });
  });

  it('goes on after a failed append once the trouble is over', async () => {
    const journal = openJournal(path);
    await journal.append(entry(1));
    const kept = await readFile(path);
    await rm(path);
    await mkdir(path);
    expect((await journal.append(entry(2))).ok).toBe(false);
    await rm(path, { recursive: true });
    await writeFile(path, kept);
    await appendFile(path, '{"torn');
    expect((await journal.append(entry(3))).ok).toBe(true);
    expect(await journal.read()).toMatchObject({ value: { entries: [entry(1), entry(3)] } });
  });
});
