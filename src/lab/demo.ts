/** Turns "show me" into the whole story: a lab, clients at work, the migration, and what it cost them. */

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Result } from '../base/result.ts';
import { ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { LabUp, LabUpOptions } from './cluster.ts';
import { labUp } from './cluster.ts';
import type { LabReport } from './event.ts';
import { labDown } from './lab-down.ts';
import { readLab } from './lab-folder.ts';
import type { LabMemberStatus } from './lab-status.ts';
import { labStatus } from './lab-status.ts';
import type { LeaseReport } from './lease-keeper.ts';
import { startLeaseKeeper } from './lease-keeper.ts';
import type { ReadBack } from './read-back.ts';
import { countRestarts } from './restart-counter.ts';
import type { WriterReport } from './write-statistics.ts';
import { startWriter } from './writer.ts';

export interface LabDemoOptions extends LabUpOptions {
  /** Keep the folder (always so when `dir` is given); the members are stopped in any case. */
  readonly keep?: boolean | undefined;
  /** Where the report is copied to when the folder is removed; default the working directory. */
  readonly reportFolder?: string | undefined;
}

/** The public commands, handed in by the floor that has them. */
export interface LabDemoCommands {
  /** `peershift run PLAN --yes`, with default gates. */
  readonly runPlan: (
    planFile: string,
  ) => Promise<{ readonly exitCode: number; readonly reportPath?: string | undefined }>;
  /** `peershift verify PLAN`. */
  readonly verifyPlan: (planFile: string) => Promise<{ readonly exitCode: number }>;
}

export interface LabDemoResult {
  /** Of run; else of verify; else 6 when a write or a lease was lost; else 0. */
  readonly exitCode: number;
  readonly runExitCode: number;
  readonly verifyExitCode: number;
  readonly members: number;
  /** Members whose every advertised peer URL is https. */
  readonly membersHttps: number;
  readonly written: number;
  /** Acknowledged writes that are gone or have another value. */
  readonly lost: number;
  readonly longestStallMs: number;
  readonly restarts: number;
  /** Of the run alone. */
  readonly durationMs: number;
  readonly writer: WriterReport;
  readonly leases: LeaseReport;
  readonly reportPath: string | undefined;
  /** Undefined when it was removed. */
  readonly dir: string | undefined;
}

/** A demonstration that lost something is for a person to look at. */
const EXIT_NEEDS_A_PERSON = 6;

/**
 * Starts a lab in a temporary folder (or `dir`), keeps a writer and one lease for each member going,
 * runs the plan, reads every acknowledged key back, and stops the lab whatever happened. The temporary
 * folder goes when all went well; after any trouble it stays, to be looked at.
 */
export async function labDemo(
  options: LabDemoOptions,
  commands: LabDemoCommands,
  report: LabReport,
): Promise<Result<LabDemoResult, Failure>> {
  const isOurs = options.dir === undefined;
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'peershift-demo-')));
  let goesAway = false;
  let isDown = false;
  try {
    const lab = await labUp({ ...options, dir }, report);
    if (!lab.ok) return lab;
    await withCanary(lab.value.planFile);
    const shown = await migrateUnderLoad(lab.value, commands, report);
    if (!shown.ok) return shown;
    goesAway = isOurs && options.keep !== true && shown.value.exitCode === 0;
    const reportPath = await keptReport(shown.value.reportPath, !goesAway, options.reportFolder);
    const down = await labDown({ dir, purge: goesAway }, report);
    isDown = true;
    if (!down.ok) return down;
    return ok({ ...shown.value, reportPath, dir: goesAway ? undefined : resolve(dir) });
  } finally {
    if (!isDown) await endUnfinished(dir, isOurs, report);
  }
}

/** The run shows by itself what clients felt, beside what the demonstration's own clients say. */
async function withCanary(planFile: string): Promise<void> {
  const text = await readFile(planFile, 'utf8');
  if (!/^gates:/mu.test(text)) await writeFile(planFile, `${text}${CANARY}`);
}

const CANARY = '\ngates: { canary: { writes: true, leases: true } }\n';

/** What failed before is what the person hears of; a folder that never became a lab is not left. */
async function endUnfinished(dir: string, isOurs: boolean, report: LabReport): Promise<void> {
  const lab = await readLab(dir);
  if (lab.ok && lab.value !== undefined) await labDown({ dir }, report);
  else if (isOurs) await rm(dir, { recursive: true, force: true });
}

async function migrateUnderLoad(
  lab: LabUp,
  commands: LabDemoCommands,
  report: LabReport,
): Promise<Result<Omit<LabDemoResult, 'dir'>, Failure>> {
  const endpoints = lab.members.map((member) => member.endpoint);
  const keyPrefix = `peershift-demo/${lab.mark.createdAt}/`;
  const counter = await countRestarts(lab.members);
  const writer = startWriter({ endpoints, keyPrefix });
  const keeper = startLeaseKeeper({ endpoints });
  const { clients, writesPerSecond } = writer;
  report({ kind: 'writer-started', clients, writesPerSecond });
  const startedAtMs = performance.now();
  let run: Awaited<ReturnType<LabDemoCommands['runPlan']>>;
  let durationMs: number;
  let ended: readonly [WriterReport, LeaseReport, ReadonlyMap<string, number>];
  try {
    run = await commands.runPlan(lab.planFile);
  } finally {
    durationMs = performance.now() - startedAtMs;
    ended = await Promise.all([writer.stop(), keeper.stop(), counter.stop()]);
  }
  const [written, leases, restarts] = ended;
  const { acknowledged, longestStallMs } = written;
  report({ kind: 'writer-stopped', acknowledged, longestStallMs });
  const readBack = await writer.readBack();
  if (!readBack.ok) return readBack;
  const lost = lostCount(readBack.value);
  report({ kind: 'read-back', read: readBack.value.read, lost });
  const verified = await commands.verifyPlan(lab.planFile);
  const status = await labStatus({ dir: lab.dir });
  if (!status.ok) return status;
  const isWhole = lost === 0 && leases.survived === leases.leases;
  return ok({
    exitCode: run.exitCode || verified.exitCode || (isWhole ? 0 : EXIT_NEEDS_A_PERSON),
    runExitCode: run.exitCode,
    verifyExitCode: verified.exitCode,
    members: status.value.members.length,
    membersHttps: status.value.members.filter(advertisesHttps).length,
    written: acknowledged,
    lost,
    longestStallMs,
    restarts: [...restarts.values()].reduce((sum, count) => sum + count, 0),
    durationMs: Math.round(durationMs),
    writer: written,
    leases,
    reportPath: run.reportPath,
  });
}

function lostCount(readBack: ReadBack): number {
  return readBack.lost.length + readBack.mismatched.length;
}

function advertisesHttps(member: LabMemberStatus): boolean {
  const urls = member.peerUrls ?? [];
  return urls.length > 0 && urls.every((url) => url.startsWith('https://'));
}

/** The report outlives the folder: it is what the demonstration was for. */
async function keptReport(
  path: string | undefined,
  isFolderKept: boolean,
  reportFolder: string | undefined,
): Promise<string | undefined> {
  if (path === undefined || isFolderKept) return path;
  const stamp = new Date().toISOString().replace(/[-:]/g, '').slice(0, 15);
  const name = `peershift-demo-${stamp}-${basename(path)}`;
  const kept = resolve(reportFolder ?? '.', name);
  return copyFile(path, kept).then(
    () => kept,
    () => undefined,
  );
}
