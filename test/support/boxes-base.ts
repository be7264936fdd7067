/** Turns a list of Debian packages into a folder with a whole Debian, made once and kept for later runs. */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

import { archiveOf, parseAptSources } from '../../src/lab/apt-sources.ts';
import { program } from './programs.ts';

const SUITE = 'bookworm';
const DEFAULT_ARCHIVE = 'http://deb.debian.org/debian';
/** What a machine with etcd has: systemd, sshd, and the few tools that hosts have. */
const PACKAGES: readonly string[] = [
  ...['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'etcd-server', 'etcd-client'],
  ...['iproute2', 'ca-certificates', 'openssl', 'sudo', 'iptables', 'procps'],
];
/** Counted up when something else than the packages changes in how a base is made. */
const RECIPE = 1;
/** About a minute on a good line. */
const MAKE_DEADLINE_MS = 600_000;
/** Written last: a folder without it is not whole. */
const MARK = '.complete';

/** The folder; nobody writes below it, machines are laid over it. */
export async function boxesBase(morePackages: readonly string[] = []): Promise<string> {
  const packages = [...new Set([...PACKAGES, ...morePackages])].sort();
  const recipe = JSON.stringify([RECIPE, SUITE, packages]);
  const name = `${SUITE}-${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`;
  const cache = cacheFolder();
  const base = path.join(cache, name);
  if (existsSync(path.join(base, MARK))) return base;
  await mkdir(cache, { recursive: true, mode: 0o755 });
  await removeAbandoned(cache);
  // Two at a time do the work twice: the first to finish gives the folder its name.
  const own = path.join(cache, `${name}.${String(process.pid)}`);
  try {
    await make(own, packages);
    await writeFile(path.join(own, MARK), recipe);
    await rename(own, base).catch((error: unknown) => {
      if (!existsSync(path.join(base, MARK))) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return base;
}

/** Not below a temporary folder: a base outlives the run that made it. */
function cacheFolder(): string {
  const own = process.env['PEERSHIFT_BOXES_CACHE'];
  return own ?? path.join(homedir(), '.cache', 'peershift-test');
}

async function make(folder: string, packages: readonly string[]): Promise<void> {
  await program(
    [
      ...['debootstrap', '--variant=minbase', `--include=${packages.join(',')}`],
      ...[SUITE, folder, await archive()],
    ],
    { deadlineMs: MAKE_DEADLINE_MS },
  );
  // A machine's own: host keys and the id come when it is set up; etcd starts when it is told to.
  const gone = readdirSync(path.join(folder, 'etc/ssh')).filter((file) =>
    file.startsWith('ssh_host_'),
  );
  for (const file of gone) await rm(path.join(folder, 'etc/ssh', file));
  const wants = path.join(folder, 'etc/systemd/system/multi-user.target.wants/etcd.service');
  await rm(wants, { force: true });
  await rm(path.join(folder, 'var/cache/apt/archives'), { recursive: true, force: true });
  await mkdir(path.join(folder, 'var/cache/apt/archives/partial'), { recursive: true });
}

/** The Debian archive that this machine itself uses. */
async function archive(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const more = await readdir(folder).catch(() => []);
  const files = ['/etc/apt/sources.list', ...more.map((name) => path.join(folder, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const sources = texts.flatMap((text) => parseAptSources(text));
  return archiveOf(sources, SUITE)?.uri ?? DEFAULT_ARCHIVE;
}

/** What a process that is no longer there has left half made. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const pid = /^[a-z]+-[0-9a-f]{12}\.(\d+)$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    await rm(path.join(cache, name), { recursive: true, force: true });
  }
}
