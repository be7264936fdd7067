/** Turns "a cfssl somewhere" into its two programs: on PATH, or Debian's package, unpacked once. */

import { execFileSync } from 'node:child_process';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { ok } from '../../src/base/result.ts';
import { fillOnce } from '../../src/lab/etcd-cache.ts';
import { value } from './etcd-calls.ts';

/** The folder with `cfssl` and `cfssljson` in it. */
export async function cfsslFolder(): Promise<string> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const folder of folders) {
    const isThere = await access(join(folder, 'cfssljson')).then(
      () => true,
      () => false,
    );
    if (isThere) return folder;
  }
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'peershift');
  const filled = await fillOnce(cache, 'golang-cfssl', async (folder) => {
    const scratch = await mkdtemp(join(tmpdir(), 'peershift-cfssl-'));
    try {
      // As root, apt would download as another user who cannot write into our folder.
      const asRoot = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
      const quiet = { cwd: scratch, stdio: 'pipe', timeout: 120_000 } as const;
      execFileSync('apt-get', ['-q', ...asRoot, 'download', 'golang-cfssl'], quiet);
      for (const archive of await readdir(scratch)) {
        execFileSync('dpkg', ['-x', archive, folder], quiet);
      }
      return ok(undefined);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return join(value(filled), 'usr', 'bin');
}
