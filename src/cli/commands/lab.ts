/** lab: a real local etcd cluster to try it on, and the whole story in one command. */

import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { durationText } from '../../base/duration.ts';
import { labUp } from '../../lab/cluster.ts';
import { type LabDemoResult, labDemo } from '../../lab/demo.ts';
import { type LabEvent, labEventText } from '../../lab/event.ts';
import { labDown } from '../../lab/lab-down.ts';
import { type LabStatus, labStatus } from '../../lab/lab-status.ts';
import { tableLines } from '../../show/table.ts';
import { counted } from '../../show/words.ts';
import type { GlobalFlags } from '../flags.ts';
import { Output } from '../output.ts';
import { refuse } from '../session.ts';

export interface LabFlags extends GlobalFlags {
  readonly dir?: string | undefined;
  readonly members?: number | undefined;
  readonly etcd?: string | undefined;
  readonly purge?: boolean | undefined;
  readonly keep?: boolean | undefined;
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

export async function up(flags: LabFlags): Promise<number> {
  const output = outputOf(flags);
  const lab = await labUp(flags, teller(output));
  if (!lab.ok) return refuse(output, [lab.error]);
  const { dir, planFile, members } = lab.value;
  const text = [
    `${counted(members.length, 'member')} ${members.length === 1 ? 'runs' : 'run'} in ${dir}`,
    'next:',
    `  peershift preview ${planFile}`,
    `  peershift run ${planFile}`,
    `  peershift lab down --dir ${dir}`,
  ].join('\n');
  output.result(text, {
    type: 'lab',
    lab: { dir, planFile, members: members.map(({ name, endpoint }) => ({ name, endpoint })) },
  });
  output.outcome(0, 'LAB_UP', undefined);
  return 0;
}

export async function status(flags: LabFlags): Promise<number> {
  const output = outputOf(flags);
  const found = await labStatus(flags);
  if (!found.ok) return refuse(output, [found.error]);
  output.result(statusText(found.value), { type: 'lab', lab: found.value.members });
  output.outcome(0, 'LAB_STATUS', undefined);
  return 0;
}

export async function down(flags: LabFlags): Promise<number> {
  const output = outputOf(flags);
  const ended = await labDown(flags, teller(output));
  if (!ended.ok) return refuse(output, [ended.error]);
  const { dir, stopped, isRemoved } = ended.value;
  const kept = isRemoved ? `${dir} is removed` : `${dir} is kept (--purge removes it)`;
  output.result(`${counted(stopped.length, 'member')} stopped; ${kept}`, {
    type: 'lab',
    lab: ended.value,
  });
  output.outcome(0, 'LAB_DOWN', undefined);
  return 0;
}

export async function demo(flags: LabFlags): Promise<number> {
  const output = outputOf(flags);
  const commands = {
    runPlan: async (planFile: string) => peershift(['run', planFile, '--yes'], output),
    verifyPlan: async (planFile: string) => peershift(['verify', planFile], output),
  };
  const reportFolder = resolve('.peershift');
  await mkdir(reportFolder, { recursive: true });
  const told = await labDemo({ ...flags, reportFolder }, commands, teller(output));
  if (!told.ok) return refuse(output, [told.error]);
  const { exitCode } = told.value;
  output.result(demoText(told.value), { type: 'lab', lab: told.value });
  output.outcome(exitCode, exitCode === 0 ? 'DEMO_DONE' : 'DEMO_FAILED', undefined);
  return exitCode;
}

function demoText(result: LabDemoResult): string {
  const { members, membersHttps, written, lost, restarts, durationMs, longestStallMs, leases } =
    result;
  const rows = [
    ['members on https', `${String(membersHttps)}/${String(members)}`],
    ['writes acknowledged', String(written)],
    ['writes lost', `lost ${String(lost)}`],
    ['longest stall', durationText(longestStallMs)],
    ['lease keepalives', `${String(leases.keepalives)}, ${String(leases.failed)} failed`],
    ['restarts', String(restarts)],
    ['duration', durationText(durationMs)],
    ['report', result.reportPath ?? 'none'],
    ...(result.dir === undefined ? [] : [['lab folder', result.dir]]),
  ];
  return tableLines(rows).join('\n');
}

/** The public command in a process of its own, so that the writer's figures are not ours. */
async function peershift(
  words: readonly string[],
  output: Output,
): Promise<{ readonly exitCode: number; readonly reportPath?: string | undefined }> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    // With --json stdout is ours alone.
    stdio: ['ignore', output.json ? 'ignore' : 'inherit', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    process.stderr.write(bytes);
    said = `${said}${bytes.toString()}`.slice(-65_536);
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
  return { exitCode, reportPath: / {2}report: (.+)$/m.exec(said)?.[1] };
}

function statusText({ lab, members }: LabStatus): string {
  const rows = members.map((member) => [
    member.name,
    member.pid === undefined ? 'stopped' : `pid ${String(member.pid)}`,
    member.version ?? '',
    member.isLeader === true ? 'leader' : '',
    member.health,
    member.peerUrls?.join(' ') ?? '',
  ]);
  return [`lab in ${lab.dir}`, ...tableLines(rows)].join('\n');
}

function teller(output: Output): (event: LabEvent) => void {
  return (event) => {
    if (output.json) output.emit({ type: 'lab', lab: event });
    else output.progress(labEventText(event));
  };
}

function outputOf(flags: LabFlags): Output {
  return new Output({ json: flags.json === true, color: flags.color !== false });
}
