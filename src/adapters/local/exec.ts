/** Turns an argv into a finished command on this machine, without a shell and without losing a daemon. */

import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorText } from '../../base/system-error.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, ExecOptions, ExecOutcome } from '../../ports.ts';
import { markedArgv } from '../../base/marker.ts';
import { isAnyFileHeld } from './process.ts';

/** What one stream may give us: a status, a list of processes; logs are read by `readRange`. */
const CAPTURED_BYTES = 4 * 1024 * 1024;
/** A command that writes more than this into the temporary folder is out of hand. */
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
/** How often the size of the output is looked at. */
const OUTPUT_LOOK_MS = 1000;
/** Between the polite signal and the last one. */
const TERMINATE_GRACE_MS = 2000;
/** After the last signal: only a process stuck in the kernel is still there. */
const KILL_GRACE_MS = 1000;
/** Half a second in all: a daemon that redirects its output has done so by then. */
const HELD_LOOKS = 5;
const HELD_LOOK_MS = 100;
const TAIL_CHARACTERS = 300;
const FALLBACK_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type End =
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly kind: 'not-started'; readonly error: unknown }
  | { readonly kind: 'stopped'; readonly because: string; readonly code: Failure['code'] };

interface Capture {
  readonly folder: string;
  readonly stdout: FileHandle;
  readonly stderr: FileHandle;
}

/**
 * Runs the command to its own exit or to the deadline.
 *
 * Output goes into files, not pipes: a start script may leave etcd behind with our stdout, and a Go
 * program dies of SIGPIPE when it writes to a pipe whose reader is gone. With files nothing breaks when
 * this process ends, and nobody has to wait for a pipe to close.
 *
 * The command leads a session of its own. At the deadline its process group is ended only while the
 * command itself still runs, so a daemon is safe in two ways: it made a session of its own, or its
 * launcher has exited and no timer is left. A launcher that hangs takes along what it still holds.
 */
export async function runCommand(
  label: string,
  argv: readonly string[],
  options: ExecOptions,
): Answer<ExecOutcome> {
  let capture: Capture;
  try {
    capture = await openCapture();
  } catch (error) {
    return err(commandFailure(label, argv, `no file for its output: ${systemErrorText(error)}`));
  }
  try {
    const end = await launch(markedArgv(argv, options.marker), options, capture);
    return await outcomeOf(label, argv, end, capture);
  } finally {
    await closeCapture(capture, options.marker !== undefined);
  }
}

function minimalEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? FALLBACK_PATH,
    HOME: process.env.HOME ?? homedir(),
    LANG: process.env.LANG ?? 'C.UTF-8',
  };
}

async function launch(
  argv: readonly string[],
  options: ExecOptions,
  capture: Capture,
): Promise<End> {
  const [command = '', ...rest] = argv;
  const stdin = options.stdin === undefined ? 'ignore' : 'pipe';
  let child: ChildProcess;
  try {
    child = spawn(command, rest, {
      cwd: '/',
      env: minimalEnvironment(),
      detached: true,
      stdio: [stdin, capture.stdout.fd, capture.stderr.fd],
    });
  } catch (error) {
    return { kind: 'not-started', error };
  }
  // A command that does not read its input closes the pipe early; its exit judges it, not that.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin);
  return await endOf(child, options.deadlineMs, capture);
}

async function endOf(child: ChildProcess, deadlineMs: number, capture: Capture): Promise<End> {
  const over = new AbortController();
  const ended = new Promise<End>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ kind: 'not-started', error });
    });
    child.once('exit', (code, signal) => {
      resolve({ kind: 'exited', code, signal });
    });
  });
  const late = timer(deadlineMs, over.signal, () => ({
    kind: 'stopped' as const,
    because: `it did not end within ${String(deadlineMs)} ms`,
    code: 'HOST_UNREACHABLE' as const,
  }));
  const flooded = watchOutput(capture, over.signal);
  const first = await Promise.race([ended, late, flooded]);
  over.abort();
  if (first.kind !== 'stopped') return first;
  await stopGroup(child, ended);
  return first;
}

