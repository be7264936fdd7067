/** Turns a folder into a running test cluster: real etcd processes on loopback, and a plan file for them. */

import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { findFreeBlock } from './address-block.ts';
import type { Environment } from './command.ts';
import { findEtcd } from './etcd-binary.ts';
import type { LabReport } from './event.ts';
import { gatewayTo } from './client-way.ts';
import type { Lab, LabMark, LabMember } from './lab-folder.ts';
import { DEFAULT_LAB_FOLDER, ETCD_FOLDER, labOf, readLab, writeLabMark } from './lab-folder.ts';
import { memberFiles } from './member-files.ts';
import { runningPid, startMember } from './member-process.ts';
import { planText } from './plan-text.ts';

export interface LabUpOptions {
  /** Default `./peershift-lab`. */
  readonly dir?: string | undefined;
  /** 1 to 9; default 3, or as many as the lab in the folder has. */
  readonly members?: number | undefined;
  /** What `--etcd` named. */
  readonly etcd?: string | undefined;
  readonly cacheDir?: string | undefined;
  readonly environment?: Environment | undefined;
}

export interface LabUp extends Lab {
  readonly isNew: boolean;
  /** Names of the members that this call started; the others ran already. */
  readonly started: readonly string[];
}

const DEFAULT_MEMBERS = 3;
/** Nine members still work in etcd; names have one digit. */
const MEMBERS_MAX = 9;
/** Three members are elected in under 3 s; nine on a crawling machine need longer. */
const HEALTHY_DEADLINE_MS = 60_000;
const HEALTH_CALL_DEADLINE_MS = 2000;
const HEALTH_PAUSE_MS = 100;

/**
 * Makes the lab when the folder is new or empty, starts the members that are stopped, and waits until
 * all are healthy. Doing it again changes nothing. Linux only; needs no root. LAB_FAILED, or
 * ETCD_NOT_FOUND.
 */
export async function labUp(
  options: LabUpOptions,
  report: LabReport,
): Promise<Result<LabUp, Failure>> {
  const dir = resolve(options.dir ?? DEFAULT_LAB_FOLDER);
  const refusal = refusalOf(dir, options);
  if (refusal !== undefined) return err(refusal);
  const found = await readLab(dir);
  if (!found.ok) return found;
  const lab = found.value === undefined ? await makeLab(dir, options, report) : ok(found.value);
  if (!lab.ok) return lab;
  const count = lab.value.members.length;
  if (options.members !== undefined && options.members !== count) {
    return err(otherSize(dir, count, options.members));
  }
  const written = await attempt(dir, () => writeMissingFiles(lab.value));
  if (!written.ok) return written;
  const started = await startStopped(lab.value, report);
  if (!started.ok) return started;
  const healthy = await awaitHealthy(lab.value.members, report);
  if (!healthy.ok) return healthy;
  return ok({ ...lab.value, isNew: found.value === undefined, started: started.value });
}

async function makeLab(
  dir: string,
  options: LabUpOptions,
  report: LabReport,
): Promise<Result<Lab, Failure>> {
  const made = await attempt(dir, () => mkdir(dir, { recursive: true }));
  if (!made.ok) return made;
  const etcd = await findEtcd({
    explicit: options.etcd,
    cacheDir: options.cacheDir,
    fallbackDir: join(dir, ETCD_FOLDER),
    environment: options.environment,
    report,
  });
  if (!etcd.ok) return etcd;
  const members = options.members ?? DEFAULT_MEMBERS;
  const block = await findFreeBlock(dir, members);
  if (block === undefined) {
    return err(
      failed(dir, 'find a free 127.x.y.0/24 block', 'every block that was tried is in use'),
    );
  }
  const mark: LabMark = {
    kind: 'peershift-lab',
    version: 1,
    mode: 'processes',
    isTestCluster: true,
    block: block.text,
    etcd: { path: etcd.value.path, version: etcd.value.version },
    members: block.addresses.map((address, i) => ({ name: `m${String(i + 1)}`, address })),
    createdAt: new Date().toISOString(),
  };
  const marked = await attempt(dir, () => writeLabMark(dir, mark));
  if (!marked.ok) return marked;
  report({ kind: 'folder-made', dir, block: block.text });
  return ok(labOf(dir, mark));
}

/** Only what is missing: settings that a run or a person has changed since stay. */
async function writeMissingFiles(lab: Lab): Promise<void> {
  for (const member of lab.members) {
    await mkdir(member.folder, { recursive: true });
    for (const file of memberFiles(lab, member)) {
      await writeMissing(join(member.folder, file.name), file.text, file.mode);
    }
  }
  await writeMissing(lab.planFile, planText(lab, await schemaUrl()), 0o644);
}

