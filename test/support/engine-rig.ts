/**
 * Turns a machine of Debian into three members in containers of a Docker engine, or of podman, that is the test's
 * own: its data, sockets and images lie in one folder, it makes no bridge and no firewall rule, and it ends when
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
/** Whatever is still mounted below the folder `$1`. */
const UNMOUNT = `awk -v folder="$1/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l`;
/** `$1` is the folder; the engine's end is waited for, and it ends its containers first. */
const DOCKER = `
dockerd --data-root "$1/data" --exec-root "$1/exec" --host "unix://$1/docker.sock" --pidfile "$1/pid" \\
  --iptables=false --ip6tables=false --bridge=none >"$1/dockerd.log" 2>&1 &
engine=$!
read -r _
kill "$engine"
wait "$engine"
${UNMOUNT}
:
`;
/** There is no engine: each container has a watcher of its own. */
const PODMAN = `
read -r _
"$1/bin/podman" rm --all --force --time 10 >/dev/null 2>&1
${UNMOUNT}
:
`;
type Binary = 'docker' | 'podman';

export interface EngineMember {
  readonly name: string;
  readonly container: string;
  readonly address: string;
  readonly folder: string;
}

/** An engine with an image of the etcd under test, and three members in it, m2 with its settings in variables. */
export async function startEngineRig(binary: Binary = 'docker'): Promise<EngineRig> {
  const programs =
    binary === 'docker' ? 'command -v dockerd && command -v docker' : 'command -v podman';
  const found = await programEnd(['sh', '-c', programs]);
  if (found.exit !== 0) await install(binary === 'docker' ? 'docker.io' : 'podman');
  // A socket's path may be no longer than 107 characters.
  const folder = await mkdtemp('/tmp/peershift-engine-');
  const keeper = binary === 'docker' ? DOCKER : PODMAN;
  const child = spawn('sh', ['-c', keeper, 'sh', folder], { stdio: ['pipe', 'ignore', 'inherit'] });
  const rig = new EngineRig(binary, folder, child);
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
  readonly binary: Binary;
  readonly folder: string;
  readonly members: EngineMember[] = [];
  readonly #engine: ChildProcess;
  readonly #commands: RunningCommand[] = [];
  #writer: Writer | undefined;

  constructor(binary: Binary, folder: string, engine: ChildProcess) {
    this.binary = binary;
    this.folder = folder;
    this.#engine = engine;
  }

  get planFile(): string {
    return path.join(this.folder, 'plan.yaml');
  }

  /** The engine answers, has an image, and runs the members. */
  async fill(): Promise<void> {
    await mkdir(path.join(this.folder, 'home'));
    await (this.binary === 'docker' ? this.#fillDocker() : this.#fillPodman());
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

  /** As a person whose docker leads elsewhere has it: a context of its own in the home folder. */
  async #fillDocker(): Promise<void> {
    const socket = `host=unix://${this.folder}/docker.sock`;
    await this.docker('context', 'create', 'lab', '--docker', socket);
    await this.docker('context', 'use', 'lab');
    await until('the engine to answer', async () => {
      return (await programEnd(['docker', 'info'], this.#how())).exit === 0;
    });
  }

  /** A program of the same name, first on PATH, that leads podman to storage of our own. */
  async #fillPodman(): Promise<void> {
    const at = (name: string): string => path.join(this.folder, name);
    const storage = ['driver = "vfs"', `graphroot = "${at('data')}"`, `runroot = "${at('run')}"`];
    await writeFile(at('storage.conf'), `[storage]\n${storage.join('\n')}\n`);
    const engine = '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n';
    await writeFile(at('containers.conf'), `[containers]\nlog_driver = "k8s-file"\n${engine}`);
    const own = (await program(['sh', '-c', 'command -v podman'])).trim();
    const files = `CONTAINERS_STORAGE_CONF=${at('storage.conf')} CONTAINERS_CONF=${at('containers.conf')}`;
    await mkdir(at('bin'));
    await writeFile(at('bin/podman'), `#!/bin/sh\n${files} exec ${own} "$@"\n`, { mode: 0o755 });
  }

  #how(): { readonly environment: Readonly<Record<string, string>> } {
    const own = path.join(this.folder, 'bin');
    const PATH = `${own}:${process.env['PATH'] ?? ''}`;
    return { environment: { HOME: path.join(this.folder, 'home'), PATH } };
  }

  docker(...words: readonly string[]): Promise<string> {
    return program([this.#program(), ...words], this.#how());
  }

  /** Makes a member's container anew from a file for docker compose, whose path it returns. */
  async compose({ name, container, folder }: EngineMember): Promise<string> {
    const there = await programEnd(['sh', '-c', 'command -v docker-compose']);
    if (there.exit !== 0) await install('docker-compose');
    const [entry] = JSON.parse(await this.docker('inspect', container)) as {
      readonly Config: { readonly Cmd: readonly string[] };
    }[];
    const service = {
      ...{ image: IMAGE, container_name: container, network_mode: 'host', restart: 'always' },
      ...{ command: entry?.Config.Cmd, volumes: [`${folder}:/var/lib/etcd`] },
    };
    const file = path.join(this.folder, 'compose.json');
    await writeFile(file, JSON.stringify({ version: '3', services: { [name]: service } }));
    await this.docker('rm', '--force', container);
    const socket = `unix://${this.folder}/docker.sock`;
    await program(['docker-compose', '--file', file, 'up', '--detach'], {
      environment: { ...this.#how().environment, DOCKER_HOST: socket },
    });
    return file;
  }

  #program(): string {
    return this.binary === 'docker' ? 'docker' : path.join(this.folder, 'bin/podman');
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
      ...['run', '--detach', '--name', container, '--network', 'host'],
      // With `always` podman before 5.1 would start the kept one too at the next boot: that is refused.
      ...['--restart', this.binary === 'docker' ? 'always' : 'on-failure'],
      ...['--memory', '512m', '--ulimit', 'nofile=4096:4096', '--label', 'team=storage and data'],
      // What podman asks for by itself a machine in a container may not give.
      ...(this.binary === 'podman' ? ['--ulimit', 'nproc=4096:4096'] : []),
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
      const service = `service: { manager: docker, container: ${container}, binary: ${this.binary} }`;
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
    const ids = (await this.docker('ps', '--all', '--no-trunc', '--quiet')).trim().split('\n');
    const format = '{{.Name}} {{.Id}} {{.State.Status}}';
    const text = (await this.docker('inspect', '--format', format, ...ids)).replaceAll(
      /^\//gmu,
      '',
    );
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
