/** Turns paths into bytes and bytes into whole files on this machine: nobody ever sees half a file. */

import { randomBytes } from 'node:crypto';
import { type Stats, constants } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import { hostFileFailure } from '../../model/host-failure.ts';
import type { Answer, HostFile, HostRange, WriteOptions } from '../../ports.ts';

/** Configuration files and certificates; a larger one is not what it is taken for. */
const READ_LIMIT_BYTES = 16 * 1024 * 1024;
/** As many as the Linux kernel follows. */
const SYMLINK_LIMIT = 40;
const NEW_FILE_MODE = 0o600;
const NEW_FOLDER_MODE = 0o755;
const PERMISSION_BITS = 0o7777;

/** Regular files only; undefined when there is none. */
export async function readWholeFile(label: string, path: string): Answer<HostFile | undefined> {
  return await attempt(
    label,
    `read ${path}`,
    async () =>
      await withRegularFile(path, async (file) => {
        const facts = await file.stat();
        if (facts.size > READ_LIMIT_BYTES) {
          throw new Error(`it has ${String(facts.size)} bytes, over ${String(READ_LIMIT_BYTES)}`);
        }
        return {
          bytes: new Uint8Array(await file.readFile()),
          mode: facts.mode & PERMISSION_BITS,
          uid: facts.uid,
          gid: facts.gid,
          modifiedAtMs: facts.mtimeMs,
        };
      }),
  );
}

export async function readFileRange(
  label: string,
  path: string,
  offset: number,
  maxBytes: number,
): Answer<HostRange | undefined> {
  return await attempt(
    label,
    `read ${path}`,
    async () =>
      await withRegularFile(path, async (file) => {
        // Inode numbers may be larger than a double holds exactly.
        const facts = await file.stat({ bigint: true });
        const sizeBytes = Number(facts.size);
        const bytes = new Uint8Array(Math.max(0, Math.min(maxBytes, sizeBytes - offset)));
        let count = 0;
        while (count < bytes.length) {
          const { bytesRead } = await file.read(bytes, count, bytes.length - count, offset + count);
          if (bytesRead === 0) break;
          count += bytesRead;
        }
        const identity = `${String(facts.dev)}:${String(facts.ino)}`;
        return { bytes: bytes.subarray(0, count), sizeBytes, identity };
      }),
  );
}

/**
 * Temp file beside it, owner and mode, fsync, rename, fsync of the folder. A symbolic link stays: the
 * file that it points to is replaced. Hard links and access control lists are not carried over.
 */
export async function writeWholeFile(
  label: string,
  path: string,
  bytes: Uint8Array,
  options: WriteOptions,
): Answer<undefined> {
  return await attempt(label, `write ${path}`, async () => {
    const target = await finalTarget(path);
    const folder = dirname(target);
    await makeFolders(folder);
    const old = await statOrUndefined(target);
    if (old !== undefined && !old.isFile()) throw new Error('it is not a regular file');
    const temporary = join(
      folder,
      `.${basename(target)}.peershift-${randomBytes(6).toString('hex')}`,
    );
    const file = await open(temporary, 'wx', NEW_FILE_MODE);
    try {
      await fill(file, bytes, {
        mode: options.mode ?? (old === undefined ? NEW_FILE_MODE : old.mode & PERMISSION_BITS),
        uid: options.uid ?? old?.uid,
        gid: options.gid ?? old?.gid,
      });
      await file.close();
      await rename(temporary, target);
    } catch (error) {
      await file.close().catch(() => undefined);
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await syncFolder(folder);
    return undefined;
  });
}

/** A file that is not there is removed already. */
export async function removeWholeFile(label: string, path: string): Answer<undefined> {
  return await attempt(label, `remove ${path}`, async () => {
    try {
      await unlink(path);
      await syncFolder(dirname(path));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
    return undefined;
  });
}

interface Ownership {
  readonly mode: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

async function fill(file: FileHandle, bytes: Uint8Array, wanted: Ownership): Promise<void> {
  await file.writeFile(bytes);
  const made = await file.stat();
  const uid = wanted.uid ?? made.uid;
  const gid = wanted.gid ?? made.gid;
  if (uid !== made.uid || gid !== made.gid) await file.chown(uid, gid);
  await file.chmod(wanted.mode);
  await file.sync();
}

/** Non-blocking, so that a named pipe in a file's place is an answer and not a wait. */
async function withRegularFile<T>(
  path: string,
  use: (file: FileHandle) => Promise<T>,
): Promise<T | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file');
    return await use(file);
  } finally {
    await file.close();
  }
}

/** The real file behind symbolic links, also where the last one points to nothing yet. */
async function finalTarget(path: string): Promise<string> {
  let current = resolve(path);
  for (let count = 0; count < SYMLINK_LIMIT; count++) {
    try {
      return await realpath(current);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
    const link = await readlink(current).catch(() => undefined);
    if (link === undefined) return current;
    current = resolve(dirname(current), link);
  }
  throw new Error(`it is behind more than ${String(SYMLINK_LIMIT)} symbolic links`);
}

/** The umask must not make a folder that etcd's user cannot enter. */
async function makeFolders(folder: string): Promise<void> {
  if ((await statOrUndefined(folder)) !== undefined) return;
  await makeFolders(dirname(folder));
  await mkdir(folder);
  const handle = await open(folder, 'r');
  try {
    await handle.chmod(NEW_FOLDER_MODE);
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(folder));
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
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

async function attempt<T>(label: string, would: string, act: () => Promise<T>): Answer<T> {
  try {
    return ok(await act());
  } catch (error) {
    return err(hostFileFailure(label, would, systemErrorText(error)));
  }
}