async function writeMissing(path: string, text: string, mode: number): Promise<void> {
  if (await isThere(path)) return;
  await writeFile(path, text, { mode });
  await chmod(path, mode);
}

/** The plan file's JSON Schema as installed with peershift, for editors. */
async function schemaUrl(): Promise<string | undefined> {
  const url = new URL('../../plans/peershift.schema.json', import.meta.url);
  return (await isThere(fileURLToPath(url))) ? url.href : undefined;
}

async function startStopped(
  lab: Lab,
  report: LabReport,
): Promise<Result<readonly string[], Failure>> {
  const outcomes = await Promise.all(
    lab.members.map(async (member): Promise<Result<string | undefined, Failure>> => {
      const before = await runningPid(member);
      if (!before.ok) return before;
      if (before.value !== undefined) return ok(undefined);
      report({ kind: 'member-starting', name: member.name, endpoint: member.endpoint });
      const pid = await startMember(member);
      if (!pid.ok) return pid;
      report({ kind: 'member-running', name: member.name, pid: pid.value });
      return ok(member.name);
    }),
  );
  const started: string[] = [];
  for (const outcome of outcomes) {
    if (!outcome.ok) return outcome;
    if (outcome.value !== undefined) started.push(outcome.value);
  }
  return ok(started);
}

/** Healthy is etcd's own word: the member answers a linearizable read, so it has a leader and a quorum. */
async function awaitHealthy(
  members: readonly LabMember[],
  report: LabReport,
): Promise<Result<undefined, Failure>> {
  const startedAt = performance.now();
  const gateways = await Promise.all(members.map(gatewayTo));
  try {
    for (;;) {
      const answers = await Promise.all(
        gateways.map((gateway) => gateway.get('/health', HEALTH_CALL_DEADLINE_MS)),
      );
      const sick = members.filter((_, i) => {
        const answer = answers[i];
        return answer?.kind !== 'answered' || answer.status !== 200;
      });
      const durationMs = performance.now() - startedAt;
      if (sick.length === 0) {
        report({ kind: 'cluster-healthy', members: members.length, durationMs });
        return ok(undefined);
      }
      if (durationMs > HEALTHY_DEADLINE_MS) {
        const names = sick.map((member) => member.name).join(', ');
        const but = `${names} gave no healthy answer within ${String(HEALTHY_DEADLINE_MS)} ms`;
        return err(
          failed(dirname(sick[0]?.folder ?? ''), 'wait until all members are healthy', but),
        );
      }
      await new Promise((wake) => setTimeout(wake, HEALTH_PAUSE_MS));
    }
  } finally {
    for (const gateway of gateways) gateway.close();
  }
}

function refusalOf(dir: string, options: LabUpOptions): Failure | undefined {
  const { members } = options;
  if (process.platform !== 'linux') {
    return failed(
      dir,
      'start etcd on 127.x.y.11',
      `this is ${process.platform}: the lab needs Linux`,
    );
  }
  if (/[\u0000-\u001f\u007f]/.test(dir)) {
    return failed(dir, 'write this path into settings', 'it has a control character in it');
  }
  if (
    members !== undefined &&
    !(Number.isInteger(members) && members >= 1 && members <= MEMBERS_MAX)
  ) {
    return {
      code: 'ARGUMENTS_INVALID',
      where: '--members',
      would: 'start a lab of that many members',
      but: `${String(members)} is not a whole number from 1 to ${String(MEMBERS_MAX)}`,
      so: 'nothing was started',
      remedy: 'give --members 3, or 5',
    };
  }
  return undefined;
}

function otherSize(dir: string, has: number, wanted: number): Failure {
  return {
    code: 'LAB_FAILED',
    where: dir,
    would: `start a lab of ${String(wanted)} members`,
    but: `the lab in this folder has ${String(has)}`,
    so: 'nothing was changed',
    remedy: 'leave --members out, name another folder with --dir, or lab down --purge first',
  };
}

async function attempt<T>(dir: string, work: () => Promise<T>): Promise<Result<T, Failure>> {
  try {
    return ok(await work());
  } catch (cause) {
    const but = cause instanceof Error ? cause.message : String(cause);
    return err(failed(dir, 'write the files of the lab', but));
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function failed(dir: string, would: string, but: string): Failure {
  return {
    code: 'LAB_FAILED',
    where: dir,
    would,
    but,
    so: 'the lab is not up; members that were started still run',
    remedy: 'put right what is named above and do it again, or end the lab with peershift lab down',
  };
}
