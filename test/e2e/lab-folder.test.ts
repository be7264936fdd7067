/**
 * Goal: the lab touches no folder but its own, finds etcd or says how to get it, and its demonstration
 * tells the truth. Method: folders and binaries of other people, and a run that is only played.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ok } from '../../src/base/result.ts';
import { labUp } from '../../src/lab/cluster.ts';
import { labDemo } from '../../src/lab/demo.ts';
import { findEtcd } from '../../src/lab/etcd-binary.ts';
import { fillOnce } from '../../src/lab/etcd-cache.ts';
import { fetchReleaseEtcd } from '../../src/lab/etcd-release.ts';
import { labDown } from '../../src/lab/lab-down.ts';
import { readLab } from '../../src/lab/lab-folder.ts';
import { labStatus } from '../../src/lab/lab-status.ts';
import { runningPid, startMember, stopMember } from '../../src/lab/member-process.ts';

const silent = (): undefined => undefined;
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'peershift-lab-'));
});

afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

describe('a folder of somebody else', () => {
  it.each(['notes.txt', 'lab.json'])(
    'that holds a %s is refused and left as it is',
    async (name) => {
      const dir = join(base, `foreign ${name}`);
      await mkdir(dir);
      await writeFile(join(dir, name), 'mine');
      const outcomes = [
        await labUp({ dir }, silent),
        await labDown({ dir, purge: true }, silent),
        await labStatus({ dir }),
      ];
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ ok: false, error: { code: 'LAB_FAILED', where: dir } });
      }
      expect(await readdir(dir)).toEqual([name]);
      expect(await readFile(join(dir, name), 'utf8')).toBe('mine');
    },
  );

  it('is not needed to learn that there is no lab', async () => {
    const outcome = await labStatus({ dir: join(base, 'nowhere') });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'LAB_FAILED' } });
    expect(await isThere(join(base, 'nowhere'))).toBe(false);
  });
});

describe('the number of members', () => {
  it.each([0, 10, 2.5])('of %d is refused before anything is made', async (members) => {
    const dir = join(base, 'sizes');
    const refused = await labUp({ dir, members }, silent);
    expect(refused).toMatchObject({ ok: false, error: { code: 'ARGUMENTS_INVALID' } });
    expect(await isThere(dir)).toBe(false);
  });
});

describe('etcd', () => {
  it('that was named and is not there is a failure, whatever else could be found', async () => {
    const explicit = join(base, 'no-etcd');
    const found = await findEtcd({ explicit });
    expect(found).toMatchObject({ ok: false, error: { code: 'ETCD_NOT_FOUND' } });
    const byVariable = await findEtcd({ environment: { PEERSHIFT_ETCD: explicit } });
    expect(byVariable).toMatchObject({ ok: false, error: { code: 'ETCD_NOT_FOUND' } });
  });

  it('that was named but prints no version is a failure', async () => {
    const explicit = join(base, 'not-etcd');
    await writeFile(explicit, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    const found = await findEtcd({ explicit });
    expect(found).toMatchObject({ ok: false, error: { but: 'it does not print an etcd version' } });
  });

  it('on PATH is passed over when it does not run, and taken where it does', async () => {
    const [broken, good] = [join(base, 'broken'), join(base, 'good')];
    await mkdir(broken);
    await mkdir(good);
    await writeFile(join(broken, 'etcd'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await writeFile(join(good, 'etcd'), '#!/bin/sh\necho "etcd Version: 3.4.99"\n', {
      mode: 0o755,
    });
    const found = await findEtcd({ environment: { PATH: `${broken}:${good}` } });
    expect(found).toEqual(ok({ path: join(good, 'etcd'), version: '3.4.99', origin: 'PATH' }));
  });

  it('in the cache is taken without fetching', async () => {
    const bin = join(base, 'cache', 'any', 'usr', 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'etcd'), '#!/bin/sh\necho "etcd Version: 3.5.99"\n', { mode: 0o755 });
    const found = await findEtcd({ environment: { PATH: '' }, cacheDir: join(base, 'cache') });
    expect(found).toMatchObject({ ok: true, value: { version: '3.5.99', origin: 'cache' } });
  });

  it('of a release with another checksum is refused, and nothing of it is kept', async () => {
    const server = createServer((_, answer) => answer.end('not the release')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const cache = join(base, 'release');
    const fetched = await fetchReleaseEtcd('amd64', cache, `http://127.0.0.1:${String(port)}`);
    server.close();
    expect(fetched).toMatchObject({ ok: false, error: { code: 'ETCD_NOT_FOUND' } });
    if (!fetched.ok) expect(fetched.error.but).toContain('sha256');
    expect(await readdir(cache)).toEqual([]);
  });

  it('that two fetch at once is fetched whole, and both use the same', async () => {
    const cache = join(base, 'twice');
    const waiting: (() => void)[] = [];
    const fill = async (folder: string): ReturnType<Parameters<typeof fillOnce>[2]> => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // Nobody renames before both have begun.
        if (waiting.length === 2) for (const go of waiting) go();
      });
      await writeFile(join(folder, 'etcd'), 'whole');
      return ok(undefined);
    };
    const both = await Promise.all([fillOnce(cache, 'x', fill), fillOnce(cache, 'x', fill)]);
    expect(both).toEqual([ok(join(cache, 'x')), ok(join(cache, 'x'))]);
    expect(await readdir(cache)).toEqual(['x']);
  });
});

describe('a demonstration', () => {
  /** What a run would do to the first member, and a report where a run would leave one. */
  async function playRun(planFile: string, exitCode: number): Promise<string> {
    const dir = join(planFile, '..');
    const lab = await readLab(dir);
    const member = lab.ok ? lab.value?.members[0] : undefined;
    if (member === undefined) throw new Error(`no lab in ${dir}`);
    await stopMember(member);
    await startMember(member);
    const reportPath = join(dir, 'report.html');
    await writeFile(reportPath, `exit ${String(exitCode)}`);
    return reportPath;
  }

  it('tells what the clients felt, keeps the report and leaves nothing else', async () => {
    let dir = '';
    const shown = await labDemo(
      { members: 3, reportFolder: base },
      {
        runPlan: async (planFile) => {
          dir = join(planFile, '..');
          return { exitCode: 0, reportPath: await playRun(planFile, 0) };
        },
        verifyPlan: () => Promise.resolve({ exitCode: 0 }),
      },
      silent,
    );
    if (!shown.ok) expect.fail(JSON.stringify(shown.error));
    expect(shown.value).toMatchObject({ exitCode: 0, lost: 0, restarts: 1, dir: undefined });
    expect(shown.value).toMatchObject({ members: 3, membersHttps: 0 });
    expect(shown.value.written).toBeGreaterThan(0);
    expect(await isThere(dir)).toBe(false);
    expect(await readFile(shown.value.reportPath ?? '', 'utf8')).toBe('exit 0');
  });

  it('whose run failed ends with its exit code, and the stopped lab can be looked at', async () => {
    const dir = join(base, 'failed');
    const shown = await labDemo(
      { dir, members: 1 },
      {
        runPlan: async (planFile) => ({ exitCode: 5, reportPath: await playRun(planFile, 5) }),
        verifyPlan: () => Promise.resolve({ exitCode: 3 }),
      },
      silent,
    );
    expect(shown).toMatchObject({ ok: true, value: { exitCode: 5, verifyExitCode: 3, dir } });
    const status = await labStatus({ dir });
    expect(status).toMatchObject({ ok: true, value: { members: [{ health: 'stopped' }] } });
  });

  it('that breaks down stops its members first', async () => {
    const dir = join(base, 'broken-demo');
    const broken = labDemo(
      { dir, members: 1 },
      {
        runPlan: () => Promise.reject(new Error('a bug')),
        verifyPlan: () => Promise.resolve({ exitCode: 0 }),
      },
      silent,
    );
    await expect(broken).rejects.toThrow('a bug');
    const lab = await readLab(dir);
    const member = lab.ok ? lab.value?.members[0] : undefined;
    if (member === undefined) expect.fail('the lab is gone');
    expect(await runningPid(member)).toEqual(ok(undefined));
  });
});
