/** Turns a wish from the environment into how many builds of etcd a live story is told on. */

import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { value } from './etcd-calls.ts';

/** With EVERY_VERSION=1 a story is told on each of its versions; else on one, for the sake of the minutes. */
export const TELLS_EVERY_VERSION = process.env['EVERY_VERSION'] === '1';

/** Debian's build of that suite, for a rig; undefined: the etcd of all live suites. */
export async function etcdOf(
  suite: Parameters<typeof fetchDebianEtcd>[0] | undefined,
): Promise<{ etcd?: string }> {
  if (suite === undefined) return {};
  const cache = await firstWritable(cacheFolders(process.env, undefined, undefined));
  if (cache === undefined) throw new Error('no folder for etcd builds can be written');
  return { etcd: value(await fetchDebianEtcd(suite, cache)).path };
}
