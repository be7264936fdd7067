/** Turns "an etcd somewhere on this machine" into PEERSHIFT_ETCD, once, before the live suites. */

import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';

import { findEtcd } from '../../src/lab/etcd-binary.ts';
import { folderForAll, isRoot, mayBePassed } from './other-user.ts';

export default async function setUpLiveSuites(): Promise<(() => Promise<void>) | undefined> {
  const found = await findEtcd();
  if (found.ok) {
    const { version, origin } = found.value;
    const shared = await whereOthersMayRunIt(found.value.path);
    process.env.PEERSHIFT_ETCD = shared.path;
    process.stdout.write(`live suites use etcd ${version} (${origin}): ${shared.path}\n`);
    return shared.remove;
  }
  // Not thrown here: that would take the fast suites' results away too. See live-guard.ts.
  const { code, but, remedy } = found.error;
  process.env.PEERSHIFT_ETCD_MISSING = `${code}: ${but}; ${remedy}`;
  return undefined;
}

/** Some members run as another user, who may not enter root's own cache: they get a copy. */
async function whereOthersMayRunIt(
  etcd: string,
): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  if (!isRoot || mayBePassed(path.dirname(etcd))) {
    return { path: etcd, remove: () => Promise.resolve() };
  }
  const folder = await mkdtemp(path.join(folderForAll(), 'peershift-etcd-'));
  await chmod(folder, 0o755);
  const copy = path.join(folder, 'etcd');
  await copyFile(etcd, copy);
  await chmod(copy, 0o755);
  return { path: copy, remove: () => rm(folder, { recursive: true, force: true }) };
}
