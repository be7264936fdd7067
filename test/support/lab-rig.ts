/** Turns a few wishes into a real cluster with clients at work, to be driven by the built command. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';

import { labUp } from '../../src/lab/cluster.ts';
import { fieldOf, Gateway } from '../../src/lab/gateway.ts';
import { labDown } from '../../src/lab/lab-down.ts';
import { type Lab, type LabMember, PEER_PORT } from '../../src/lab/lab-folder.ts';
import { labStatus } from '../../src/lab/lab-status.ts';
import { startWriter, type Writer } from '../../src/lab/writer.ts';
import type { CommandEnd, CommandOptions, RunningCommand } from './command.ts';
import { command, startCommand, textOfEnd } from './command.ts';
import { value } from './etcd-calls.ts';

/** Link gates take their 5 s all the same; eight quiet seconds each would only be waited for. */
const SHORT_QUIET = 'gates: { quiet: 1s }\n';
/** Several labs share two cores: enough writes to notice a loss, few enough to leave room. */
const WRITES_PER_SECOND = 90;
const CLIENTS_PER_MEMBER = 2;
const CALL_MS = 5000;
/** A start or stop script that a killed command left running ends by itself within this. */
const SCRIPTS_END_MS = 30_000;
const LOOK_MS = 100;
/** A story migrates three members, some of it twice, beside two others like it; times two. */
export const STORY_MS = 300_000;

export interface RigOptions {
  readonly members?: number;
  /** Default: the one of the live suites. */
  readonly etcd?: string | undefined;
  /** The text of the plan file, changed. */
  readonly plan?: (text: string, lab: Lab) => string;
  /** Default: clients of http write from the start on. */
  readonly writes?: boolean;
  /** Where the temporary folder is made; default the machine's own place for such. */
  readonly within?: string;
  /** Prepares the folder before there is a lab, and says how commands are run in it, `lab up` too. */
  readonly install?: (base: string) => CommandOptions;
}

/** What must be as before when a command says that it changed nothing. */
export interface Facts {
  /** Path in the lab's folder to digest; data and logs of the members aside. */
  readonly files: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, number | undefined>>;
  readonly peerUrls: Readonly<Record<string, readonly string[] | undefined>>;
}

const open = new Set<Rig>();

/** A healthy lab in a temporary folder, with a plan of short quiet times and a writer. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const {
    members,
    etcd,
    within = tmpdir(),
    install,
    writes = true,
    plan = (same: string): string => same,
  } = options;
  const base = await mkdtemp(path.join(within, 'peershift-live-'));
  const dir = path.join(base, 'lab');
  const how = install?.(base);
  const size = ['--members', String(members ?? 3)];
  if (how !== undefined) expectExit(await command(['lab', 'up', '--dir', dir, ...size], how), 0);
  const lab: Lab = value(await labUp({ dir, members, etcd }, silent));
  const rig = new Rig(base, lab, how ?? {});
  open.add(rig);
  const text = await readFile(lab.planFile, 'utf8');
  await writeFile(lab.planFile, plan(`${text}\n${SHORT_QUIET}`, lab));
  if (writes) rig.write();
  return rig;
}

/** A rig for one story; its folder stays, and is named, when the story does not end well. */
export async function withRig(
  options: RigOptions,
  story: (rig: Rig) => Promise<void>,
): Promise<void> {
  const rig = await startRig(options);
  try {
    await story(rig);
  } catch (error) {
    await rig.end(false);
    if (error instanceof Error) error.message += `\nthe cluster's folder: ${rig.lab.dir}`;
    throw error;
  }
  await rig.end();
}

/** For afterAll: whatever a test that ran out of time has left. */
export async function endRigs(): Promise<void> {
  for (const rig of open) await rig.end();
}

export class Rig {
  readonly base: string;
  readonly lab: Lab;
  readonly #how: CommandOptions;
  readonly #commands: RunningCommand[] = [];
  readonly #cleanups: (() => Promise<unknown>)[] = [];
  #writer: Writer | undefined;

  constructor(base: string, lab: Lab, how: CommandOptions) {
    this.base = base;
    this.lab = lab;
    this.#how = how;
  }

