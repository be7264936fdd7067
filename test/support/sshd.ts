/** Starts a real sshd on a loopback address, with keys and a home folder of its own, and ends it. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { SshOptions } from '../../src/adapters/ssh/open.ts';

const KEY_TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;
export type KeyType = (typeof KEY_TYPES)[number];
const SSHD = '/usr/sbin/sshd';

/** A person's home folder with one key pair, and whatever the test puts there. */
export class SshHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'ssh-home-'));
  readonly key = join(this.folder, '.ssh/id_ed25519');
  readonly knownHosts = join(this.folder, '.ssh/known_hosts');
  readonly pinFile = join(this.folder, 'state/known_hosts');
  /** What was told of new host keys. */
  readonly pinned: string[] = [];

  constructor() {
    mkdirSync(join(this.folder, '.ssh'), { mode: 0o700 });
    makeKey(this.key);
  }

  options(more: Partial<SshOptions> = {}): SshOptions {
    return {
      home: this.folder,
      environment: {},
      pinFile: this.pinFile,
      acceptsNewKeys: false,
      onPinned: (text) => this.pinned.push(text),
      ...more,
    };
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Puts the host's keys on file. */
  trust(sshd: Sshd, types: readonly KeyType[] = ['ed25519']): void {
    const lines = types.map(
      (type) => `[${sshd.address}]:${String(sshd.port)} ${sshd.hostKey(type)}\n`,
    );
    writeFileSync(this.knownHosts, lines.join(''), { flag: 'a' });
  }

  /** No host is known any more. */
  forget(): void {
    rmSync(this.knownHosts, { force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function makeKey(path: string, ...more: readonly string[]): void {
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-f',
    path,
    '-C',
    'test',
    ...(more.length === 0 ? ['-N', ''] : more),
  ]);
}

export class Sshd {
  readonly address: string;
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sshd-'));
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;
  /** What sshd said, for a failing test. */
  said = '';

  constructor(address: string, port: number, settings: readonly string[] = []) {
    this.address = address;
    this.port = port;
    this.#settings = settings;
    for (const type of KEY_TYPES) this.renewKey(type);
  }

  /** A key pair that clients are not told of. */
  renewKey(type: KeyType): void {
    const path = join(this.#folder, `host_${type}`);
    for (const name of [path, `${path}.pub`]) rmSync(name, { force: true });
    execFileSync('ssh-keygen', ['-q', '-t', type, '-f', path, '-N', '', '-C', '']);
  }

  /** `ssh-ed25519 AAAA...` */
  hostKey(type: KeyType): string {
    return readFileSync(join(this.#folder, `host_${type}.pub`), 'utf8').trim();
  }

  fingerprint(type: KeyType): string {
    const path = join(this.#folder, `host_${type}.pub`);
    return execFileSync('ssh-keygen', ['-lf', path], { encoding: 'utf8' }).split(' ')[1] ?? '';
  }

  allow(...publicKeyFiles: readonly string[]): void {
    const keys = publicKeyFiles.map((path) => readFileSync(path, 'utf8'));
    writeFileSync(join(this.#folder, 'authorized_keys'), keys.join(''));
  }

  async start(): Promise<this> {
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    execFileSync('chmod', ['755', this.#folder]);
    const config = join(this.#folder, 'sshd_config');
    const own = [
      `ListenAddress ${this.address}`,
      `Port ${String(this.port)}`,
      ...KEY_TYPES.map((type) => `HostKey ${join(this.#folder, `host_${type}`)}`),
      `AuthorizedKeysFile ${join(this.#folder, 'authorized_keys')}`,
      ...['PidFile none', 'StrictModes no', 'PermitRootLogin yes', 'LogLevel VERBOSE'],
    ];
    // Bash believes that it is not the first shell, and leaves the start files of whoever runs this alone.
    own.push('SetEnv SHLVL=1');
    // In sshd_config the first word counts.
    const usual = ['UsePAM no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'];
    writeFileSync(config, `${[...own, ...this.#settings, ...usual].join('\n')}\n`);
    const child = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (bytes: Buffer) => {
      this.said += bytes.toString();
    });
    this.#child = child;
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`sshd ended: ${this.said}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this;
  }

  /** No new connections; those that are there live on. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  /** To each sshd process that serves a connection: SIGKILL cuts it, SIGSTOP freezes it. */
  signalSessions(signal: NodeJS.Signals): number {
    const sessions = this.sessions();
    for (const pid of sessions) process.kill(pid, signal);
    return sessions.length;
  }

  /** To the process that accepts connections. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  sessions(): readonly number[] {
    const all = sshdProcesses();
    const found = [this.#child?.pid ?? -1];
    for (const pid of found) {
      for (const one of all) if (one.parent === pid) found.push(one.pid);
    }
    return found.slice(1);
  }

  /** Nobody is connected any more, and nobody can connect. */
  async cut(): Promise<void> {
    const sessions = this.sessions();
    await this.stop();
    for (const pid of sessions) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
  }

  async end(): Promise<void> {
    await this.cut();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    const socket = connect(this.port, this.address);
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}

function sshdProcesses(): readonly { readonly pid: number; readonly parent: number }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return name === 'sshd' ? [{ pid: Number(pid), parent }] : [];
    } catch {
      return [];
    }
  });
}
