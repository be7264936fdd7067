/**
 * Turns a number into machines in boxes: systemd, journald, sshd and etcd each, on a network of their own.
 *
 *   namespace NAME-op (the operator)          NAME-1            NAME-2        ...
 *   bridge lan 10.77.0.1, fd77::1  ---veth--- host0 10.77.0.11, fd77::11
 *
 * Nothing leaves the namespaces: whatever talks to a box is started by `inOperator`. A small shell holds
 * the other end of a pipe to this process and takes everything down when the pipe closes, so that
 * nothing stays behind whichever way this process ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { boxesBase } from './boxes-base.ts';
import { type ProgramEnd, type ProgramOptions, program, programEnd } from './programs.ts';

export interface BoxesOptions {
  /** Default 3: m1, m2, m3. */
  readonly count?: number;
  /** Debian packages beside those that every box has. */
  readonly packages?: readonly string[];
}

export interface Box {
  /** `m1`: the host's name and that of its member. */
  readonly name: string;
  readonly number: number;
  readonly ipv4: string;
  readonly ipv6: string;
  /** In every hosts file of the lab. */
  readonly dnsName: string;
  /** The box's files as this machine sees them. */
  readonly root: string;
  readonly namespace: string;
}

/** The tree of control groups that systemd counts processes by: of version 1, else of version 2. */
const GROUP_TREES = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup'];
/** Programs that the machine must have, and the Debian packages that they are in. */
const PROGRAMS = ['systemd-nspawn', 'debootstrap', 'ip', 'nsenter', 'ssh-keygen', 'openssl'];
const PACKAGES = ['systemd-container', 'debootstrap', 'iproute2', 'openssh-client', 'openssl'];
const INSTALL_DEADLINE_MS = 300_000;
/** A box on a busy machine: seen 3 to 8 s. */
const BOOT_DEADLINE_MS = 90_000;
const LOOK_MS = 100;
/** Boxes end at once, unmounting may have to wait for the last of their processes. */
const END_DEADLINE_MS = 60_000;

let labs = 0;

/** A Debian machine that has never seen this test gets its packages; root's say is needed for all of it. */
async function preparePrograms(): Promise<void> {
  if (process.geteuid?.() !== 0) throw new Error('machines in boxes need root');
  const missing: string[] = [];
  for (const name of PROGRAMS) {
    const found = await programEnd(['sh', '-c', 'command -v "$1"', 'sh', name]);
    if (found.exit !== 0) missing.push(name);
  }
  if (missing.length === 0) return;
  const options = {
    deadlineMs: INSTALL_DEADLINE_MS,
    environment: { DEBIAN_FRONTEND: 'noninteractive' },
  };
  await program(['apt-get', 'update', '-qq'], options);
  await program(
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...PACKAGES],
    options,
  );
}

/** Boots them and waits until sshd answers; etcd is not started. */
export async function startBoxes(options: BoxesOptions = {}): Promise<Boxes> {
  await preparePrograms();
  const base = await boxesBase(options.packages);
  const folder = await mkdtemp(path.join(tmpdir(), 'peershift-boxes-'));
  labs += 1;
  const name = `psb${process.pid.toString(36)}x${String(labs)}`;
  const count = options.count ?? 3;
  const boxes = Array.from({ length: count }, (_, index) => boxOf(folder, name, index + 1));
  const lab = new Boxes(folder, name, boxes, await startReaper(folder, name, boxes));
  try {
    await lab.up(base);
  } catch (error) {
    await lab.end();
    throw error;
  }
  return lab;
}

export class Boxes {
  readonly folder: string;
  readonly operator: string;
  readonly boxes: readonly Box[];
  /** HOME of the operator: `.ssh` with a key that every box's root accepts, and known hosts. */
  readonly home: string;
  readonly #reaper: ChildProcess;

  constructor(folder: string, name: string, boxes: readonly Box[], reaper: ChildProcess) {
    this.folder = folder;
    this.operator = `${name}-op`;
    this.boxes = boxes;
    this.home = path.join(folder, 'home');
    this.#reaper = reaper;
    process.once('disconnect', this.#letGo);
  }

  /** A test run that is killed leaves its workers to themselves: without it the boxes go at once. */
  readonly #letGo = (): void => {
    this.#reaper.stdin?.end();
  };

