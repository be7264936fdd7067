/** Turns command line words into a rim to work with: the plan file read, everything it asks for picked. */

import { readFile } from 'node:fs/promises';
import { homedir, hostname, userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';

import { type Result, err } from '../base/result.ts';
import { systemErrorText } from '../base/system-error.ts';
import { compose } from '../compose.ts';
import { declare } from '../declare/declare.ts';
import { unsupported } from '../declare/supported.ts';
import type { Options, Rim } from '../engine-types.ts';
import type { DesiredSpec } from '../model/desired.ts';
import { type Failure, exitOf } from '../model/failure.ts';
import { planProblemsText } from '../show/squiggle.ts';
import type { GlobalFlags } from './flags.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program.ts';
import { freshRunId } from './run-id.ts';

export interface Session {
  readonly output: Output;
  readonly rim: Rim;
  readonly options: Options;
}

export interface SessionFlags extends GlobalFlags {
  readonly acceptDowntime?: boolean | undefined;
  readonly tolerateDown?: readonly string[] | undefined;
  readonly breakLock?: string | undefined;
  readonly watchWrites?: boolean | undefined;
}

/** The exit code of work done on a plan file; what stood in its way has been told. */
export async function withPlan(
  planFile: string,
  flags: SessionFlags,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  return attempt(outputOf(flags), planFile, flags, work);
}

export function outputOf(flags: GlobalFlags): Output {
  return new Output({ json: flags.json === true, color: flags.color !== false });
}

async function attempt(
  output: Output,
  planFile: string,
  flags: SessionFlags,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const desired = await readPlan(output, planFile);
  if (typeof desired === 'number') return desired;
  const rim = await rimOf(output, flags, desired);
  if (!rim.ok) return refuse(output, [rim.error]);
  try {
    return await work({ output, rim: rim.value, options: optionsOf(output, flags) });
  } finally {
    await rim.value.close();
  }
}

/** Everything at the rim that the spec asks for; what this version cannot do is refused by name. */
export async function rimOf(
  output: Output,
  flags: GlobalFlags,
  desired: DesiredSpec,
): Promise<Result<Rim, Failure>> {
  const missing = unsupported(desired);
  if (missing.length > 0) return err(notSupported(desired, missing));
  const stateDirectory = flags.state === undefined ? undefined : resolve(flags.state);
  return compose({
    desired,
    stateDirectory,
    environment: process.env,
    acceptsNewHostKeys: flags.acceptNewHostKeys === true,
    onNotice: (text) => {
      output.emit({ type: 'warning', text });
    },
  });
}

/** Tells why, and gives the exit code of the first reason. */
export function refuse(output: Output, failures: readonly Failure[]): number {
  output.failures(failures, 'refused');
  const [first] = failures;
  const exit = first === undefined ? 3 : Math.min(exitOf(first), 3);
  output.outcome(exit, first?.code ?? 'REFUSED', undefined);
  return exit;
}

/** The plan file, or the exit code when it cannot be used. */
export async function readPlan(output: Output, planFile: string): Promise<DesiredSpec | number> {
  const path = resolve(planFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return refuse(output, [unreadable(planFile, systemErrorText(error))]);
  }
  const declared = declare(text, planFile, { baseDir: dirname(path), homeDir: homedir() });
  if (declared.ok) return { ...declared.value, planFile: path };
  const count = declared.error.length;
  if (!output.json) process.stderr.write(`${planProblemsText(text, declared.error)}\n\n`);
  for (const problem of declared.error)
    if (output.json) output.emit({ type: 'finding', finding: problem });
  return refuse(output, [invalid(planFile, count)]);
}

export function optionsOf(output: Output, flags: SessionFlags): Options {
  return {
    acceptDowntime: flags.acceptDowntime === true,
    tolerateDown: flags.tolerateDown ?? [],
    breaksLockOf: flags.breakLock,
    watchesWrites: flags.watchWrites,
    program: PROGRAM,
    owner: `${userInfo().username}@${hostname()} pid ${String(process.pid)}`,
    newRunId: () => freshRunId(flags.run),
    events: output,
  };
}

function unreadable(planFile: string, reason: string): Failure {
  return {
    code: 'PLAN_FILE_UNREADABLE',
    where: planFile,
    would: 'read the plan file',
    but: reason,
    so: 'nothing has been looked at or changed',
    remedy: 'name an existing plan file; `peershift lab up` writes one to try',
  };
}

function invalid(planFile: string, count: number): Failure {
  return {
    code: 'PLAN_FILE_INVALID',
    where: planFile,
    would: 'work out a rollout from the plan file',
    but: `it has ${String(count)} mistake${count === 1 ? '' : 's'}, listed above`,
    so: 'no cluster was looked at and nothing has been changed',
    remedy:
      'correct the places marked above; plans/peershift.schema.json lets an editor check them',
  };
}

function notSupported(desired: DesiredSpec, missing: readonly string[]): Failure {
  return {
    code: 'NOT_SUPPORTED_YET',
    where: desired.planFile,
    would: 'carry out the plan file as it is written',
    but: `not supported yet: ${missing.join(', ')}`,
    so: 'it is not done by halves; nothing has been looked at or changed',
    remedy: 'choose another value for the keys named above, or a version that has them',
  };
}
