/** Turns "fetch this once" into a folder that is either whole or not there. */

import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { Environment } from './command.ts';

/** Where the binaries stand inside one cached folder, as Debian's packages have them. */
export const BINARY_FOLDER = join('usr', 'bin');

/** The folders that may hold cached etcd binaries, best first. */
export function cacheFolders(
  environment: Environment,
  explicit: string | undefined,
  fallback: string | undefined,
): readonly string[] {
  if (explicit !== undefined) return [explicit];
  const xdg = environment['XDG_CACHE_HOME'];
  const home = environment['HOME'];
  const own =
    xdg?.startsWith('/') === true ? xdg : home === undefined ? undefined : join(home, '.cache');
  return [
    ...(own === undefined ? [] : [join(own, 'peershift', 'etcd')]),
    ...(fallback === undefined ? [] : [fallback]),
  ];
}

/** The first of the folders that can be made and written to. */
export async function firstWritable(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      return folder;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Every etcd binary in a cache folder, by folder name; a missing cache has none. */
export async function cachedBinaries(cache: string): Promise<readonly string[]> {
  const names = await readdir(cache).catch(() => []);
  return names
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => join(cache, name, BINARY_FOLDER, 'etcd'));
}

/**
 * Fills `<cache>/<name>` once. Two processes may do this at once: each fills a folder of its own and
 * renames it; the second rename finds the first one's folder, and both use that.
 */
export async function fillOnce(
  cache: string,
  name: string,
  fill: (folder: string) => Promise<Result<undefined, Failure>>,
): Promise<Result<string, Failure>> {
  const target = join(cache, name);
  if (await isThere(target)) return ok(target);
  const own = join(cache, `.fetching-${String(process.pid)}-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(own, { recursive: true });
    const filled = await fill(own);
    if (!filled.ok) return filled;
    await rename(own, target);
    return ok(target);
  } catch (cause) {
    if (await isThere(target)) return ok(target);
    return err({
      code: 'ETCD_NOT_FOUND',
      where: `cache folder ${cache}`,
      would: `keep etcd in ${target}`,
      but: cause instanceof Error ? cause.message : String(cause),
      so: 'nothing was started',
      remedy: 'make the cache folder writable, or name an etcd binary with --etcd PATH',
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
