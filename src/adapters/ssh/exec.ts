/** Turns an argv into a finished command on a host, or into what is known when it did not finish. */

import { constants } from 'node:os';

import { markedArgv } from '../../base/marker.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, ExecOptions, ExecOutcome } from '../../ports.ts';
import { EXEC, capturedBytes } from './scripts.ts';
import { type Account, type Said, talk } from './talk.ts';
import { sshFailure } from './trouble.ts';

/** After the command's deadline: the host's own clock ends it, and the answer travels back. */
const ANSWER_MS = 10_000;
/** As `timeout` says that it ended the command, politly or not. */
const TIMED_OUT_CODES: readonly (number | undefined)[] = [124, 137];
/** A shell's exit code for a command that signal n ended is 128 + n. */
const SIGNAL_BASE = 128;
const TAIL_CHARACTERS = 300;

/**
 * Runs to its own exit or to the deadline, which the host itself keeps: a command is ended there also when the
 * connection is lost. A command that exits with 128 + n looks as if signal n had ended it, as in any shell.
 */
export async function execOnHost(
  account: Account,
  argv: readonly string[],
  options: ExecOptions,
): Answer<ExecOutcome> {
  const would = `run ${argv.join(' ')}`;
  const { deadlineMs, stdin, marker } = options;
  const said = await talk(account, {
    script: EXEC,
    args: [
      String(deadlineMs / 1000),
      stdin === undefined ? '-' : 'in',
      marker === undefined ? '-' : 'marked',
      ...markedArgv(argv, marker),
    ],
    stdin: typeof stdin === 'string' ? Buffer.from(stdin) : stdin,
    deadlineMs: deadlineMs + ANSWER_MS,
  });
  if (!said.ok) {
    const soWhenUncertain =
      'what it was to do may be done, half done or still going on: the host has to be looked at again';
    return err(sshFailure({ label: account.label, would, soWhenUncertain }, said.error));
  }
  return outcomeOf(account.label, would, said.value, deadlineMs);
}

function outcomeOf(
  label: string,
  would: string,
  said: Said,
  deadlineMs: number,
): Result<ExecOutcome, Failure> {
  const at = said.stdout.indexOf('\n');
  const [word, ...sizes] = said.stdout.toString('latin1', 0, Math.max(0, at)).split(' ');
  const [outBytes = 0, errorBytes = 0] = sizes.map((size) => capturedBytes(Number(size)));
  const body = said.stdout.subarray(at + 1);
  const stdout = body.toString('utf8', 0, outBytes);
  const stderr = body.toString('utf8', outBytes, outBytes + errorBytes);
  if (word === 'missing')
    return err(
      commandFailure(label, would, 'it could not be started: no such file or folder (ENOENT)'),
    );
  const code = word === undefined || word === '' ? Number.NaN : Number(word);
  if (at < 0 || !Number.isInteger(code)) {
    const words = said.stderr.trim().slice(-TAIL_CHARACTERS);
    return err(commandFailure(label, would, `it could not be started: ${words}`));
  }
  if (TIMED_OUT_CODES.includes(code) && said.tookMs >= deadlineMs) {
    const tail = stderr.trim().slice(-TAIL_CHARACTERS);
    const last = tail === '' ? '' : `; its last words: ${tail}`;
    const but = `it did not end within ${String(deadlineMs)} ms and was ended${last}`;
    return err({
      ...commandFailure(label, would, but),
      code: 'HOST_UNREACHABLE',
      so: 'what it was to do may be half done: the member has to be looked at again',
    });
  }
  const signal = signalOf(code);
  return ok({ exitCode: signal === undefined ? code : undefined, signal, stdout, stderr });
}

function signalOf(code: number): string | undefined {
  const names = Object.entries<number>(constants.signals);
  return names.find(([, number]) => number === code - SIGNAL_BASE)?.[0];
}

function commandFailure(label: string, would: string, but: string): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `host ${label}`,
    would,
    but,
    so: 'nothing was changed by it',
    remedy: `try the command by hand on ${label}, correct it or the machine, then run peershift again`,
  };
}
