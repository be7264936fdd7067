/** Turns a plan file and a run's id into the folder that holds everything the run leaves behind. */

import { chmod, mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import writeFileAtomic from 'write-file-atomic';

import { err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import type { Failure } from '../../model/failure.ts';
import { type RunId, runId } from '../../model/ids.ts';
import type { Answer } from '../../ports.ts';

/** Absolute paths; the files are born when they are first written. */
export interface RunFolder {
  readonly id: RunId;
  readonly path: string;
  readonly journal: string;
  /** Is there while somebody asks the run to pause. */
  readonly pause: string;
  readonly log: string;
  readonly backup: string;
  readonly reportJson: string;
  readonly reportHtml: string;
  /** Command outputs and copies of files, too long for the journal. */
  readonly files: string;
}

/** Backups hold the cluster's data: nobody but the operator gets in. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** `.peershift/<plan name>` beside the plan file, or below `stateDirectory` (--state) when given. */
export function stateFolder(planFile: string, planName: string, stateDirectory?: string): string {
  const root = stateDirectory ?? join(dirname(planFile), '.peershift');
  return resolve(root, safeName(planName));
}

function runFolder(state: string, id: RunId): RunFolder {
  const path = join(state, safeName(id));
  return {
    id,
    path,
    journal: join(path, 'journal.jsonl'),
    pause: join(path, 'pause'),
    log: join(path, 'run.log'),
    backup: join(path, 'backup.db'),
    reportJson: join(path, 'report.json'),
    reportHtml: join(path, 'report.html'),
    files: join(path, 'files'),
  };
}

/** Makes what is missing of the state folder, 0700, without a run in it. */
export async function makeStateFolder(state: string): Answer<undefined> {
  return await attempt(state, async () => {
    await makePrivate(state);
    return undefined;
  });
}

/** A new run's folder; STATE_UNWRITABLE also when a run of that id is there already. */
export async function createRunFolder(state: string, id: RunId): Answer<RunFolder> {
  const folder = runFolder(state, id);
  return await attempt(folder.path, async () => {
    await makePrivate(state);
    await mkdir(folder.path, { mode: FOLDER_MODE });
    await mkdir(folder.files, { mode: FOLDER_MODE });
    await syncFolder(folder.path);
    await syncFolder(state);
    return folder;
  });
}

/** All runs, newest first: an id begins with the time of its start. */
export async function listRuns(state: string): Answer<readonly RunFolder[]> {
  return await attempt(state, async () => {
    const entries = await readdir(state, { withFileTypes: true }).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return [];
      throw error;
    });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => runFolder(state, runId(decodeURIComponent(entry.name))))
      .sort((a, b) => (a.id < b.id ? 1 : -1));
  });
}

/** A report or a copy in the run's folder: whole or not there, 0600. */
export async function saveInRun(path: string, text: string): Answer<undefined> {
  return await attempt(path, async () => {
    await writeFileAtomic(path, text, { mode: FILE_MODE });
    return undefined;
  });
}

/** A name with a slash, or one that starts with a dot, is data and not a path. */
function safeName(name: string): string {
  return encodeURIComponent(name).replace(/^\./, '%2E');
}

/** Folders above that exist are left alone; our own loses what others may do in it. */
async function makePrivate(state: string): Promise<void> {
  await mkdir(state, { recursive: true, mode: FOLDER_MODE });
  await chmod(state, FOLDER_MODE);
  await syncFolder(dirname(state));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function attempt<T>(path: string, act: () => Promise<T>): Answer<T> {
  try {
    return ok(await act());
  } catch (error) {
    return err(stateFailure(path, systemErrorText(error)));
  }
}

function stateFailure(path: string, but: string): Failure {
  return {
    code: 'STATE_UNWRITABLE',
    where: path,
    would: 'keep the records of runs there',
    but,
    so: 'nothing was changed: without records no run could be resumed or rolled back',
    remedy: 'make the folder writable and make room on its disk, or choose another with --state',
  };
}
