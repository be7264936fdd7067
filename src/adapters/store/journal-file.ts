/** Turns journal entries into JSON lines that are on the disk when `append` resolves, and back. */

import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import type { Failure } from '../../model/failure.ts';
import type { JournalEntry } from '../../model/journal.ts';
import type { Answer, JournalStore } from '../../ports.ts';

/** What stands in the file: whole lines, decoded; whether they make a history is for the fold to say. */
export interface JournalContent {
  readonly entries: readonly unknown[];
  /** The file ends in a line that was not written whole; the next append cuts it off. */
  readonly tornTail: boolean;
}

export interface JournalFile extends JournalStore {
  /** An empty journal when there is no file yet; JOURNAL_INVALID for a broken line before the last. */
  read(): Answer<JournalContent>;
}

const FILE_MODE = 0o600;

interface Parsed extends JournalContent {
  /** Of the whole lines. */
  readonly sizeBytes: number;
}

/**
 * Appends are done one after another, each with one write and an fsync. The file is opened for each of
 * them, so a journal that was removed or whose disk is gone is noticed at once. Only a line that no
 * `append` has ever vouched for is cut off: without its newline the write did not end.
 */
export function openJournal(path: string): JournalFile {
  let last: Promise<unknown> = Promise.resolve();
  let isTrusted = false;
  const append = async (entry: JournalEntry): Answer<undefined> => {
    const prepared = isTrusted ? ok(undefined) : await prepare(path);
    if (!prepared.ok) return prepared;
    const written = await appendLine(path, `${JSON.stringify(entry)}\n`);
    isTrusted = written.ok;
    return written;
  };
  return {
    append: (entry) => {
      const mine = last.then(() => append(entry));
      last = mine;
      return mine;
    },
    read: async () => {
      const parsed = await parse(path);
      if (!parsed.ok) return parsed;
      const { entries = [], tornTail = false } = parsed.value ?? {};
      return ok({ entries, tornTail });
    },
  };
}

/** The file exists and ends with a whole line. */
async function prepare(path: string): Answer<undefined> {
  const parsed = await parse(path);
  if (!parsed.ok) return parsed;
  try {
    if (parsed.value === undefined) await createEmpty(path);
    else if (parsed.value.tornTail) await cutTo(path, parsed.value.sizeBytes);
    return ok(undefined);
  } catch (error) {
    return err(unwritable(path, error));
  }
}

async function appendLine(path: string, line: string): Answer<undefined> {
  let file: FileHandle | undefined;
  try {
    // Without O_CREAT: a journal that vanished must not begin again in its middle.
    file = await open(path, constants.O_WRONLY | constants.O_APPEND);
    const { size } = await file.stat();
    try {
      await writeAll(file, Buffer.from(line, 'utf8'));
      await file.sync();
    } catch (error) {
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
    return ok(undefined);
  } catch (error) {
    return err(unwritable(path, error));
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** One write as a rule; a full disk may take a part and refuse the rest. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes.subarray(done));
    done += bytesWritten;
  }
}

async function createEmpty(path: string): Promise<void> {
  const file = await open(path, 'ax', FILE_MODE);
  await file.sync();
  await file.close();
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
}

async function cutTo(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(sizeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function parse(path: string): Answer<Parsed | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return ok(undefined);
    return err(unreadable(path, systemErrorText(error)));
  }
  return parseJournal(path, bytes);
}

function parseJournal(path: string, bytes: Buffer): Result<Parsed, Failure> {
  const entries: unknown[] = [];
  let at = 0;
  for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', at)) {
    const entry = parseLine(bytes.toString('utf8', at, end));
    if (!entry.ok) {
      const isLast = end + 1 === bytes.length;
      if (isLast) return ok({ entries, tornTail: true, sizeBytes: at });
      return err(unreadable(path, `line ${String(entries.length + 1)} is not JSON`));
    }
    entries.push(entry.value);
    at = end + 1;
  }
  return ok({ entries, tornTail: at < bytes.length, sizeBytes: at });
}

function parseLine(line: string): Result<unknown, undefined> {
  try {
    return ok(JSON.parse(line) as unknown);
  } catch {
    return err(undefined);
  }
}

function unreadable(path: string, but: string): Failure {
  return {
    code: 'JOURNAL_INVALID',
    where: path,
    would: 'read what the run has done so far',
    but,
    so: 'what was done cannot be told from it; nothing was changed',
    remedy: 'keep the file, look at the cluster with "peershift status", and start a new run',
  };
}

function unwritable(path: string, error: unknown): Failure {
  return {
    code: 'STATE_UNWRITABLE',
    where: path,
    would: 'write down the next step before it is done',
    but: systemErrorText(error),
    so: 'nothing is done that is not written down first: the run stops here',
    remedy: 'make room or put the disk right, then "peershift resume"',
  };
}
