/** Turns the pieces of a snapshot into a file that is there whole and checked, or not at all. */

import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Result, err, ok } from '../../base/result.ts';

export interface SavedSnapshot {
  readonly sizeBytes: number;
  /** Of the whole file, in hex. */
  readonly sha256: string;
}

export interface SaveProblem {
  readonly words: string;
  readonly remedy: string;
}

/** etcd sends the SHA-256 of the database as the last bytes (v3rpc/maintenance.go). */
const DIGEST_BYTES = 32;
/** Two pages of the smallest page size: no database is smaller. */
const SMALLEST_BYTES = 2 * 512 + DIGEST_BYTES;

export type OpenFile = (path: string) => Promise<Pick<FileHandle, 'write' | 'sync' | 'close'>>;

/** Readable by nobody else: the file holds all data of the cluster. */
const openNew: OpenFile = async (path) => {
  await rm(path, { force: true });
  return open(path, 'wx', 0o600);
};

/**
 * Writes beside the path, checks the digest, fsyncs, then renames. Trouble with the disk or the digest is a
 * value; what the pieces themselves throw is thrown on. In both cases nothing is left behind.
 */
export async function saveSnapshot(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
  openFile: OpenFile = openNew,
): Promise<Result<SavedSnapshot, SaveProblem>> {
  const partial = `${path}.partial`;
  const digest = new TrailingDigest();
  try {
    const file = await openFile(partial);
    try {
      for await (const piece of pieces) {
        digest.take(piece);
        await writeAll(file, piece);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    const problem = digest.problem();
    if (problem !== undefined) return err(await withoutPartial(partial, problem));
    await rename(partial, path);
    await syncFolder(dirname(path));
    return ok({ sizeBytes: digest.sizeBytes, sha256: digest.ofWhole() });
  } catch (error) {
    const problem = diskProblem(error, digest.sizeBytes, dirname(path));
    await withoutPartial(partial, undefined);
    if (problem === undefined) throw error;
    return err(problem);
  }
}

async function withoutPartial<T>(partial: string, problem: T): Promise<T> {
  // A disk that cannot be written to may refuse this too; the first reason is the one that counts.
  await rm(partial, { force: true }).catch(() => undefined);
  return problem;
}

async function writeAll(file: Pick<FileHandle, 'write'>, piece: Uint8Array): Promise<void> {
  let written = 0;
  while (written < piece.length) {
    const { bytesWritten } = await file.write(piece, written);
    written += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** SHA-256 of everything but the last 32 bytes, which are kept back to be compared with it. */
class TrailingDigest {
  sizeBytes = 0;
  readonly #hash = createHash('sha256');
  #tail: Buffer = Buffer.alloc(0);

  take(piece: Uint8Array): void {
    this.sizeBytes += piece.length;
    const joined = Buffer.concat([this.#tail, piece]);
    const cut = Math.max(0, joined.length - DIGEST_BYTES);
    this.#hash.update(joined.subarray(0, cut));
    this.#tail = joined.subarray(cut);
  }

  problem(): SaveProblem | undefined {
    const remedy = 'take the snapshot again, from another member if this one repeats it';
    if (this.sizeBytes < SMALLEST_BYTES) {
      return { words: `the snapshot ended after ${String(this.sizeBytes)} bytes`, remedy };
    }
    if (this.#hash.copy().digest().equals(this.#tail)) return undefined;
    return { words: 'the SHA-256 at the end of the snapshot does not fit its bytes', remedy };
  }

  ofWhole(): string {
    return this.#hash.copy().update(this.#tail).digest('hex');
  }
}

/** Only what the file system says has a system call; anything else came with the pieces. */
function diskProblem(error: unknown, sizeBytes: number, folder: string): SaveProblem | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const code = String(error.code);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  if (isFull) {
    return {
      words: `the disk of ${folder} is full after ${String(sizeBytes)} bytes (${code})`,
      remedy: 'free space there, or choose another state folder (--state), then try again',
    };
  }
  return {
    words: `${folder} cannot be written to: ${error.message}`,
    remedy: 'correct the folder or choose another state folder (--state), then try again',
  };
}
