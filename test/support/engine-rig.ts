/**
 * Turns a machine of Debian into three members in containers of a Docker engine that is the test's own: its
 * data, sockets and images lie in one folder, it makes no bridge and no firewall rule, and it ends when
 * the pipe to this process closes, with all that it runs.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';

import { findFreeBlock } from '../../src/lab/address-block.ts';
import { type Writer, startWriter } from '../../src/lab/writer.ts';
import { until } from './boxes.ts';
import { type CommandEnd, type RunningCommand, startCommand } from './command.ts';
import { value } from './etcd-calls.ts';
import { program, programEnd } from './programs.ts';

const INSTALL_DEADLINE_MS = 300_000;
const IMAGE = 'etcd:test';
/** Enough writes to notice a loss. */
const WRITES_PER_SECOND = 90;
/** `$1` is the folder; the engine's end is waited for, and it ends its containers first. */
const ENGINE = `
dockerd --data-root "$1/data" --exec-root "$1/exec" --host "unix://$1/docker.sock" --pidfile "$1/pid" \\
  --iptables=false --ip6tables=false --bridge=none >"$1/dockerd.log" 2>&1 &
engine=$!
read -r _
kill "$engine"
wait "$engine"
awk -v folder="$1/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
:
`;

export interface EngineMember {
  readonly name: string;
  readonly container: string;
  readonly address: string;
  readonly folder: string;
}

/** An engine with an image of the etcd under test, and three members in it, m2 with its settings in variables. */
export async function startEngineRig(): Promise<EngineRig> {
  const found = await programEnd(['sh', '-c', 'command -v dockerd && command -v docker']);
  if (found.exit !== 0) await install('docker.io');
  // A socket's path may be no longer than 107 characters.
  const folder = await mkdtemp('/tmp/peershift-engine-');
  const child = spawn('sh', ['-c', ENGINE, 'sh', folder], { stdio: ['pipe', 'ignore', 'inherit'] });
  const rig = new EngineRig(folder, child);
  try {
    await rig.fill();
  } catch (error) {
    await rig.end();
    throw error;
  }
  return rig;
}

