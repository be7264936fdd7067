/**
 * Goal: a backup is one that was restored. Method: etcd's own programs on PATH; a whole snapshot comes back with
 * the same hash and leaves nothing behind, and one that is damaged on the way stops the run before its first change.
 */

import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import { value } from '../support/etcd-calls.ts';
import { type Rig, STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

let own = '';
let etcd = '';
const FETCH_MS = 300_000;

beforeAll(async () => {
  own = await mkdtemp(path.join(tmpdir(), 'peershift-restore-'));
  const cache = await firstWritable(cacheFolders(process.env, undefined, undefined));
  etcd = value(await fetchDebianEtcd('bookworm', cache ?? own)).path;
}, FETCH_MS);

afterAll(async () => {
  await endRigs();
  await rm(own, { recursive: true, force: true });
});

/** As one line, however it is wrapped. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

const DAMAGE = 'printf X | dd of="$3" bs=1 seek=20000 conv=notrunc status=none';

/** A folder in front of PATH: etcd, and an etcdctl that does this to a snapshot before it restores it. */
async function pathWith(rig: Rig, name: string, before: string): Promise<{ PATH: string }> {
  const folder = path.join(rig.base, name);
  await mkdir(folder);
  await symlink(etcd, path.join(folder, 'etcd'));
  const script = `#!/bin/sh
case "$1 $2 $3" in 'snapshot restore /'*) ${before} ;; esac
exec ${path.join(path.dirname(etcd), 'etcdctl')} "$@"
`;
  await writeFile(path.join(folder, 'etcdctl'), script, { mode: 0o755 });
  return { PATH: `${folder}:${process.env.PATH ?? ''}` };
}

describe('the snapshot that is taken before the first change', () => {
  it(
    'stops the run when it cannot be restored; else it has the hash of the cluster, and nothing is left',
    async () => {
      await withRig({ members: 1, etcd }, async (rig) => {
        const damaged = await pathWith(rig, 'damaged', DAMAGE);
        const whole = await pathWith(rig, 'whole', ':');
        const then = await rig.configs();
        const call = (verb: string, programs: { PATH: string }, ...flags: readonly string[]) =>
          rig.startWords([verb, rig.lab.planFile, '--accept-downtime', ...flags], programs).ended;
        const refused = await call('run', damaged, '--yes');
        expectExit(refused, 3);
        expect(flat(refused.stderr)).toMatch(/BACKUP_FAILED.*sha256/);
        expect(await rig.configs()).toEqual(then);

        const preview = await call('preview', whole);
        expect(flat(preview.stdout)).toContain(
          'it is restored into a scratch member here (etcdctl and etcd 3.4.23) and compared by HashKV',
        );
        const done = await call('run', whole, '--yes');
        expectExit(done, 0);
        expect(flat(done.stderr)).toMatch(
          /restored with etcdctl and etcd 3\.4\.23, HashKV \d+ at revision \d+ as on the member it came from/,
        );
        const files = readdirSync(path.join(rig.lab.dir, '.peershift'), { recursive: true });
        expect(files.filter((name) => String(name).includes('scratch'))).toEqual([]);
        await rig.expectNothingLost();
      });
    },
    STORY_MS,
  );
});
