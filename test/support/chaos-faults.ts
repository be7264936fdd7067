/** Turns the name of a fault into something that can be done to a real cluster, and undone. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, statfs, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { fieldOf } from '../../src/lab/gateway.ts';
import { runningPid, startMember, stopMember } from '../../src/lab/member-process.ts';
import type { RunningCommand } from './command.ts';
import { value } from './etcd-calls.ts';
import { freeze, thaw } from './frozen.ts';
import type { Rig } from './lab-rig.ts';

const run = promisify(execFile);

/** What a fault works on; the command is there once it has been started. */
export interface Scene {
  readonly rig: Rig;
  /** Of this fault. */
  readonly member: string;
  readonly command: () => RunningCommand;
  /** Files by which a command that was prepared for it is told what to do. */
  readonly folder: string;
}

export interface Fault {
  /** What a reader of a record must know. */
  readonly does: string;
  /** Only root can, with a program that a machine may not have. */
  readonly needs?: 'root' | 'strace' | 'ip';
  /** Before the command starts; what of the environment it needs. */
  readonly prepare?: (scene: Scene) => Promise<Readonly<Record<string, string>>>;
  readonly inject: (scene: Scene) => Promise<void>;
  readonly heal: (scene: Scene) => Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Enough for a settings file and certificates, and soon filled. */
const SMALL_DISK = '4m';
/** A snapshot of the cluster fits in it, before it is filled. */
const STATE_DISK = '64m';

export const FAULTS = {
  'tool-killed': {
    does: 'SIGKILL to peershift',
    inject: async ({ command }) => {
      command().kill('SIGKILL');
      await command().ended;
    },
    heal: nothing,
  },
  'tool-frozen': {
    does: 'SIGSTOP to peershift, then SIGCONT',
    inject: async ({ command }) => {
      await Promise.resolve();
      command().kill('SIGSTOP');
    },
    heal: async ({ command }) => {
      await Promise.resolve();
      command().kill('SIGCONT');
    },
  },
  'member-killed': {
    does: 'SIGKILL to a member, which is started again',
    inject: async ({ rig, member }) => {
      signal(await pidOf(rig, member), 'SIGKILL');
    },
    heal: started,
  },
  'member-frozen': {
    does: 'SIGSTOP to a member, then SIGCONT',
    inject: async ({ rig, member }) => {
      const pid = await pidOf(rig, member);
      if (pid !== undefined) await freeze(pid).catch(() => undefined);
    },
    heal: async ({ rig, member }) => {
      const pid = await pidOf(rig, member);
      if (pid !== undefined) thaw(pid);
    },
  },
  'leader-moved': {
    does: 'leadership handed to another member, as an operator would',
    inject: async ({ rig, member }) => {
      const status = await rig.call(member, '/maintenance/status', {}).catch(() => '{}');
      const leader = String(fieldOf(status, 'leader'));
      const members = await listOf(rig, member);
      const from = members.find(({ ID }) => ID === leader)?.name;
      const to = members.find(({ ID }) => ID !== leader)?.ID;
      if (from === undefined) return;
      const body = { targetID: to };
      await rig.call(from, '/maintenance/transfer-leadership', body).catch(() => undefined);
    },
    heal: nothing,
  },
  'slow-disk': {
    does: 'each fdatasync of a member takes 300 ms longer (strace)',
    needs: 'strace',
    inject: (scene) => lateDisk(scene, 300),
    heal: async ({ rig, member, folder }) => {
      await ended(path.join(folder, `strace-${member}`));
      const pid = await pidOf(rig, member);
      // A tracer that ends in a bad moment may leave its process stopped.
      if (pid !== undefined) thaw(pid);
    },
  },
  'start-hangs': {
    does: 'the start command of a member sleeps before it does its work',
    prepare: async ({ rig, member }) => {
      await rig.beforeStart(member, '[ -e "$here/hangs" ] && sleep 8');
      return {};
    },
    inject: ({ rig, member }) => writeFile(path.join(rig.member(member).folder, 'hangs'), ''),
    heal: ({ rig, member }) => rm(path.join(rig.member(member).folder, 'hangs'), { force: true }),
  },
  'start-reply-lost': {
    does: 'the start command of a member does its work and then fails',
    prepare: async ({ rig, member }) => {
      const lost = '[ -e "$here/lost" ] && { sh "$here/start-etcd.sh"; exit 1; }';
      await rig.beforeStart(member, lost);
      return {};
    },
    inject: ({ rig, member }) => writeFile(path.join(rig.member(member).folder, 'lost'), ''),
    heal: ({ rig, member }) => rm(path.join(rig.member(member).folder, 'lost'), { force: true }),
  },
  'clock-stepped': {
    does: 'the clock that peershift reads is an hour ahead, then back (Date of its process)',
    prepare: ({ folder }) => steppedClock(folder),
    inject: ({ folder }) => writeFile(path.join(folder, 'clock'), String(HOUR_MS)),
    heal: ({ folder }) => writeFile(path.join(folder, 'clock'), '0'),
  },
  'state-full': {
    does: 'the disk of the state folder is full (tmpfs)',
    needs: 'root',
    prepare: async ({ rig }) => {
      const folder = path.join(rig.lab.dir, '.peershift');
      await mounted(folder, STATE_DISK);
      rig.alsoEnd(() => unmounted(folder));
      return {};
    },
    inject: ({ rig }) => filled(path.join(rig.lab.dir, '.peershift')),
    heal: ({ rig }) => emptied(path.join(rig.lab.dir, '.peershift')),
  },
  'config-full': {
    does: 'the disk with the settings and certificates of a member is full (tmpfs)',
    needs: 'root',
    prepare: async ({ rig, member }) => {
      const { folder } = rig.member(member);
      value(await stopMember(rig.member(member)));
      const aside = `${folder}-aside`;
      await rename(folder, aside);
      await mounted(folder, SMALL_DISK);
      await rename(path.join(aside, 'data'), `${folder}-data`);
      await rename(path.join(aside, 'etcd.log'), `${folder}-log`);
      await cp(aside, folder, { recursive: true, preserveTimestamps: true });
      await symlink(`${folder}-data`, path.join(folder, 'data'));
      await symlink(`${folder}-log`, path.join(folder, 'etcd.log'));
      value(await startMember(rig.member(member)));
      rig.alsoEnd(async () => {
        await emptied(folder);
        await stopMember(rig.member(member));
        await unmounted(folder);
        await rm(folder, { recursive: true });
        await rename(aside, folder);
      });
      return {};
    },
    inject: ({ rig, member }) => filled(rig.member(member).folder),
    heal: ({ rig, member }) => emptied(rig.member(member).folder),
  },
  'second-operator': {
    does: 'somebody puts the peer URL of a member to the other scheme, and back',
    inject: (scene) => advertised(scene, (url) => swapped(url)),
    // To what its listener speaks by now.
    heal: async (scene) => {
      const config = (await scene.rig.configs())[scene.member] ?? '';
      const spoken = /^ETCD_LISTEN_PEER_URLS=["']?(https?):/mu.exec(config)?.[1] ?? 'http';
      await advertised(scene, (url) => url.replace(/^https?/u, spoken));
    },
  },
  'link-cut': {
    does: 'nothing that is sent to the address of a member arrives (a blackhole route)',
    needs: 'ip',
    inject: async ({ rig, member }) => {
      await run('ip', ['route', 'add', 'blackhole', `${rig.member(member).address}/32`, ...LOCAL]);
    },
    heal: async ({ rig, member }) => {
      const { address } = rig.member(member);
      await run('ip', ['route', 'del', 'blackhole', `${address}/32`, ...LOCAL]).catch(
        () => undefined,
      );
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

const LOCAL = ['table', 'local'];

/** Those that any machine can do, by any user. */
export const PLAIN_FAULTS = (Object.keys(FAULTS) as FaultName[]).filter((name) => {
  const { needs }: Fault = FAULTS[name];
  return needs === undefined;
});

/** Those that this machine can do. */
export function faultsHere(): readonly FaultName[] {
  const isRoot = process.getuid?.() === 0;
  const has = (program: string): boolean => isRoot && isInstalled(program);
  return (Object.keys(FAULTS) as FaultName[]).filter((name) => {
    const { needs }: Fault = FAULTS[name];
    if (needs === undefined) return true;
    return needs === 'root' ? isRoot : has(needs);
  });
}

/** Each of a member's writes to its disk takes so much longer. */
export async function lateDisk(
  { rig, member, folder }: Pick<Scene, 'rig' | 'member' | 'folder'>,
  byMs: number,
): Promise<void> {
  const pid = await pidOf(rig, member);
  if (pid === undefined) return;
  const calls = 'fdatasync,fsync';
  const inject = `inject=${calls}:delay_enter=${String(byMs * 1000)}`;
  const traced = ['-e', `trace=${calls}`, '-e', inject];
  const child = execFile('strace', ['-f', '-q', '-o', '/dev/null', ...traced, '-p', String(pid)]);
  child.on('error', () => undefined);
  await writeFile(path.join(folder, `strace-${member}`), String(child.pid ?? 0));
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}

/** Unless something else has started it, or its host's disk is still full. */
async function started({ rig, member }: Scene): Promise<void> {
  await startMember(rig.member(member));
}

async function pidOf(rig: Rig, name: string): Promise<number | undefined> {
  const pid = await runningPid(rig.member(name));
  return pid.ok ? pid.value : undefined;
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

async function ended(pidFile: string): Promise<void> {
  const { stdout } = await run('cat', [pidFile]).catch(() => ({ stdout: '0' }));
  const pid = Number(stdout);
  if (pid > 0) signal(pid, 'SIGTERM');
  await delay(200);
}

interface Listed {
  readonly ID: string;
  readonly name: string;
  readonly peerURLs: readonly string[];
}

async function listOf(rig: Rig, asked: string): Promise<readonly Listed[]> {
  const text = await rig.call(asked, '/cluster/member/list', {}).catch(() => '{"members":[]}');
  return (JSON.parse(text) as { readonly members: readonly Listed[] }).members;
}

async function advertised({ rig, member }: Scene, change: (url: string) => string): Promise<void> {
  for (const { name } of rig.lab.members) {
    const mine = (await listOf(rig, name)).find((each) => each.name === member);
    if (mine === undefined) continue;
    const body = { ID: mine.ID, peerURLs: [...new Set(mine.peerURLs.map(change))] };
    const isDone = await rig.call(name, '/cluster/member/update', body).then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
}

function swapped(url: string): string {
  return url.startsWith('https:') ? url.replace('https:', 'http:') : url.replace('http:', 'https:');
}

async function mounted(folder: string, size: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const options = `size=${size},mode=0700`;
  await run('mount', ['-t', 'tmpfs', '-o', options, 'peershift-test', folder]);
}

async function unmounted(folder: string): Promise<void> {
  await run('umount', ['-l', folder]);
}

async function filled(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  await writeFile(path.join(folder, '.filler'), Buffer.alloc(bavail * bsize)).catch(
    () => undefined,
  );
  // What the rounding left.
  await writeFile(path.join(folder, '.filler-2'), Buffer.alloc(bsize)).catch(() => undefined);
}

async function emptied(folder: string): Promise<void> {
  for (const name of ['.filler', '.filler-2']) await rm(path.join(folder, name), { force: true });
}

/** Date of the command follows a file, read ten times a second. */
async function steppedClock(folder: string): Promise<Readonly<Record<string, string>>> {
  const clock = path.join(folder, 'clock');
  const preload = path.join(folder, 'clock.mjs');
  await writeFile(clock, '0');
  await writeFile(
    preload,
    `import { readFileSync } from 'node:fs';
const Real = globalThis.Date;
let offset = 0;
setInterval(() => { offset = Number(readFileSync(${JSON.stringify(clock)}, 'utf8')) || 0; }, 100).unref();
globalThis.Date = class extends Real {
  constructor(...given) { if (given.length === 0) super(Real.now() + offset); else super(...given); }
  static now() { return Real.now() + offset; }
};
`,
  );
  return { NODE_OPTIONS: `--import=file://${preload}` };
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return existsSync('/proc/self');
  } catch {
    return false;
  }
}
