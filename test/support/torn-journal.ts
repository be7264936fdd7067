/** Turns the journal that a simulated run left into what the real file gives back after it was cut at some byte. */

import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type JournalContent, openJournal } from '../../src/adapters/store/journal-file.ts';
import { value } from './etcd-calls.ts';
import type { SimState } from './sim-life.ts';

/** The bytes of the newest journal, as its file would have them. */
export function journalBytes(state: SimState): Buffer {
  const lines = [...state.runs.values()].at(-1) ?? [];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
}

/** The journal read back from a real file that loses one byte after the other; what is wrong, a line each. */
export async function atEachByte(
  bytes: Uint8Array,
  look: (at: number, content: JournalContent) => string | undefined,
): Promise<{ readonly wrong: readonly string[]; readonly cuts: number }> {
  return withFile(bytes, async (file) => {
    const wrong: string[] = [];
    const journal = openJournal(file);
    for (let at = bytes.length; at >= 0; at -= 1) {
      await truncate(file, at);
      wrong.push(...[look(at, value(await journal.read()))].filter((text) => text !== undefined));
    }
    return { wrong, cuts: bytes.length + 1 };
  });
}

/** The machine lost power: of the newest journal these bytes are on the disk, and no more. */
export async function leaveOnDisk(state: SimState, bytes: Uint8Array): Promise<void> {
  const id = [...state.runs.keys()].at(-1) ?? '';
  const { entries } = await withFile(bytes, async (file) => value(await openJournal(file).read()));
  state.runs.set(
    id,
    entries.map((entry) => JSON.stringify(entry)),
  );
}

async function withFile<T>(bytes: Uint8Array, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'peershift-test-'));
  try {
    const file = path.join(folder, 'journal.jsonl');
    await writeFile(file, bytes);
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
