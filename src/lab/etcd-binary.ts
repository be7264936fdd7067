/** Turns "some etcd" into one binary that runs here, and says which version it is and where it is from. */

import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { Environment } from './command.ts';
import { commandEnvironment, lastWords, runCommand } from './command.ts';
import { BINARY_FOLDER, cachedBinaries, cacheFolders, firstWritable } from './etcd-cache.ts';
import type { DebianSuite } from './etcd-debian.ts';
import { cacheName, fetchMachineSuite, fetchSuite, machineSuite } from './etcd-debian.ts';
import { fetchReleaseEtcd, releaseArchitecture } from './etcd-release.ts';
import type { LabReport } from './event.ts';

export interface FoundEtcd {
  readonly path: string;
  /** As `etcd --version` prints it: `3.4.23`. */
  readonly version: string;
  /** For people: `--etcd`, `PATH`, `cache`, ... */
  readonly origin: string;
}

export interface FindEtcdOptions {
  /** What `--etcd` named. */
  readonly explicit?: string | undefined;
  /** Instead of `$XDG_CACHE_HOME/peershift/etcd` or `~/.cache/peershift/etcd`. */
  readonly cacheDir?: string | undefined;
  /** Used when the cache folder cannot be written, as with a read-only home. */
  readonly fallbackDir?: string | undefined;
  readonly environment?: Environment | undefined;
  readonly report?: LabReport | undefined;
}

/** Printing a version takes milliseconds; a binary of another machine kind may hang or crash. */
const VERSION_DEADLINE_MS = 10_000;

/**
 * Looks at `--etcd`, `$PEERSHIFT_ETCD`, PATH and the cache, in this order, then fetches once. A binary
 * that was named and does not run is ETCD_NOT_FOUND; one on PATH that does not run is passed over.
 */
export async function findEtcd(options: FindEtcdOptions = {}): Promise<Result<FoundEtcd, Failure>> {
  const environment = options.environment ?? process.env;
  const named = namedBinary(options.explicit, environment);
  const found =
    named === undefined
      ? ((await onPath(environment)) ?? (await cachedOrFetched(options, environment)))
      : await tryNamed(named, environment);
  if (found.ok) options.report?.({ kind: 'etcd-found', ...found.value });
  return found;
}

/** One of four etcd versions (3.3.25, 3.4.23, 3.5.16, 3.5.30) by the Debian suite that has it. */
export async function fetchDebianEtcd(
  suite: DebianSuite,
  cacheDir: string,
): Promise<Result<FoundEtcd, Failure>> {
  const folder = await fetchSuite(suite, cacheDir);
  if (!folder.ok) return folder;
  const path = join(folder.value, BINARY_FOLDER, 'etcd');
  return tryNamed({ path, origin: `Debian ${suite}` }, process.env);
}

interface Candidate {
  readonly path: string;
  readonly origin: string;
}

function namedBinary(
  explicit: string | undefined,
  environment: Environment,
): Candidate | undefined {
  if (explicit !== undefined) return { path: resolve(explicit), origin: '--etcd' };
  const variable = environment['PEERSHIFT_ETCD'];
  if (variable === undefined || variable === '') return undefined;
  return { path: resolve(variable), origin: '$PEERSHIFT_ETCD' };
}

async function tryNamed(
  candidate: Candidate,
  environment: Environment,
): Promise<Result<FoundEtcd, Failure>> {
  const version = await versionOf(candidate.path, environment);
  if (version.ok) return ok({ ...candidate, version: version.value });
  return err({
    code: 'ETCD_NOT_FOUND',
    where: `${candidate.origin} ${candidate.path}`,
    would: 'run it with --version',
    but: version.error,
    so: 'nothing was started',
    remedy: `correct ${candidate.origin}, or leave it out and let the lab look for etcd itself`,
  });
}

async function onPath(environment: Environment): Promise<Result<FoundEtcd, Failure> | undefined> {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  for (const folder of folders) {
    const path = join(folder, 'etcd');
    const version = await versionOf(path, environment);
    if (version.ok) return ok({ path, version: version.value, origin: 'PATH' });
  }
  return undefined;
}

async function cachedOrFetched(
  options: FindEtcdOptions,
  environment: Environment,
): Promise<Result<FoundEtcd, Failure>> {
  const caches = cacheFolders(environment, options.cacheDir, options.fallbackDir);
  const source = await fetchSource();
  for (const cache of caches) {
    const cached = await cachedBinaries(cache);
    // What this machine would fetch comes before what other callers have put there.
    const own = cached.filter((path) => path.startsWith(join(cache, source?.prefix ?? 'none')));
    for (const path of [...own, ...cached]) {
      const version = await versionOf(path, environment);
      if (version.ok) return ok({ path, version: version.value, origin: 'cache' });
    }
  }
  const cache = await firstWritable(caches);
  if (source === undefined) return err(nowhere('no release of etcd is pinned for this machine'));
  if (cache === undefined)
    return err(nowhere(`none of these can be written: ${caches.join(', ')}`));
  options.report?.({ kind: 'etcd-fetching', source: source.label, cache });
  const folder = await source.fetch(cache);
  if (!folder.ok) return folder;
  const path = join(folder.value, BINARY_FOLDER, 'etcd');
  return tryNamed({ path, origin: `fetched from ${source.label}` }, environment);
}

interface FetchSource {
  readonly label: string;
  readonly prefix: string;
  readonly fetch: (cache: string) => Promise<Result<string, Failure>>;
}

async function fetchSource(): Promise<FetchSource | undefined> {
  if (process.platform !== 'linux') return undefined;
  const machine = machineSuite(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  if (machine !== undefined) {
    const prefix = cacheName(machine);
    const label = `the packages of ${machine.distribution} ${machine.suite}`;
    return { label, prefix, fetch: (cache) => fetchMachineSuite(machine, cache) };
  }
  const architecture = releaseArchitecture(process.arch);
  if (architecture === undefined) return undefined;
  return {
    label: 'the pinned upstream release',
    prefix: 'release-',
    fetch: (cache) => fetchReleaseEtcd(architecture, cache),
  };
}

/** The version a binary prints, or why it cannot be used. */
async function versionOf(path: string, environment: Environment): Promise<Result<string, string>> {
  try {
    await access(path, constants.X_OK);
  } catch {
    return err('it is not there or not executable for this user');
  }
  const outcome = await runCommand([path, '--version'], {
    deadlineMs: VERSION_DEADLINE_MS,
    environment: commandEnvironment(environment),
  });
  const version = /etcd Version:\s*(\d+\.\d+\.\d+\S*)/i.exec(outcome.stdout)?.[1];
  if (outcome.exitCode !== 0) return err(lastWords(outcome));
  return version === undefined ? err('it does not print an etcd version') : ok(version);
}

function nowhere(but: string): Failure {
  return {
    code: 'ETCD_NOT_FOUND',
    where: 'this machine',
    would: 'find an etcd binary by --etcd, $PEERSHIFT_ETCD, PATH and the cache, or fetch one',
    but: `none was found, and ${but}`,
    so: 'nothing was started',
    remedy: "install etcd with this machine's package manager, or name a binary with --etcd PATH",
  };
}
