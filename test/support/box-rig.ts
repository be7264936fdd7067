/** Turns machines in boxes into a cluster with clients at work, driven over ssh by the built command. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';

import type { GatewayAccess } from '../../src/lab/gateway.ts';
import type { Strategy } from '../../src/model/desired.ts';
import type { ClientsOrder, ClientsReport } from './box-clients.ts';
import { type Boxes, startBoxes } from './boxes.ts';
import {
  type BoxCluster,
  type BoxClusterOptions,
  PASSWORD,
  boxEtcdctl,
  startBoxCluster,
} from './boxes-etcd.ts';
import { CHECKOUT } from './checkout.ts';
import { type CommandEnd, type RunningCommand, startCommand } from './command.ts';
import { value } from './etcd-calls.ts';
import { expectExit } from './lab-rig.ts';

/** Link gates take their 5 s all the same; eight quiet seconds each would only be waited for. */
const SHORT_QUIET = 'gates: { quiet: 1s }';
/** Making the base for the first time is most of it. */
export const BOXES_HOOK_MS = 600_000;
/** The longest, with a reboot in the middle, was seen to take 205 s on two cores with ten times their work. */
export const BOX_STORY_MS = 400_000;
/** The clients end by themselves: calls of theirs have deadlines of 8 s. */
const CLIENTS_END_MS = 60_000;

/** What a person changes in the plan file that `init` wrote. */
export interface PlanWishes {
  /** Default documented. */
  readonly strategy?: Strategy;
  /** Behind all others; default short quiet times. */
  readonly lines?: readonly string[];
}

/** One boot for all stories of a file; each begins with a fresh cluster. */
export async function bootBoxes(): Promise<BoxStories> {
  return new BoxStories(await startBoxes());
}

export class BoxStories {
  readonly lab: Boxes;
  readonly #rigs = new Set<BoxRig>();

  constructor(lab: Boxes) {
    this.lab = lab;
  }

  /** A fresh cluster, clients at work, and the plan file that `init` writes with a few wishes in it. */
  async begin(
    options: BoxClusterOptions = {},
    { strategy = 'documented', lines = [SHORT_QUIET] }: PlanWishes = {},
  ): Promise<BoxRig> {
    await this.#quiet();
    const cluster = await startBoxCluster(this.lab, options);
    const rig = new BoxRig(this.lab, cluster);
    this.#rigs.add(rig);
    await rig.work();
    expectExit(await rig.init(), 0);
    const written = await readFile(cluster.planFile, 'utf8');
    const chosen = written.replace(/^strategy: .*$/m, `strategy: ${strategy}`);
    await writeFile(cluster.planFile, `${chosen}${lines.join('\n')}\n`);
    return rig;
  }

  async end(): Promise<void> {
    await this.#quiet();
    await this.lab.end();
  }

  async #quiet(): Promise<void> {
    for (const rig of this.#rigs) await rig.abandon();
    this.#rigs.clear();
  }
}

export class BoxRig {
  readonly lab: Boxes;
  readonly cluster: BoxCluster;
  readonly #commands: RunningCommand[] = [];
  #clients: ChildProcess | undefined;

  constructor(lab: Boxes, cluster: BoxCluster) {
    this.lab = lab;
    this.cluster = cluster;
  }

  /** Starts `peershift VERB PLAN --json ...` where the operator is. */
  start(verb: string, ...flags: readonly string[]): RunningCommand {
    return this.#start([verb, this.cluster.planFile, '--json', ...flags]);
  }

  /** `peershift VERB PLAN ...` as a person runs it, to its end. */
  async run(verb: string, ...flags: readonly string[]): Promise<CommandEnd> {
    return await this.#start([verb, this.cluster.planFile, ...flags]).ended;
  }

  /** Writes the plan file from what is seen of one member and its hosts; relative paths are the home's. */
  async init(): Promise<CommandEnd> {
    const { endpoints, clientFlags, options, planFile } = this.cluster;
    const { home } = this.lab;
    const tls = clientFlags.map((flag) => flag.replace(`=${home}/`, '='));
    const login = ['--user', 'root', '--password-env', 'PEERSHIFT_PASSWORD'];
    const words = [
      ...['init', '--endpoint', endpoints[1] ?? '', '--ssh', 'root@{host}', '--out', planFile],
      ...[...tls, ...(options.auth === true ? login : [])],
    ];
    return await this.#start(words, home).ended;
  }

