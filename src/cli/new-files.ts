/** Turns texts into files that were not there before: whole, private where they must be, nothing lost. */

import { randomBytes } from 'node:crypto';
import { access, link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { type Result, err, ok } from '../base/result.ts';
import { systemErrorCode, systemErrorText } from '../base/system-error.ts';
import type { Failure } from '../model/failure.ts';

export interface NewFile {
  readonly path: string;
  readonly bytes: string | Uint8Array;
  readonly isPrivate: boolean;
}

/** Of one file within one second; nobody renews more often. */
const MOST_COPIES = 100;
const FOLDER_MODE = 0o700;
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/** Undefined when none of the paths is taken, or when they may be. */
export async function takenPath(
  paths: readonly string[],
  mayReplace: boolean,
): Promise<Failure | undefined> {
  if (mayReplace) return undefined;
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return taken(path);
  }
  return undefined;
}

/**
 * In this order, each by a temporary file beside it: a reader sees all of it or nothing. A file that
 * is in the way stops it; with `mayReplace` it is kept as `<path>.<stamp>`.
 */
export async function writeNewFiles(
  files: readonly NewFile[],
  mayReplace: boolean,
  stamp: string,
): Promise<Result<undefined, Failure>> {
  for (const file of files) {
    try {
      await mkdir(dirname(file.path), { recursive: true, mode: FOLDER_MODE });
      await writeOne(file, mayReplace, stamp);
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return err(taken(file.path));
      return err(unwritable(file.path, systemErrorText(error)));
    }
  }
  return ok(undefined);
}

async function writeOne(file: NewFile, mayReplace: boolean, stamp: string): Promise<void> {
  const folder = dirname(file.path);
  const temporary = join(folder, `.${basename(file.path)}.${randomBytes(6).toString('hex')}`);
  const handle = await open(temporary, 'wx', PRIVATE_MODE);
  try {
    await handle.writeFile(file.bytes);
    await handle.chmod(file.isPrivate ? PRIVATE_MODE : PUBLIC_MODE);
    await handle.sync();
    await handle.close();
    if (mayReplace) {
      await keepOld(file.path, `${file.path}.${stamp}`);
      await rename(temporary, file.path);
      return;
    }
    // Unlike a rename a link never takes the place of what is there.
    await link(temporary, file.path);
  } finally {
    await handle.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
  }
}

/** Two renewals in one second do not meet. */
async function keepOld(path: string, kept: string): Promise<void> {
  for (let copy = 1; ; copy += 1) {
    try {
      await link(path, copy === 1 ? kept : `${kept}-${String(copy)}`);
      return;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return;
      if (code !== 'EEXIST' || copy === MOST_COPIES) throw error;
    }
  }
}

function taken(path: string): Failure {
  return {
    code: 'PKI_FAILED',
    where: path,
    would: 'write a new file there',
    but: 'it is there already, and may be in use',
    so: 'nothing was overwritten',
    remedy:
      'choose another --out, or pass --renew: the old files are then kept beside the new ones',
  };
}

function unwritable(path: string, but: string): Failure {
  return {
    code: 'PKI_FAILED',
    where: path,
    would: 'write a new file there',
    but,
    so: 'what is missing of the key, request and certificate was not written',
    remedy: 'make the folder writable for you, then try again',
  };
}
