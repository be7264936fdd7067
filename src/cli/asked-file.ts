/** Turns a text into the file that a flag asked for (--html, --out): private, whole, and never over another one. */

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { type Result, err, ok } from '../base/result.ts';
import { systemErrorCode, systemErrorText } from '../base/system-error.ts';
import type { Failure } from '../model/failure.ts';

/** It names hosts, files and what is wrong with them. */
const FILE_MODE = 0o600;

/** The path of what was written; OUTPUT_UNWRITABLE when something is there already, or it cannot be written. */
export async function saveAsked(
  file: string,
  text: string,
  would: string,
): Promise<Result<string, Failure>> {
  const path = resolve(file);
  try {
    await writeFile(path, text, { flag: 'wx', mode: FILE_MODE, flush: true });
    return ok(path);
  } catch (error) {
    const isTaken = systemErrorCode(error) === 'EEXIST';
    return err({
      code: 'OUTPUT_UNWRITABLE',
      where: path,
      would,
      but: isTaken ? 'it is there already' : systemErrorText(error),
      so: 'nothing was written',
      remedy: isTaken
        ? 'name another file, or move that one away'
        : 'name a file that you may write',
    });
  }
}
