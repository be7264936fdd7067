/** Turns the snapshot stream of a member into a whole, checked and durable file on this machine. */

import { err, ok } from '../../base/result.ts';
import { durationText } from '../../base/duration.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer } from '../../ports.ts';
import { type EtcdClient, type Line, start } from './client.ts';
import { failureOf } from './errors.ts';
import { type SavedSnapshot, saveSnapshot } from './snapshot-file.ts';

/** A cold page of a big database comes later than an ordinary answer; silence beyond that is a fault. */
const SILENT_CALLS = 4;

const NO_BACKUP = 'there is no backup; nothing was changed in the cluster';

/**
 * Size and SHA-256 (hex, of the whole file, as sha256sum prints it). The stream may take as long as it
 * needs, while each piece must come within four times `callMs`. Fails with BACKUP_FAILED; the file is then
 * not there.
 */
export async function snapshot(client: EtcdClient, path: string): Answer<SavedSnapshot> {
  const silentMs = client.options.callMs * SILENT_CALLS;
  const would = `save a snapshot of the data to ${path}`;
  try {
    const saved = await client.use('Maintenance', {}, (line) =>
      saveSnapshot(pieces(line, silentMs), path),
    );
    if (!saved.ok) {
      const attempt = { code: 'BACKUP_FAILED', would, so: NO_BACKUP } as const;
      return err(failureOf(client.endpoint, saved.error, attempt));
    }
    if (saved.value.ok) return ok(saved.value.value);
    return err(backupFailed(client, would, saved.value.error));
  } catch (error) {
    if (!(error instanceof Silence)) throw error;
    const words = `${error.message} for ${durationText(silentMs)}`;
    const remedy = 'see whether the member is frozen or its disk is slow, then try again';
    return err(backupFailed(client, would, { words, remedy }));
  }
}

function backupFailed(
  client: EtcdClient,
  would: string,
  reason: { readonly words: string; readonly remedy: string },
): Failure {
  return {
    code: 'BACKUP_FAILED',
    where: `etcd at ${client.endpoint.shown}`,
    would,
    but: reason.words,
    so: NO_BACKUP,
    remedy: reason.remedy,
  };
}

/** Its message says how far the stream had come. */
class Silence extends Error {}

interface SnapshotStream extends AsyncIterable<{ readonly blob: Buffer }> {
  on(event: 'error', listener: () => void): this;
  cancel(): void;
}

/** The clock stands still while the disk is written to: only the member's silence counts. */
async function* pieces(line: Line, silentMs: number): AsyncGenerator<Uint8Array> {
  const stream = start(line, 'Snapshot', {}, line.metadata, {}) as SnapshotStream;
  // The iterator tells errors; this one is for those that cancel() makes afterwards.
  stream.on('error', () => undefined);
  const silence = new AbortController();
  let sizeBytes = 0;
  const giveUp = (): void => {
    silence.abort();
    stream.cancel();
  };
  let timer = setTimeout(giveUp, silentMs);
  try {
    for await (const { blob } of stream) {
      clearTimeout(timer);
      sizeBytes += blob.length;
      yield blob;
      timer = setTimeout(giveUp, silentMs);
    }
  } catch (error) {
    if (!silence.signal.aborted) throw error;
    throw new Silence(`nothing came after ${String(sizeBytes)} bytes of the snapshot`);
  } finally {
    clearTimeout(timer);
    stream.cancel();
  }
}
