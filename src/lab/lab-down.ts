/** Turns a running lab into a stopped one: its own processes only, by id, each checked before. */

import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { isFree } from './address-block.ts';
import type { LabReport } from './event.ts';
import type { Lab, LabMember } from './lab-folder.ts';
import { CLIENT_PORT, DEFAULT_LAB_FOLDER, requireLab } from './lab-folder.ts';
import { labStatus } from './lab-status.ts';
import { runningPid, stopMember } from './member-process.ts';

export interface LabDownOptions {
  readonly dir?: string | undefined;
  /** Remove the folder too, with its data, certificates and reports. */
  readonly purge?: boolean | undefined;
}

export interface LabDown {
  readonly dir: string;
  /** Names of the members that this call stopped; the others were stopped before. */
  readonly stopped: readonly string[];
  readonly isRemoved: boolean;
}

/**
 * Stops every member with its own script and keeps the folder, so that `lab up` goes on where it was;
 * with `purge` the folder goes as well. A folder without our `lab.json` is never touched.
 */
export async function labDown(
  options: LabDownOptions,
  report: LabReport,
): Promise<Result<LabDown, Failure>> {
  const dir = resolve(options.dir ?? DEFAULT_LAB_FOLDER);
  const lab = await requireLab(dir, 'stop the lab');
  if (!lab.ok) return lab;
  const stopped = await stopRunning(lab.value, report);
  if (!stopped.ok) return stopped;
  const left = await stillListening(lab.value);
  if (left.length > 0) return err(notOurs(dir, left));
  if (options.purge !== true) return ok({ dir, stopped: stopped.value, isRemoved: false });
  try {
    await rm(dir, { recursive: true, force: true });
  } catch (cause) {
    return err(notRemoved(dir, cause instanceof Error ? cause.message : String(cause)));
  }
  report({ kind: 'folder-removed', dir });
  return ok({ dir, stopped: stopped.value, isRemoved: true });
}

/**
 * The leader goes last: while others are there, a stopping leader hands over first, and waits for
 * seconds when the one it chose is stopping too.
 */
async function stopRunning(
  lab: Lab,
  report: LabReport,
): Promise<Result<readonly string[], Failure>> {
  const leaders = await leaderNames(lab.dir);
  const isLast = (member: LabMember): boolean => leaders.includes(member.name);
  const stopped: string[] = [];
  for (const turn of [lab.members.filter((each) => !isLast(each)), lab.members.filter(isLast)]) {
    const outcomes = await Promise.all(turn.map((member) => stopOne(member, report)));
    for (const outcome of outcomes) {
      if (!outcome.ok) return outcome;
      if (outcome.value !== undefined) stopped.push(outcome.value);
    }
  }
  return ok(stopped.sort());
}

async function leaderNames(dir: string): Promise<readonly string[]> {
  const status = await labStatus({ dir });
  if (!status.ok) return [];
  return status.value.members.filter(({ isLeader }) => isLeader === true).map(({ name }) => name);
}

/** The member's name when it was running. */
async function stopOne(
  member: LabMember,
  report: LabReport,
): Promise<Result<string | undefined, Failure>> {
  const pid = await runningPid(member);
  if (!pid.ok) return pid;
  if (pid.value === undefined) return ok(undefined);
  const gone = await stopMember(member);
  if (!gone.ok) return gone;
  report({ kind: 'member-stopped', name: member.name, pid: pid.value });
  return ok(member.name);
}

/** An etcd of this lab that somebody started by hand has no pid file: it is named, never ended. */
async function stillListening(lab: Lab): Promise<readonly string[]> {
  const free = await Promise.all(
    lab.members.map((member) => isFree([member.address], [CLIENT_PORT])),
  );
  return lab.members.filter((_, i) => free[i] === false).map((member) => member.endpoint);
}

function notOurs(dir: string, endpoints: readonly string[]): Failure {
  return {
    code: 'LAB_FAILED',
    where: dir,
    would: 'leave no process of the lab behind',
    but: `something that the lab's own scripts did not start still listens on ${endpoints.join(', ')}`,
    so: 'the processes that the lab started are stopped; that one and the folder were left alone',
    remedy: 'find it with ss -ltnp, and end it if it is yours',
  };
}

function notRemoved(dir: string, but: string): Failure {
  return {
    code: 'LAB_FAILED',
    where: dir,
    would: 'remove the folder of the lab',
    but,
    so: 'all members are stopped; the folder is still there, maybe in part',
    remedy: 'remove the folder by hand',
  };
}
