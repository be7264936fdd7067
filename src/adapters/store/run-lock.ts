/** Turns a plan's state folder into a lock: one run of it at a time on this machine. */

import { readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import type { Failure } from '../../model/failure.ts';
import type { RunId } from '../../model/ids.ts';
import type { Answer } from '../../ports.ts';

export interface RunLock {
  /** Harmless when the lock is lost or released already. */
  release(): Promise<void>;
}

interface LockOwner {
  readonly pid: number;
  readonly host: string;
  readonly run: string;
}

/** A holder touches the lock this often ... */
const TOUCH_MS = 2000;
/** ... and is taken for dead, on whatever machine it runs, after five missed touches. */
const STALE_MS = 10_000;

interface Places {
  readonly state: string;
  readonly lock: string;
  readonly owner: string;
}

/**
 * The folder must exist. ALREADY_RUNNING names the holder. A holder on this machine whose process is gone
 * is followed at once, so that `resume` need not wait after a crash; one elsewhere after 10 s of silence.
 * `onLost` is called when another took the lock while we did not touch it (a stopped process, a
 * jumping clock): the run must come to a stop then.
 */
export async function lockState(
  state: string,
  run: RunId,
  onLost: (reason: string) => void,
): Answer<RunLock> {
  const places = { state, lock: join(state, '.lock'), owner: join(state, '.owner.json') };
  const first = await tryLock(places, run, onLost);
  if (first.ok || first.error.code !== 'ALREADY_RUNNING') return first;
  return (await removedDeadLock(places)) ? await tryLock(places, run, onLost) : first;
}

/** Does a process hold it? A holder that is dead or silent for long does not count. */
export async function isStateLocked(state: string): Promise<boolean> {
  const places = { state, lock: join(state, '.lock'), owner: join(state, '.owner.json') };
  const owner = await readOwner(places.owner);
  if (owner?.host === hostname() && !isAlive(owner.pid)) return false;
  return await lockfile
    .check(state, { lockfilePath: places.lock, realpath: false, stale: STALE_MS })
    .catch(() => false);
}

async function tryLock(
  places: Places,
  run: RunId,
  onLost: (reason: string) => void,
): Promise<Result<RunLock, Failure>> {
  try {
    const release = await lockfile.lock(places.state, {
      lockfilePath: places.lock,
      realpath: false,
      stale: STALE_MS,
      update: TOUCH_MS,
      retries: 0,
      onCompromised: (error) => {
        onLost(`the lock of ${places.state} was lost: ${systemErrorText(error)}`);
      },
    });
    const owner: LockOwner = { pid: process.pid, host: hostname(), run };
    await writeFileAtomic(places.owner, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    return ok({ release: () => released(places, release) });
  } catch (error) {
    return err(await refusal(places, error));
  }
}

async function released(places: Places, release: () => Promise<void>): Promise<void> {
  try {
    await rm(places.owner, { force: true });
    await release();
  } catch {
    // Lost or released before: there is nothing of ours left to give back.
  }
}

/**
 * Known race: two processes may judge the same dead holder at once. The lock is therefore moved away and
 * checked to be the very one that was judged; the later of the two puts back what it took by mistake.
 */
async function removedDeadLock(places: Places): Promise<boolean> {
  const judged = await stat(places.lock).catch(() => undefined);
  const owner = await readOwner(places.owner);
  if (owner?.host !== hostname() || isAlive(owner.pid)) return false;
  const aside = `${places.lock}.${String(process.pid)}`;
  try {
    await rename(places.lock, aside);
    if ((await stat(aside)).ino !== judged?.ino) {
      await rename(aside, places.lock);
      return false;
    }
    await rm(aside, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== 'ESRCH';
  }
}

/** Undefined while the holder is between locking and writing its name. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof owner !== 'object' || owner === null) return undefined;
    const { pid, host, run } = owner as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
    return { pid, host, run: typeof run === 'string' ? run : '' };
  } catch {
    return undefined;
  }
}

async function refusal(places: Places, error: unknown): Promise<Failure> {
  const where = places.state;
  if (systemErrorCode(error) !== 'ELOCKED') {
    return {
      code: 'STATE_UNWRITABLE',
      where,
      would: 'lock the state folder for this run',
      but: systemErrorText(error),
      so: 'nothing was changed: two runs at once could not be kept apart',
      remedy: 'make the folder writable and make room on its disk, or choose another with --state',
    };
  }
  const owner = await readOwner(places.owner);
  const holder =
    owner === undefined
      ? 'another process'
      : `run ${owner.run} (process ${String(owner.pid)} on ${owner.host})`;
  return {
    code: 'ALREADY_RUNNING',
    where,
    would: 'lock the state folder for this run',
    but: `${holder} holds it`,
    so: 'nothing was changed: only one run of a plan may work at a time',
    remedy: 'wait for it, or stop it with Ctrl-C (it ends at a safe point), then try again',
  };
}