  #start(words: readonly string[], folder = this.cluster.folder): RunningCommand {
    const running = startCommand(words, {
      within: this.lab.inOperator([]),
      folder,
      environment: { PEERSHIFT_PASSWORD: PASSWORD },
    });
    this.#commands.push(running);
    return running;
  }

  /** Clients that write until `settle`. */
  async work(): Promise<void> {
    const { endpoints, options } = this.cluster;
    const order: ClientsOrder = {
      endpoints,
      access: await this.#access(),
      keepsLeases: options.clientTls !== true && options.auth !== true,
    };
    const script = path.join(CHECKOUT, 'test/support/box-clients.ts');
    const words = [process.execPath, '--import', import.meta.resolve('tsx'), script];
    const [program = '', ...rest] = this.lab.inOperator([...words, JSON.stringify(order)]);
    this.#clients = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  /** Ends the clients: every acknowledged write is there, all members hold the same, nothing of ours is left. */
  async settle(): Promise<ClientsReport> {
    const clients = this.#clients;
    if (clients === undefined) throw new Error('no clients are at work');
    let text = '';
    clients.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8');
    });
    const ended = once(clients, 'close', { signal: AbortSignal.timeout(CLIENTS_END_MS) });
    clients.stdin?.end();
    await ended;
    this.#clients = undefined;
    return JSON.parse(text) as ClientsReport;
  }

  async expectNothingLost(): Promise<ClientsReport> {
    const report = await this.settle();
    const { read, lost, mismatched } = value(report.readBack);
    expect({ read, lost, mismatched }).toEqual({
      read: report.acknowledged,
      lost: [],
      mismatched: [],
    });
    expect(report.acknowledged).toBeGreaterThan(100);
    const hashes = await this.#hashes();
    expect(new Set(hashes).size, `hashes of the members: ${hashes.join(', ')}`).toBe(1);
    expect(report.ownKeys, 'keys of peershift in the cluster').toBe(0);
    return report;
  }

  /** By name, as the cluster itself has it. */
  async peerUrls(): Promise<Readonly<Record<string, readonly string[]>>> {
    const text = await boxEtcdctl(this.lab, this.cluster, ['member', 'list', '-w', 'json']);
    const { members } = JSON.parse(text) as { members: { name: string; peerURLs: string[] }[] };
    return Object.fromEntries(members.map(({ name, peerURLs }) => [name, peerURLs]));
  }

  /** Every member is advertised with this scheme alone, and serves. */
  async expectServing(scheme: 'http' | 'https'): Promise<void> {
    for (const [name, urls] of Object.entries(await this.peerUrls())) {
      for (const url of urls) expect(url, name).toMatch(new RegExp(`^${scheme}://`));
    }
    await boxEtcdctl(this.lab, this.cluster, ['endpoint', 'health']);
  }

  /** Leaves neither a command nor a client. */
  async abandon(): Promise<void> {
    for (const running of this.#commands) {
      running.kill('SIGKILL');
      await running.ended;
    }
    if (this.#clients?.exitCode === null) {
      const gone = once(this.#clients, 'exit');
      this.#clients.kill('SIGKILL');
      await gone;
    }
  }

  /** HashKV of each member, at the revision of each: no client writes any more. */
  async #hashes(): Promise<readonly number[]> {
    const words = ['endpoint', 'hashkv', '-w', 'json'];
    const text = await boxEtcdctl(this.lab, this.cluster, words);
    const answers = JSON.parse(text) as { HashKV: { hash: number } }[];
    expect(answers).toHaveLength(this.cluster.names.length);
    return answers.map(({ HashKV }) => HashKV.hash);
  }

  async #access(): Promise<GatewayAccess> {
    const { options, clientFlags } = this.cluster;
    const texts = clientFlags.map((flag) => readFile(flag.slice(flag.indexOf('=') + 1), 'utf8'));
    const [ca = '', cert = '', key = ''] = await Promise.all(texts);
    return {
      ...(options.clientTls === true ? { tls: { ca, cert, key } } : {}),
      ...(options.auth === true ? { login: { username: 'root', password: PASSWORD } } : {}),
    };
  }
}
