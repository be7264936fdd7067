/** Turns a lab member into its process: through the same scripts that peershift uses. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { CommandOutcome } from './command.ts';
import { commandEnvironment, lastWords, runCommand } from './command.ts';
import type { LabMember } from './lab-folder.ts';

/** The scripts bound themselves (10 s to start, 20 s to stop); this is for a machine that crawls. */
const SCRIPT_DEADLINE_MS = 60_000;

/** The pid of the member's etcd, or undefined when it is stopped. */
export async function runningPid(member: LabMember): Promise<Result<number | undefined, Failure>> {
  const outcome = await runScript(member, 'status.sh');
  if (outcome.exitCode === 0) return ok(Number(outcome.stdout.trim()));
  if (outcome.exitCode === 1) return ok(undefined);
  return err(scriptFailed(member, 'status.sh', outcome));
}

/** The pid after `start.sh`; LAB_FAILED with the end of the log when etcd did not stay up. */
export async function startMember(member: LabMember): Promise<Result<number, Failure>> {
  const outcome = await runScript(member, 'start.sh');
  if (outcome.exitCode !== 0) return err(scriptFailed(member, 'start.sh', outcome));
  const pid = await runningPid(member);
  if (!pid.ok) return pid;
  return pid.value === undefined ? err(scriptFailed(member, 'start.sh', outcome)) : ok(pid.value);
}

/** Returns when the member's process is gone. */
export async function stopMember(member: LabMember): Promise<Result<undefined, Failure>> {
  const outcome = await runScript(member, 'stop.sh');
  return outcome.exitCode === 0 ? ok(undefined) : err(scriptFailed(member, 'stop.sh', outcome));
}

/** The pid that stands in `etcd.pid` now, alive or not; cheap enough to look at all the time. */
export async function recordedPid(member: LabMember): Promise<number | undefined> {
  const text = await readFile(join(member.folder, 'etcd.pid'), 'utf8').catch(() => '');
  const pid = /^(\d+) /.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function runScript(member: LabMember, script: string): Promise<CommandOutcome> {
  return runCommand(['sh', join(member.folder, script)], {
    deadlineMs: SCRIPT_DEADLINE_MS,
    environment: commandEnvironment(process.env),
  });
}

function scriptFailed(member: LabMember, script: string, outcome: CommandOutcome): Failure {
  return {
    code: 'LAB_FAILED',
    where: `lab member ${member.name}`,
    would: `run ${join(member.folder, script)}`,
    but: lastWords(outcome),
    so: `${member.name} is not in the state that was asked for`,
    remedy: `read ${join(member.folder, 'etcd.log')}, or end the lab with peershift lab down`,
  };
}