  box(name: string): Box {
    const found = this.boxes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no box ${name}`);
    return found;
  }

  /** The words that start a program where the operator is, with the operator's home. */
  inOperator(argv: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.operator, 'env', `HOME=${this.home}`, ...argv];
  }

  /** The output of a program that root runs in the box; throws when it fails. */
  async in(name: string, argv: readonly string[], options: ProgramOptions = {}): Promise<string> {
    return await program(await this.#enter(name, argv), options);
  }

  /** The same, whatever its exit. */
  async endIn(
    name: string,
    argv: readonly string[],
    options: ProgramOptions = {},
  ): Promise<ProgramEnd> {
    return await programEnd(await this.#enter(name, argv), options);
  }

  /** iptables on the box's network, by the box's own program; the box itself has no say over it. */
  async filter(name: string, words: readonly string[]): Promise<void> {
    const { namespace, root } = this.box(name);
    await program(['ip', 'netns', 'exec', namespace, 'chroot', root, 'iptables', ...words]);
  }

  /** A file of the box, with the folders above it. */
  async write(name: string, file: string, text: string, mode = 0o644): Promise<void> {
    const target = path.join(this.box(name).root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
    await chmod(target, mode);
  }

  async read(name: string, file: string): Promise<string> {
    return await readFile(path.join(this.box(name).root, file), 'utf8');
  }

  async remove(name: string, file: string): Promise<void> {
    await rm(path.join(this.box(name).root, file), { recursive: true, force: true });
  }

  /** Like the reset button: its init is another one afterwards, and sshd answers again. */
  async reboot(name: string): Promise<void> {
    const before = await this.#init(name);
    await this.in(name, ['systemctl', 'reboot', '--no-block']);
    await until(`the end of ${name}`, async () => {
      const now = await this.#init(name).catch(() => before);
      return now !== before;
    });
    await this.#isUp(this.box(name));
  }

  /** Ends everything by id, and waits until it is gone. */
  async end(): Promise<void> {
    process.removeListener('disconnect', this.#letGo);
    if (this.#reaper.exitCode !== null) return;
    const gone = once(this.#reaper, 'exit');
    this.#reaper.stdin?.end();
    const [exit] = (await Promise.race([gone, delay(END_DEADLINE_MS, ['late'])])) as [unknown];
    if (exit !== 0) throw new Error(`the boxes below ${this.folder} did not end: ${String(exit)}`);
  }

  /** Only for `startBoxes`. */
  async up(base: string): Promise<void> {
    await this.#network();
    await this.#keys();
    await Promise.all(this.boxes.map((box) => this.#boot(box, base)));
    await Promise.all(this.boxes.map((box) => this.#isUp(box)));
    await this.#knowHosts();
  }

  async #network(): Promise<void> {
    const op = this.operator;
    const hosts = ['127.0.0.1 localhost', '::1 localhost', ...this.boxes.flatMap(hostLines)];
    const settings = path.join('/etc/netns', op);
    await mkdir(settings, { recursive: true });
    await writeFile(path.join(settings, 'hosts'), `${hosts.join('\n')}\n`);
    await program(['ip', 'netns', 'add', op]);
    await program(['ip', '-n', op, 'link', 'set', 'lo', 'up']);
    await program(['ip', '-n', op, 'link', 'add', 'lan', 'type', 'bridge']);
    await program(['ip', '-n', op, 'link', 'set', 'lan', 'up']);
    await program(['ip', '-n', op, 'addr', 'add', '10.77.0.1/24', 'dev', 'lan']);
    await program(['ip', '-n', op, 'addr', 'add', 'fd77::1/64', 'dev', 'lan', 'nodad']);
    for (const { namespace, number, ipv4, ipv6 } of this.boxes) {
      const port = `m${String(number)}`;
      await program(['ip', 'netns', 'add', namespace]);
      const at = ['ip', '-n', namespace];
      await program([...at, 'link', 'set', 'lo', 'up']);
      const pair = ['type', 'veth', 'peer', 'name', 'host0', 'netns', namespace];
      await program(['ip', '-n', op, 'link', 'add', port, ...pair]);
      await program(['ip', '-n', op, 'link', 'set', port, 'master', 'lan', 'up']);
      await program([...at, 'addr', 'add', `${ipv4}/24`, 'dev', 'host0']);
      await program([...at, 'addr', 'add', `${ipv6}/64`, 'dev', 'host0', 'nodad']);
      await program([...at, 'link', 'set', 'host0', 'up']);
    }
  }

  async #keys(): Promise<void> {
    const folder = path.join(this.home, '.ssh');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await makeKey(path.join(folder, 'id_ed25519'), 'operator');
  }

  async #boot(box: Box, base: string): Promise<void> {
    const own = path.dirname(box.root);
    const [upper, work] = [path.join(own, 'upper'), path.join(own, 'work')];
    for (const each of [upper, work, box.root]) await mkdir(each, { recursive: true });
    const layers = `lowerdir=${base},upperdir=${upper},workdir=${work}`;
    await program(['mount', '-t', 'overlay', 'overlay', '-o', layers, box.root]);
    await this.#furnish(box);
    const words = [
      ...['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '-D', box.root],
      ...[
        `--hostname=${box.name}`,
        `--network-namespace-path=/run/netns/${box.namespace}`,
        '--boot',
      ],
    ];
    // A session of its own: a Ctrl-C is for the tests, and the reaper follows.
    const started = spawn('sh', ['-c', BOOT, own, box.namespace, ...words], {
      detached: true,
      stdio: 'ignore',
    });
    started.unref();
  }

  /** What makes a box one of its own, before it boots. */
  async #furnish({ name, number, root }: Box): Promise<void> {
    const hosts = ['127.0.0.1 localhost', '::1 localhost', ...this.boxes.flatMap(hostLines)];
    await this.write(name, 'etc/hostname', `${name}\n`);
    await this.write(name, 'etc/hosts', `${hosts.join('\n')}\n`);
    await this.write(name, 'etc/machine-id', `${String(number).padStart(32, '7')}\n`, 0o444);
    await mkdir(path.join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
    const key = path.join(root, 'root/.ssh/authorized_keys');
    await copyFile(path.join(this.home, '.ssh/id_ed25519.pub'), key);
    await makeKey(path.join(root, 'etc/ssh/ssh_host_ed25519_key'), name);
  }

  async #knowHosts(): Promise<void> {
    const lines = await Promise.all(
      this.boxes.map(async ({ name, ipv4, ipv6, dnsName }) => {
        const key = await this.read(name, 'etc/ssh/ssh_host_ed25519_key.pub');
        return `${[ipv4, ipv6, dnsName].join(',')} ${key.split(' ').slice(0, 2).join(' ')}\n`;
      }),
    );
    await writeFile(path.join(this.home, '.ssh/known_hosts'), lines.join(''));
  }

  async #isUp(box: Box): Promise<void> {
    await until(`${box.name} to boot (see its console in ${path.dirname(box.root)})`, async () => {
      const argv = await this.#enter(box.name, ['systemctl', 'is-active', 'ssh']).catch(() => []);
      return argv.length > 0 && (await programEnd(argv)).exit === 0;
    });
  }

  async #enter(name: string, argv: readonly string[]): Promise<readonly string[]> {
    const clean = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8'];
    return ['nsenter', '-t', String(await this.#init(name)), '-a', '--', ...clean, ...argv];
  }

  /** The process that is number 1 in the box. */
  async #init(name: string): Promise<number> {
    const pid = (
      await readFile(path.join(path.dirname(this.box(name).root), 'pid'), 'utf8')
    ).trim();
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children.split(' ').filter((word) => word !== '')) {
      const command = await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '');
      if (command.trim() === 'systemd') return Number(child);
    }
    throw new Error(`${name} has no init`);
  }
}

/**
 * $0 is the box's folder, $1 the control group that it gets: boxes that shared one would count and kill each
 * other's processes. nspawn ends with 133 when the box wants to be booted again.
 */
const BOOT = `
group=$1
shift
for tree in ${GROUP_TREES.join(' ')}; do
  [ -w "$tree/cgroup.procs" ] || continue
  mkdir -p "$tree/$group" && echo $$ >"$tree/$group/cgroup.procs" && break
done
while :; do
  "$@" >>"$0/console" 2>&1 &
  echo $! >"$0/pid.new" && mv "$0/pid.new" "$0/pid"
  wait $!
  [ $? = 133 ] || exit
done
`;

function boxOf(folder: string, lab: string, number: number): Box {
  const name = `m${String(number)}`;
  return {
    name,
    number,
    ipv4: `10.77.0.${String(10 + number)}`,
    ipv6: `fd77::${String(10 + number)}`,
    dnsName: `${name}.etcd.test`,
    root: path.join(folder, name, 'root'),
    namespace: `${lab}-${String(number)}`,
  };
}

function hostLines({ ipv4, dnsName, name }: Box): readonly string[] {
  return [`${ipv4} ${dnsName} ${name}`];
}

async function makeKey(file: string, comment: string): Promise<void> {
  await rm(file, { force: true });
  await program(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}

/** Looks until it is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + BOOT_DEADLINE_MS;
  while (!(await isSo())) {
    if (performance.now() > giveUpAtMs) throw new Error(`waited in vain for ${what}`);
    await delay(LOOK_MS);
  }
}

/**
 * $0 is the lab's folder, $1 the operator's namespace, the rest those of the boxes. A process id counts
 * only while its command line names the folder: ids are given out again.
 */
const REAPER = `
trap '' INT TERM HUP
read -r _
ours() { tr '\\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$folder"; }
folder=$0
for file in "$folder"/*/pid; do
  pid=$(cat "$file" 2>/dev/null) && ours "$pid" || continue
  # Its init first: all of the box ends with it.
  for child in $(cat "/proc/$pid/task/$pid/children"); do kill -KILL "$child"; done
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    ours "$pid" || break
    sleep 0.1
  done
  ours "$pid" && kill -KILL "$pid"
done
for root in "$folder"/*/root; do
  while mountpoint -q "$root"; do umount -R "$root" || { sleep 0.2; umount -R -l "$root"; }; done
done
for name; do
  # Whoever is still in there is ours: nobody else was given the name.
  for pid in $(ip netns pids "$name" 2>/dev/null); do kill -KILL "$pid"; done
  ip netns del "$name" 2>/dev/null
  rm -rf "/etc/netns/$name"
  for tree in ${GROUP_TREES.join(' ')}; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ -d "$tree/$name" ] || break
      find "$tree/$name" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.2
    done
  done
done
rmdir /etc/netns 2>/dev/null
rm -rf --one-file-system "$folder"
`;

async function startReaper(
  folder: string,
  name: string,
  boxes: readonly Box[],
): Promise<ChildProcess> {
  const namespaces = [`${name}-op`, ...boxes.map(({ namespace }) => namespace)];
  const child = spawn('sh', ['-c', REAPER, folder, ...namespaces], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  return child;
}