  get endpoints(): readonly string[] {
    return this.lab.members.map(({ endpoint }) => endpoint);
  }

  member(name: string): LabMember {
    const found = this.lab.members.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the lab has no member ${name}`);
    return found;
  }

  /** Starts clients that write until `settle`. */
  write(): void {
    this.#writer = startWriter({
      endpoints: this.endpoints,
      clients: this.endpoints.length * CLIENTS_PER_MEMBER,
      writesPerSecond: WRITES_PER_SECOND,
      keyPrefix: 'live/',
    });
  }

  /** Starts `peershift VERB PLAN --json ...`. */
  start(verb: string, ...flags: readonly string[]): RunningCommand {
    return this.startWords([verb, this.lab.planFile, '--json', ...flags]);
  }

  startWords(
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): RunningCommand {
    const both = { ...this.#how.environment, ...environment };
    const running = startCommand(words, { folder: this.base, ...this.#how, environment: both });
    this.#commands.push(running);
    return running;
  }

  /** `peershift VERB PLAN ...` as a person runs it, to its end. */
  run(verb: string, ...flags: readonly string[]): Promise<CommandEnd> {
    return this.startWords([verb, this.lab.planFile, ...flags]).ended;
  }

  async facts(): Promise<Facts> {
    const { members } = value(await labStatus({ dir: this.lab.dir }));
    return {
      files: Object.fromEntries(digestsBelow(this.lab.dir)),
      pids: Object.fromEntries(members.map(({ name, pid }) => [name, pid])),
      peerUrls: Object.fromEntries(members.map(({ name, peerUrls }) => [name, peerUrls])),
    };
  }

  /** Nothing differs from then; an empty folder for records may have been made. */
  async expectUnchanged(then: Facts): Promise<void> {
    const now = await this.facts();
    const records = Object.keys(now.files).filter((name) =>
      /^\.peershift\/(?:[^/]+\/)?$/.test(name),
    );
    const files = Object.entries(now.files).filter(([name]) => {
      return name in then.files || !records.includes(name);
    });
    expect({ ...now, files: Object.fromEntries(files) }).toEqual(then);
    expect(await this.ownKeys(), 'keys of peershift in the cluster').toBe(0);
  }

  /** Another plan file for the same cluster, beside the first. */
  async planFile(name: string, change: (text: string) => string): Promise<string> {
    const text = await readFile(this.lab.planFile, 'utf8');
    const changed = change(text);
    expect(changed, 'the plan file was changed').not.toBe(text);
    const file = path.join(this.lab.dir, name);
    await writeFile(file, changed);
    return file;
  }

  /** The settings file of each member, by name. */
  async configs(): Promise<Readonly<Record<string, string>>> {
    const texts = this.lab.members.map(async ({ name, folder }) => {
      return [name, await readFile(path.join(folder, 'etcd.env'), 'utf8')] as const;
    });
    return Object.fromEntries(await Promise.all(texts));
  }

  /** Every member is healthy and is advertised with this scheme alone. */
  async expectServing(scheme: 'http' | 'https', port = PEER_PORT): Promise<void> {
    const { members } = value(await labStatus({ dir: this.lab.dir }));
    const seen = members.map(({ name, health, peerUrls }) => ({ name, health, peerUrls }));
    const wanted = this.lab.members.map(({ name, address }) => {
      return { name, health: 'healthy', peerUrls: [`${scheme}://${address}:${String(port)}`] };
    });
    expect(seen).toEqual(wanted);
  }

  /**
   * Ends the writer: every acknowledged write is there with its value, and all members hold the same.
   * Proves first that the clients are served now.
   */
  async expectNothingLost(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) throw new Error('no writer is at work');
    const before = writer.acknowledged();
    await vi.waitUntil(() => writer.acknowledged() > before, { timeout: 20_000 });
    const { acknowledged } = await writer.stop();
    const { read, lost, mismatched } = value(await writer.readBack());
    expect({ read, lost, mismatched }).toEqual({ read: acknowledged, lost: [], mismatched: [] });
    const hashes = await this.#hashes();
    expect(hashes.length).toBe(this.lab.members.length);
    expect(new Set(hashes).size, `HashKV of each member: ${hashes.join(', ')}`).toBe(1);
  }

  /** Keys of peershift's own that stand in the cluster. */
  async ownKeys(): Promise<number> {
    const [member] = this.lab.members;
    const prefix = Buffer.from('/peershift/').toString('base64');
    const end = Buffer.from('/peershift0').toString('base64');
    const body = { key: prefix, range_end: end, count_only: true };
    const text = await this.call(member?.name ?? '', '/kv/range', body);
    return Number(fieldOf(text, 'count') ?? 0);
  }

  /** POST to the member's JSON gateway; the answer's text. */
  async call(name: string, at: string, body: unknown): Promise<string> {
    const gateway = new Gateway(this.member(name).endpoint);
    try {
      const answer = await gateway.call(at, body, CALL_MS);
      if (answer.kind === 'answered' && answer.status === 200) return answer.text;
      throw new Error(`${at} of ${name}: ${JSON.stringify(answer)}`);
    } finally {
      gateway.close();
    }
  }

  /**
   * Puts lines of sh in front of a member's start script; `$here` is the member's folder. They run
   * each time that the service is asked to start; `starter` is put in front of the script itself.
   */
  async beforeStart(name: string, lines: string, starter = ''): Promise<void> {
    const { folder } = this.member(name);
    const own = path.join(folder, 'start.sh');
    await rename(own, path.join(folder, 'start-etcd.sh'));
    const head = `#!/bin/sh\nhere=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2\n`;
    const text = `${head}${lines}\nexec ${starter} sh "$here/start-etcd.sh"\n`;
    await writeFile(own, text, { mode: 0o755 });
  }

  /** Returns when no start or stop script of the lab is at work any more. */
  untilNoScript(): Promise<void> {
    return untilNoScript(this.lab.dir);
  }

  /** Something of the test's own that ends with the lab, right before it. */
  alsoEnd(work: () => Promise<unknown>): void {
    this.#cleanups.push(work);
  }

  /** Leaves no process: commands first, then the scripts that they left, then the members by id. */
  async end(purge = true): Promise<void> {
    open.delete(this);
    for (const running of this.#commands) {
      running.kill('SIGKILL');
      await running.ended;
    }
    await this.#writer?.stop();
    await untilNoScript(this.lab.dir);
    for (const work of this.#cleanups) await work();
    value(await labDown({ dir: this.lab.dir, purge }, silent));
    if (purge) await rm(this.base, { recursive: true, force: true });
  }

  async #hashes(): Promise<readonly string[]> {
    const names = this.lab.members.map(({ name }) => name);
    // A linearizable read through each member: from then on it has applied all that was written.
    const key = Buffer.from('live/').toString('base64');
    const reads = await Promise.all(names.map((name) => this.call(name, '/kv/range', { key })));
    const revision = fieldOf(reads[0] ?? '', 'header', 'revision');
    const answers = names.map((name) => this.call(name, '/maintenance/hash', { revision }));
    return (await Promise.all(answers)).map((text) => {
      return `${String(fieldOf(text, 'hash'))}@${String(fieldOf(text, 'compact_revision'))}`;
    });
  }
}

/** The exit code, with all that was said when it is another. */
export function expectExit(end: CommandEnd, exit: number): void {
  expect(end.exit, textOfEnd(end)).toBe(exit);
}

const silent = (): undefined => undefined;

function digestsBelow(dir: string, inside = ''): readonly (readonly [string, string])[] {
  return readdirSync(path.join(dir, inside), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(inside, entry.name);
    if (entry.name === 'data' || entry.name === 'etcd.log') return [];
    if (entry.isDirectory()) return [[`${name}/`, 'folder'], ...digestsBelow(dir, name)];
    return [[name, digest(readFileSync(path.join(dir, name)))]];
  });
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A member's own process has no path of the lab in its words: only its scripts have. */
async function untilNoScript(dir: string): Promise<void> {
  const giveUpAtMs = performance.now() + SCRIPTS_END_MS;
  for (;;) {
    const left = processesNaming(dir);
    if (left.length === 0) return;
    if (performance.now() > giveUpAtMs) {
      for (const pid of left) process.kill(pid, 'SIGKILL');
    }
    await delay(LOOK_MS);
  }
}

function processesNaming(dir: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return words.includes(dir) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
