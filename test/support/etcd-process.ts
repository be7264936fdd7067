/** Turns a list of loopback addresses into real etcd members that are healthy, and ends them again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freeze, thaw } from './frozen.ts';

export interface ClusterOptions {
  /** One member each, all of the same loopback block. */
  readonly addresses: readonly string[];
  readonly clientPort?: number;
  readonly peerPort?: number;
  /** Client TLS of the members, and what a client needs to see their health. */
  readonly clientTls?: {
    readonly serverFlags: readonly string[];
    readonly ca: Buffer;
    readonly cert: Buffer;
    readonly key: Buffer;
  };
  /** More flags for every member, such as a shorter election timeout. */
  readonly flags?: readonly string[];
}

/** A first election on a busy machine takes seconds, never this long. */
const HEALTHY_WITHIN_MS = 30_000;
const POLL_MS = 50;
const ENDED_WITHIN_MS = 15_000;
/** Enough to see why a member did not start. */
const SHOWN_LOG_LINES = 15;

/** The etcd of $PEERSHIFT_ETCD, else the one on PATH; throws with what was looked for. */
function etcdBinary(): string {
  const named = process.env['PEERSHIFT_ETCD'];
  const candidates =
    named === undefined || named === ''
      ? (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'etcd'))
      : [named];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    named === undefined || named === ''
      ? 'this test needs the binary "etcd": it is not on PATH and PEERSHIFT_ETCD is not set'
      : `this test needs the binary "etcd": PEERSHIFT_ETCD names ${named}, which cannot be run`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts all members and returns when each says that it is healthy; all are gone if one does not. */
export async function startCluster(options: ClusterOptions): Promise<EtcdCluster> {
  const binary = etcdBinary();
  const folder = await mkdtemp(join(tmpdir(), 'peershift-etcd-'));
  const cluster = new EtcdCluster(binary, folder, options);
  try {
    for (const member of cluster.members) member.spawn();
    for (const member of cluster.members) await member.healthy();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

export class EtcdCluster {
  readonly members: readonly EtcdProcess[];
  readonly folder: string;

  constructor(binary: string, folder: string, options: ClusterOptions) {
    this.folder = folder;
    this.members = options.addresses.map(
      (address, index) =>
        new EtcdProcess(binary, folder, options, `m${String(index + 1)}`, address),
    );
  }

  /** Ends every member by its process id and removes the data. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class EtcdProcess {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly logFile: string;
  readonly #binary: string;
  readonly #folder: string;
  readonly #options: ClusterOptions;
  #child: ChildProcess | undefined;

  constructor(
    binary: string,
    folder: string,
    options: ClusterOptions,
    name: string,
    address: string,
  ) {
    this.#binary = binary;
    this.#folder = folder;
    this.#options = options;
    this.name = name;
    this.clientUrl = clientUrlOf(options, address);
    this.peerUrl = peerUrlOf(options, address);
    this.logFile = join(folder, `${name}.log`);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  /** Returns at once; see healthy(). */
  spawn(): void {
    const log = openSync(this.logFile, 'a');
    this.#child = spawn(this.#binary, this.#argv(), {
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'] ?? '', HOME: this.#folder, LANG: 'C' },
    });
    closeSync(log);
  }

  async restart(): Promise<void> {
    await this.kill();
    this.spawn();
    await this.healthy();
  }

  freeze(): Promise<void> {
    return freeze(this.pid);
  }

  thaw(): void {
    thaw(this.pid);
  }

  /** SIGKILL, also for a frozen process; returns when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit', { signal: AbortSignal.timeout(ENDED_WITHIN_MS) });
    child.kill('SIGKILL');
    await gone;
  }

  /** Waits until GET /health says true; throws with the end of the log otherwise. */
  async healthy(): Promise<void> {
    const giveUpAtMs = Date.now() + HEALTHY_WITHIN_MS;
    for (;;) {
      if (await this.#isHealthy()) return;
      const hasEnded = this.#child === undefined || this.#child.exitCode !== null;
      if (hasEnded || Date.now() > giveUpAtMs) throw new Error(this.#whyUnhealthy(hasEnded));
      await delay(POLL_MS);
    }
  }

  #whyUnhealthy(hasEnded: boolean): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-SHOWN_LOG_LINES);
    const what = hasEnded ? 'ended' : `is not healthy after ${String(HEALTHY_WITHIN_MS)} ms`;
    return `etcd ${this.name} ${what}; its log ends with\n${lines.join('\n')}`;
  }

  #isHealthy(): Promise<boolean> {
    const { clientTls } = this.#options;
    const url = `${this.clientUrl}/health`;
    return new Promise((resolve) => {
      const options = { agent: false, signal: AbortSignal.timeout(1000) };
      const sent =
        clientTls === undefined
          ? plainRequest(url, options)
          : tlsRequest(url, {
              ...options,
              ca: clientTls.ca,
              cert: clientTls.cert,
              key: clientTls.key,
            });
      sent.once('error', () => {
        resolve(false);
      });
      sent.once('response', (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      sent.end();
    });
  }

  #argv(): string[] {
    const { addresses, clientTls, flags } = this.#options;
    const all = addresses.map((a, i) => `m${String(i + 1)}=${peerUrlOf(this.#options, a)}`);
    return [
      ...['--name', this.name, '--data-dir', join(this.#folder, this.name)],
      ...['--listen-client-urls', this.clientUrl, '--advertise-client-urls', this.clientUrl],
      ...['--listen-peer-urls', this.peerUrl, '--initial-advertise-peer-urls', this.peerUrl],
      ...['--initial-cluster', all.join(','), '--initial-cluster-token', this.#folder],
      ...(clientTls?.serverFlags ?? []),
      ...(flags ?? []),
    ];
  }
}

function clientUrlOf(options: ClusterOptions, address: string): string {
  const scheme = options.clientTls === undefined ? 'http' : 'https';
  return `${scheme}://${address}:${String(options.clientPort ?? 2379)}`;
}

function peerUrlOf(options: ClusterOptions, address: string): string {
  return `http://${address}:${String(options.peerPort ?? 2380)}`;
}
