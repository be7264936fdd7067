/** Turns a Debian or Ubuntu suite into unpacked etcd binaries, without installing and without root. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { AptSource } from './apt-sources.ts';
import { archiveOf, parseAptSources } from './apt-sources.ts';
import type { CommandOutcome } from './command.ts';
import { commandEnvironment, lastWords, runCommand } from './command.ts';
import { fillOnce } from './etcd-cache.ts';

export type DebianSuite = 'bullseye' | 'bookworm' | 'trixie' | 'forky';

/** A suite of the archive that this machine itself uses. */
export interface MachineSuite {
  readonly distribution: 'debian' | 'ubuntu';
  readonly suite: string;
}

const PACKAGES = ['etcd-server', 'etcd-client'] as const;
/** A package list of a whole suite over a slow line; a hung mirror must still end. */
const UPDATE_DEADLINE_MS = 180_000;
/** Two packages, about 15 MB. */
const DOWNLOAD_DEADLINE_MS = 300_000;
const UNPACK_DEADLINE_MS = 60_000;

const KEYRINGS = {
  debian: '/usr/share/keyrings/debian-archive-keyring.gpg',
  ubuntu: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
} as const;
/** Ubuntu keeps etcd in universe. */
const COMPONENTS = { debian: 'main', ubuntu: 'main universe' } as const;

/** Any of four Debian suites, with package lists of its own: the cached folder, etcd in `usr/bin`. */
export function fetchSuite(suite: DebianSuite, cacheDir: string): Promise<Result<string, Failure>> {
  const wanted: MachineSuite = { distribution: 'debian', suite };
  return inScratch((scratch) =>
    fillOnce(cacheDir, cacheName(wanted), (folder) => fillPrivately(wanted, scratch, folder)),
  );
}

/** The suite that this machine runs: by its own package lists, or by lists of our own without them. */
export function fetchMachineSuite(
  machine: MachineSuite,
  cacheDir: string,
): Promise<Result<string, Failure>> {
  return inScratch((scratch) =>
    fillOnce(cacheDir, cacheName(machine), async (folder) => {
      const downloads = join(scratch, 'machine');
      await mkdir(downloads);
      const outcome = await download([], downloads);
      if (outcome.exitCode === 0) return unpack(downloads, folder);
      return fillPrivately(machine, scratch, folder);
    }),
  );
}

/** The name of a suite's folder in the cache; a shared home may serve machines of several kinds. */
export function cacheName(wanted: MachineSuite): string {
  return `${wanted.distribution}-${wanted.suite}-${process.arch}`;
}

/** What `/etc/os-release` says, or undefined when this is neither Debian nor Ubuntu. */
export function machineSuite(osRelease: string): MachineSuite | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1];
  const distribution = field('ID');
  const suite = field('VERSION_CODENAME');
  if (suite === undefined || (distribution !== 'debian' && distribution !== 'ubuntu')) {
    return undefined;
  }
  return { distribution, suite };
}

/** apt gets a state of its own: an installed etcd of another version must not stand in the way. */
async function fillPrivately(
  wanted: MachineSuite,
  scratch: string,
  folder: string,
): Promise<Result<undefined, Failure>> {
  const archive = await machineArchive(wanted.distribution);
  if (archive === undefined) {
    return err(
      notFetched(wanted.suite, `/etc/apt/sources.list* name no archive of ${wanted.distribution}`),
    );
  }
  const { distribution, suite } = wanted;
  const sourceList = join(scratch, 'sources.list');
  const status = join(scratch, 'status');
  const downloads = join(scratch, 'private');
  await writeFile(
    sourceList,
    `deb [signed-by=${KEYRINGS[distribution]}] ${archive.uri} ${suite} ${COMPONENTS[distribution]}\n`,
  );
  await writeFile(status, '');
  for (const part of ['lists/partial', 'cache/archives/partial', 'private']) {
    await mkdir(join(scratch, part), { recursive: true });
  }
  const state = [
    `Dir::Etc::SourceList=${sourceList}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${join(scratch, 'lists')}`,
    `Dir::State::status=${status}`,
    `Dir::Cache=${join(scratch, 'cache')}`,
  ];
  const updated = await apt(state, ['update'], scratch, UPDATE_DEADLINE_MS);
  if (updated.exitCode !== 0) {
    return err(notFetched(suite, `apt-get update: ${lastWords(updated)}`));
  }
  const outcome = await download(state, downloads);
  if (outcome.exitCode !== 0) {
    return err(notFetched(suite, `apt-get download: ${lastWords(outcome)}`));
  }
  return unpack(downloads, folder);
}

function download(state: readonly string[], folder: string): Promise<CommandOutcome> {
  return apt(state, ['download', ...PACKAGES], folder, DOWNLOAD_DEADLINE_MS);
}

function apt(
  state: readonly string[],
  verb: readonly string[],
  folder: string,
  deadlineMs: number,
): Promise<CommandOutcome> {
  // As root, apt would download as another user who cannot write into our folder.
  const asRoot = process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : [];
  const options = [...state, ...asRoot].flatMap((option) => ['-o', option]);
  const environment = commandEnvironment(process.env);
  return runCommand(['apt-get', '-q', ...options, ...verb], { deadlineMs, environment, folder });
}

async function unpack(downloads: string, folder: string): Promise<Result<undefined, Failure>> {
  const archives = (await readdir(downloads)).filter((name) => name.endsWith('.deb'));
  if (!archives.some((name) => name.startsWith('etcd-server'))) {
    return err(notFetched('this machine', 'apt-get download left no etcd-server package'));
  }
  for (const archive of archives) {
    const outcome = await runCommand(['dpkg', '-x', join(downloads, archive), folder], {
      deadlineMs: UNPACK_DEADLINE_MS,
      environment: commandEnvironment(process.env),
    });
    if (outcome.exitCode !== 0) {
      return err(notFetched(archive, `dpkg -x: ${lastWords(outcome)}`));
    }
  }
  return ok(undefined);
}

/** The archive of the suite this machine runs: mirrors hold all suites side by side. */
async function machineArchive(distribution: string): Promise<AptSource | undefined> {
  const machine = machineSuite(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  if (machine?.distribution !== distribution) return undefined;
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => []);
  const files = [
    '/etc/apt/sources.list',
    ...parts
      .filter((name) => /\.(list|sources)$/.test(name))
      .map((name) => join('/etc/apt/sources.list.d', name)),
  ];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return archiveOf(texts.flatMap(parseAptSources), machine.suite);
}

/** A short path for apt, whose options cannot hold every character that a folder name can. */
async function inScratch<T>(work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'peershift-apt-'));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function notFetched(what: string, but: string): Failure {
  return {
    code: 'ETCD_NOT_FOUND',
    where: `packages of ${what}`,
    would: 'fetch etcd-server and etcd-client with apt-get download and unpack them',
    but,
    so: 'nothing was installed and nothing was started',
    remedy: 'install etcd (apt-get install etcd-server), or name a binary with --etcd PATH',
  };
}