async function install(name: string): Promise<void> {
  const options = {
    deadlineMs: INSTALL_DEADLINE_MS,
    environment: { DEBIAN_FRONTEND: 'noninteractive' },
  };
  await program(['apt-get', 'update', '-qq'], options);
  await program(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', name], options);
}

export class EngineRig {
  readonly folder: string;
  readonly members: EngineMember[] = [];
  readonly #engine: ChildProcess;
  readonly #commands: RunningCommand[] = [];
  #writer: Writer | undefined;

  constructor(folder: string, engine: ChildProcess) {
    this.folder = folder;
    this.#engine = engine;
  }

  get planFile(): string {
    return path.join(this.folder, 'plan.yaml');
  }

  /** The engine answers, has an image, and runs the members. */
  async fill(): Promise<void> {
    // As a person whose docker leads elsewhere has it: a context of its own in the home folder.
    await mkdir(path.join(this.folder, 'home'));
    const socket = `host=unix://${this.folder}/docker.sock`;
    await this.docker('context', 'create', 'lab', '--docker', socket);
    await this.docker('context', 'use', 'lab');
    await until('the engine to answer', async () => {
      return (await programEnd(['docker', 'info'], this.#how())).exit === 0;
    });
    await this.#image();
    const block = await findFreeBlock(this.folder, 3);
    const addresses = block?.addresses ?? [];
    for (const [at, address] of addresses.entries()) {
      const name = `m${String(at + 1)}`;
      const folder = path.join(this.folder, name);
      this.members.push({ name, container: `etcd-${name}`, address, folder });
    }
    for (const member of this.members) await this.#run(member);
    await writeFile(this.planFile, this.#plan());
    this.#writer = startWriter({
      endpoints: this.members.map(({ address }) => `http://${address}:2379`),
      clients: 6,
      writesPerSecond: WRITES_PER_SECOND,
      keyPrefix: 'live/',
    });
    const writer = this.#writer;
    await until('the first writes', () => Promise.resolve(writer.acknowledged() > 0));
  }

  #how(): { readonly environment: Readonly<Record<string, string>> } {
    return { environment: { HOME: path.join(this.folder, 'home') } };
  }

  docker(...words: readonly string[]): Promise<string> {
    return program(['docker', ...words], this.#how());
  }

  /** The program, its loader and its libraries, as they lie on this machine. */
  async #image(): Promise<void> {
    const etcd = process.env['PEERSHIFT_ETCD'] ?? '';
    const root = path.join(this.folder, 'image');
    await mkdir(path.join(root, 'usr/local/bin'), { recursive: true });
    await copyFile(etcd, path.join(root, 'usr/local/bin/etcd'));
    const libraries = (await program(['ldd', etcd])).matchAll(/(\/\S+)/g);
    for (const [file] of libraries) {
      await mkdir(path.join(root, path.dirname(file)), { recursive: true });
      await copyFile(file, path.join(root, file));
    }
    const tar = path.join(this.folder, 'image.tar');
    await program(['tar', '-C', root, '-cf', tar, '.']);
    await this.docker('import', tar, IMAGE);
  }

  async #run({ name, container, address, folder }: EngineMember): Promise<void> {
    await mkdir(folder);
    const settings = Object.entries({
      name,
      'data-dir': '/var/lib/etcd',
      'listen-peer-urls': `http://${address}:2380`,
      'initial-advertise-peer-urls': `http://${address}:2380`,
      'listen-client-urls': `http://${address}:2379`,
      'advertise-client-urls': `http://${address}:2379`,
      'initial-cluster': this.members
        .map((each) => `${each.name}=http://${each.address}:2380`)
        .join(','),
    });
    const isByVariables = name === 'm2';
    const variables = settings.flatMap(([flag, text]) => {
      return ['--env', `ETCD_${flag.toUpperCase().replaceAll('-', '_')}=${text}`];
    });
    await this.docker(
      ...['run', '--detach', '--name', container, '--network', 'host', '--restart', 'always'],
      ...['--memory', '512m', '--ulimit', 'nofile=4096:4096', '--label', 'team=storage and data'],
      ...['--log-opt', 'max-size=10m', '--cap-drop', 'NET_RAW', '--stop-timeout', '40'],
      ...['--volume', `${folder}:/var/lib/etcd`, '--env', 'BACKUP_PASSWORD=not to be seen'],
      ...(isByVariables ? [...variables, '--entrypoint', '/usr/local/bin/etcd', IMAGE] : [IMAGE]),
      ...(isByVariables ? [] : ['/usr/local/bin/etcd']),
      ...(isByVariables ? [] : settings.map(([flag, text]) => `--${flag}=${text}`)),
    );
  }

  #plan(): string {
    const clients = this.members.map(({ address }) => `http://${address}:2379`);
    const members = this.members.map(({ name, container, address, folder }) => {
      const service = `service: { manager: docker, container: ${container} }`;
      return `  - { name: ${name}, peerUrl: "https://${address}:2380", sourceAddresses: [127.0.0.1], ${service}, tls: { directory: ${folder}-tls } }`;
    });
    return [
      ...['version: 1', 'name: containers', `cluster: { endpoints: [${clients.join(', ')}] }`],
      ...['defaults: { host: { transport: local } }', 'members:', ...members],
      ...['order: [m1, m2, m3]', 'gates: { quiet: 1s }', ''],
    ].join('\n');
  }

  start(verb: string, ...flags: readonly string[]): RunningCommand {
    const words = [verb, this.planFile, '--json', ...flags];
    const running = startCommand(words, { folder: this.folder, ...this.#how() });
    this.#commands.push(running);
    return running;
  }

  async run(verb: string, ...flags: readonly string[]): Promise<CommandEnd> {
    const running = startCommand([verb, this.planFile, ...flags], {
      folder: this.folder,
      ...this.#how(),
    });
    this.#commands.push(running);
    return await running.ended;
  }

  /** Name to ID and state, of all containers. */
  async containers(): Promise<Readonly<Record<string, string>>> {
    const format = '{{.Names}} {{.ID}} {{.State}}';
    const text = await this.docker('ps', '--all', '--no-trunc', '--format', format);
    const rows = text.trim().split('\n');
    return Object.fromEntries(
      rows.map((row) => [row.split(' ')[0] ?? '', row.split(' ').slice(1).join(' ')]),
    );
  }

  /** What an engine says of a container, without what is of that one alone. */
  async definition(name: string): Promise<Readonly<Record<string, unknown>>> {
    const [entry] = JSON.parse(await this.docker('inspect', name)) as {
      readonly Config: Readonly<Record<string, unknown>>;
      readonly HostConfig: Readonly<Record<string, unknown>>;
      readonly Image: string;
    }[];
    // `create` notes that a terminal may attach, `run --detach` that none will: that is of no effect.
    const { Env, Cmd, Entrypoint, AttachStdout, AttachStderr, ...config } = entry?.Config ?? {};
    const { Binds, ...host } = entry?.HostConfig ?? {};
    const lists = [Env, Cmd ?? [], Entrypoint ?? [], Binds];
    expect(lists.every(Array.isArray) && AttachStdout === AttachStderr).toBe(true);
    return { ...config, ...host, image: entry?.Image };
  }

  /** Ends the writer; every acknowledged write is there with its value. */
  async expectNothingLost(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) throw new Error('no writer is at work');
    const before = writer.acknowledged();
    await until('a write', () => Promise.resolve(writer.acknowledged() > before));
    const { acknowledged } = await writer.stop();
    const { read, lost, mismatched } = value(await writer.readBack());
    expect({ read, lost, mismatched }).toEqual({ read: acknowledged, lost: [], mismatched: [] });
  }

  /** Commands first, then the writer, then the engine with all containers. */
  async end(): Promise<void> {
    for (const running of this.#commands) {
      running.kill('SIGKILL');
      await running.ended;
    }
    await this.#writer?.stop();
    const ended = once(this.#engine, 'exit');
    this.#engine.stdin?.end();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
