/** Turns what /proc says into the processes of this machine. */

import { readFile, readdir, readlink } from 'node:fs/promises';

import { carriesMarker } from '../../base/marker.ts';
import { isZombie, processOf, zeroSeparated } from '../../base/process-text.ts';
import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, HostProcess } from '../../ports.ts';

/** Undefined when there is no such process or only its zombie; a failure when another user's cannot be read. */
export async function readProcess(label: string, pid: number): Answer<HostProcess | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return ok(undefined);
  const folder = `/proc/${String(pid)}`;
  try {
    const [stat, status, commandLine, environment, system] = await Promise.all([
      readFile(`${folder}/stat`, 'utf8'),
      readFile(`${folder}/status`, 'utf8'),
      readFile(`${folder}/cmdline`),
      readFile(`${folder}/environ`),
      readFile('/proc/stat', 'utf8'),
    ]);
    const found = processOf({ stat, status, commandLine, environment, system });
    return ok(found === undefined ? undefined : { pid, ...found });
  } catch (error) {
    return await missingOrUnreadable(label, pid, error);
  }
}

/** Process ids of shells that run a marked command. Known race: one that starts during the look is missed. */
export async function markedCommands(label: string, marker: string): Answer<readonly number[]> {
  let pids: readonly number[];
  try {
    pids = await allProcessIds();
  } catch (error) {
    return err(processFailure(label, 'list the processes', systemErrorText(error)));
  }
  const marked = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${String(pid)}/cmdline`).catch(() => Buffer.alloc(0));
      return carriesMarker(zeroSeparated(line), marker) ? [pid] : [];
    }),
  );
  return ok(marked.flat());
}

/** Does a process that we may look into hold a file of this folder open? */
export async function isAnyFileHeld(folder: string): Promise<boolean> {
  const prefix = `${folder}/`;
  for (const pid of await allProcessIds().catch(() => [])) {
    const descriptors = `/proc/${String(pid)}/fd`;
    const names = await readdir(descriptors).catch(() => []);
    const targets = await Promise.all(
      names.map((name) => readlink(`${descriptors}/${name}`).catch(() => '')),
    );
    if (targets.some((target) => target.startsWith(prefix))) return true;
  }
  return false;
}

async function allProcessIds(): Promise<readonly number[]> {
  const names = await readdir('/proc');
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** A zombie's environment is refused even to root of another namespace: ask its state before complaining. */
async function missingOrUnreadable(
  label: string,
  pid: number,
  error: unknown,
): Promise<Result<undefined, Failure>> {
  const code = systemErrorCode(error);
  if (code === 'ENOENT' || code === 'ESRCH') return ok(undefined);
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined || isZombie(stat)) return ok(undefined);
  return err(processFailure(label, `read process ${String(pid)}`, systemErrorText(error)));
}

function processFailure(label: string, would: string, but: string): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `host ${label}`,
    would,
    but,
    so: 'what etcd was started with cannot be told',
    remedy: `run peershift as root, or as the user that etcd runs as, on ${label}`,
  };
}
