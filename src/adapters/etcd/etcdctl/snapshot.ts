/** Turns `etcdctl snapshot save` on a member's host into a whole, checked and durable file on this machine. */

import { err, ok } from '../../../base/result.ts';
import type { Failure } from '../../../model/failure.ts';
import type { Answer, Host } from '../../../ports.ts';
import { failureOf } from '../errors.ts';
import { type SavedSnapshot, saveSnapshot } from '../snapshot-file.ts';
import type { Trouble } from '../trouble.ts';
import type { CtlClient } from './client.ts';
import { runSnapshotSave } from './program.ts';
import { saidBy } from './words.ts';

/** etcdctl does not tell how far it is: 8 GiB, etcd's largest database, at 15 MB/s. */
const SAVE_MS = 600_000;
const PIECE_BYTES = 8 * 1024 * 1024;
const CLEAN_MS = 60_000;

const NO_BACKUP = 'there is no backup; nothing was changed in the cluster';

/**
 * Saved below /var/tmp of the host, readable by its own user alone, carried here in pieces and removed
 * there, whatever came of it. BACKUP_FAILED; then the file is not there.
 */
export async function snapshot(client: CtlClient, path: string): Answer<SavedSnapshot> {
  const would = `save a snapshot of the data to ${path}`;
  const fail = (trouble: Trouble): { readonly ok: false; readonly error: Failure } =>
    err(failureOf(client.endpoint, trouble, { code: 'BACKUP_FAILED', would, so: NO_BACKUP }));
  const ready = await client.ready();
  if (!ready.ok) return fail(ready.error);
  const { host } = client.program;
  const ended = await runSnapshotSave(client.program, {
    words: [...client.flags(client.options.callMs), 'snapshot', 'save'],
    secrets: client.options,
    deadlineMs: SAVE_MS,
  });
  if (!ended.ok) return fail(ended.error);
  if (ended.value.exitCode !== 0) return fail(saidBy(ended.value, client.asked(SAVE_MS)));
  const folder = ended.value.stdout.trim();
  try {
    const saved = await saveSnapshot(pieces(host, `${folder}/backup.db`), path);
    return saved.ok ? ok(saved.value) : fail({ kind: 'refused', ...saved.error });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return fail({ kind: 'cut', words: error.failure.but, remedy: error.failure.remedy });
  } finally {
    await host.exec(['rm', '-rf', '--', folder], { deadlineMs: CLEAN_MS });
  }
}

class Unreadable extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.but);
    this.failure = failure;
  }
}

async function* pieces(host: Host, path: string): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (;;) {
    const range = await host.readRange(path, offset, PIECE_BYTES);
    if (!range.ok) throw new Unreadable(range.error);
    const bytes = range.value?.bytes ?? new Uint8Array();
    if (bytes.length === 0) return;
    offset += bytes.length;
    yield bytes;
  }
}