/** Only called while the launcher has not exited: its process id, and so its group's, is still its own. */
async function stopGroup(child: ChildProcess, ended: Promise<End>): Promise<void> {
  for (const [signal, graceMs] of [
    ['SIGTERM', TERMINATE_GRACE_MS],
    ['SIGKILL', KILL_GRACE_MS],
  ] as const) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      return; // The group is gone.
    }
    const over = new AbortController();
    const last = await Promise.race([ended, timer(graceMs, over.signal, () => undefined)]);
    over.abort();
    if (last !== undefined) return;
  }
  child.unref();
}

async function watchOutput(capture: Capture, signal: AbortSignal): Promise<End> {
  for (;;) {
    await timer(OUTPUT_LOOK_MS, signal, () => undefined);
    if ((await writtenBytes(capture)) > OUTPUT_LIMIT_BYTES) {
      const because = `it wrote more than ${String(OUTPUT_LIMIT_BYTES)} bytes`;
      return { kind: 'stopped', because, code: 'HOST_COMMAND_FAILED' };
    }
  }
}

/** Files that were closed in the meantime have nothing to say. */
async function writtenBytes(capture: Capture): Promise<number> {
  const files = await Promise.allSettled([capture.stdout.stat(), capture.stderr.stat()]);
  return Math.max(...files.map((file) => (file.status === 'fulfilled' ? file.value.size : 0)));
}

/** Never resolves once the signal is aborted, so that the loser of a race leaves nothing behind. */
function timer<T>(ms: number, signal: AbortSignal, value: () => T): Promise<T> {
  return new Promise((resolve) => {
    if (signal.aborted) return;
    const stop = (): void => {
      clearTimeout(handle);
    };
    const handle = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(value());
    }, ms);
    signal.addEventListener('abort', stop);
  });
}

async function outcomeOf(
  label: string,
  argv: readonly string[],
  end: End,
  capture: Capture,
): Promise<Result<ExecOutcome, Failure>> {
  if (end.kind === 'not-started') {
    return err(
      commandFailure(label, argv, `it could not be started: ${systemErrorText(end.error)}`),
    );
  }
  const [stdout, stderr] = await Promise.all([head(capture.stdout), head(capture.stderr)]);
  if (end.kind === 'stopped') {
    const tail = stderr.trim().slice(-TAIL_CHARACTERS);
    const said = tail === '' ? '' : `; its last words: ${tail}`;
    return err({
      ...commandFailure(label, argv, `${end.because} and was ended${said}`),
      code: end.code,
      so: 'what it was to do may be half done: the member has to be looked at again',
    });
  }
  return ok({ exitCode: end.code ?? undefined, signal: end.signal ?? undefined, stdout, stderr });
}

function commandFailure(label: string, argv: readonly string[], but: string): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `host ${label}`,
    would: `run ${argv.join(' ')}`,
    but,
    so: 'nothing was changed by it',
    remedy: `try the command by hand on ${label}, correct it or the machine, then run peershift again`,
  };
}

async function openCapture(): Promise<Capture> {
  const folder = await mkdtemp(join(tmpdir(), 'peershift-'));
  const [stdout, stderr] = await Promise.all(
    ['stdout', 'stderr'].map((name) => open(join(folder, name), 'ax+', 0o600)),
  );
  if (stdout === undefined || stderr === undefined) throw new Error('two files were opened');
  return { folder, stdout, stderr };
}

/**
 * A daemon that kept its launcher's output goes on writing to these files: then they stay, where `du`
 * finds them, since a removed file that grows can be seen by nobody. Only marked commands start daemons.
 */
async function closeCapture(capture: Capture, mayLeaveDaemon: boolean): Promise<void> {
  await Promise.all([capture.stdout.close(), capture.stderr.close()]);
  if (mayLeaveDaemon && (await staysHeld(capture.folder))) return;
  await rm(capture.folder, { recursive: true, force: true });
}

/** A child that was just forked holds the files for the moment before it redirects its own output. */
async function staysHeld(folder: string): Promise<boolean> {
  for (let look = 0; look < HELD_LOOKS; look++) {
    if (!(await isAnyFileHeld(folder))) return false;
    await sleep(HELD_LOOK_MS);
  }
  return true;
}

async function head(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.min(size, CAPTURED_BYTES));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return bytes.toString('utf8', 0, bytesRead);
}
