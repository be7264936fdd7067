/**
 * Goal: the offline path loses nothing. Method: `strategy: rebuild` under clients on three members and on one,
 * killed between the stop of all and the start of all, gone on with and gone back.
 */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { runningPid } from '../../src/lab/member-process.ts';
import type { Step } from '../../src/model/step.ts';
import { value } from '../support/etcd-calls.ts';
import {
  type Rig,
  type RigOptions,
  STORY_MS,
  endRigs,
  expectExit,
  withRig,
} from '../support/lab-rig.ts';
import { TELLS_EVERY_VERSION, etcdOf } from '../support/versions.ts';

const REBUILD: RigOptions = {
  plan: (text) => text.replace(/^strategy: .*$/mu, 'strategy: rebuild'),
};
/** Debian's builds; undefined: the etcd of all live suites. */
const BUILDS = [
  ['3.4', undefined],
  ['3.3', 'bullseye'],
  ['3.5', 'forky'],
] as const;
const DOWN = '--accept-downtime';
/** Only once it is asked for: a start that is begun and never comes to its end, as when a host goes down. */
const LOST_START = '[ -e "$here/slow" ] && { : >"$here/starting"; sleep 3; exit 1; }';

function isTogether(step: Step): boolean {
  return step.kind === 'restart-together';
}

/** Cluster ID and the ID of each member, as the list has them. */
async function ids(rig: Rig): Promise<string> {
  const text = await rig.call(rig.lab.members[0]?.name ?? '', '/cluster/member/list', {});
  return (text.match(/"(?:cluster_id|ID|name)":"[^"]*"/gu) ?? []).sort().join(' ');
}

/** In the store of the v2 API, which no snapshot carries. */
async function setOldKey(rig: Rig): Promise<void> {
  const url = `${rig.member('m1').endpoint}/v2/keys/old`;
  const body = new URLSearchParams({ value: 'kept' });
  expect((await fetch(url, { method: 'PUT', body })).status).toBe(201);
}

async function expectOldKey(rig: Rig): Promise<void> {
  for (const { endpoint } of rig.lab.members) {
    const answer = await fetch(`${endpoint}/v2/keys/old`);
    expect(await answer.json()).toMatchObject({ node: { value: 'kept' } });
  }
}

async function expectMigrated(rig: Rig, before: string): Promise<void> {
  await rig.expectServing('https');
  expect(await ids(rig)).toBe(before);
  expectExit(await rig.run('verify'), 0);
  expect(await rig.ownKeys()).toBe(0);
  await rig.expectNothingLost();
}

/** Dies while all members are stopped, and what it left behind starts none of them. */
async function killedInTheDark(rig: Rig, verb: string): Promise<void> {
  for (const { name, folder } of rig.lab.members) {
    if (!existsSync(path.join(folder, 'start-etcd.sh'))) await rig.beforeStart(name, LOST_START);
    await writeFile(path.join(folder, 'slow'), '');
  }
  const running = rig.start(verb, '--yes', DOWN);
  await running.intended(isTogether);
  for (const member of rig.lab.members) {
    await vi.waitUntil(() => existsSync(path.join(member.folder, 'starting')), 30_000);
    expect(value(await runningPid(member))).toBeUndefined();
  }
  running.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
  for (const { folder } of rig.lab.members) {
    await rm(path.join(folder, 'slow'));
    await rm(path.join(folder, 'starting'));
  }
}

describe.concurrent('a rebuild', { timeout: STORY_MS }, () => {
  it.each(TELLS_EVERY_VERSION ? BUILDS : BUILDS.slice(0, 1))(
    'asks for the downtime, stops three members of etcd %s once, and keeps all IDs and all data',
    async (version, suite) => {
      await withRig({ ...REBUILD, ...(await etcdOf(suite)) }, async (rig) => {
        if (version === '3.3') await setOldKey(rig);
        const [before, facts] = [await ids(rig), await rig.facts()];
        const preview = await rig.run('preview');
        expectExit(preview, 0);
        expect(preview.stdout.replaceAll(/\s+/gu, ' ')).toMatch(
          /downtime step \d+: no member serves for about 1 to 3 s/u,
        );
        const refused = await rig.run('run', '--yes');
        expectExit(refused, 3);
        expect(refused.said).toContain('DOWNTIME_NOT_ACCEPTED');
        expect(refused.said).toContain('--accept-downtime');
        await rig.expectUnchanged(facts);
        const end = await rig.run('run', '--yes', DOWN);
        expectExit(end, 0);
        expect(end.said).toMatch(/nobody served for [\d.]+ m?s/u);
        await expectMigrated(rig, before);
        if (version === '3.3') await expectOldKey(rig);
      });
    },
  );

  it('of one member is the same', async () => {
    await withRig({ ...REBUILD, members: 1 }, async (rig) => {
      const before = await ids(rig);
      expectExit(await rig.run('run', '--yes', DOWN), 0);
      await expectMigrated(rig, before);
    });
  });

  it('that is killed while all members are down is resumed, and later rolled back through the same', async () => {
    await withRig(REBUILD, async (rig) => {
      const [before, configs] = [await ids(rig), await rig.configs()];
      await killedInTheDark(rig, 'run');
      const resumed = await rig.run('resume', '--yes', DOWN);
      expectExit(resumed, 0);
      await rig.expectServing('https');
      expect(await ids(rig)).toBe(before);
      await killedInTheDark(rig, 'rollback');
      expectExit(await rig.run('rollback', '--yes', DOWN), 0);
      await rig.expectServing('http');
      expect(await rig.configs()).toEqual(configs);
      expect(await ids(rig)).toBe(before);
      const left = await readdir(path.join(rig.member('m1').folder, 'pki')).catch(() => []);
      expect(left.filter((file) => !file.includes('.peershift-'))).toEqual([]);
      await rig.expectNothingLost();
    });
  });
});

describe.concurrent(
  'a cluster of which two data folders of three are gone',
  { timeout: STORY_MS },
  () => {
    it('is not started with empty ones, and comes back with all keys by the procedure as it is printed', async () => {
      // A Debian build, since etcdctl stands beside it.
      await withRig({ ...REBUILD, ...(await etcdOf('bookworm')) }, async (rig) => {
        const keys = await withoutMost(rig);
        const refused = await rig.run('run', '--yes', DOWN);
        expectExit(refused, 3);
        expect(refused.said).toContain('peershift rescue');
        const told = await rig.run('rescue', '--yes');
        expectExit(told, 6);
        expect(told.stdout).toContain('started, it would vote with no memory');
        expect(told.stdout).toContain('--restore-from m1');
        const script = scriptOf(told.stdout, path.join(rig.member('m1').folder, 'data'));
        const environment = { ...process.env, ...programs(rig) };
        await promisify(execFile)('sh', ['-euc', script], { cwd: rig.base, env: environment });
        await expectKeys(rig, keys);
      });
    });

    it.each(TELLS_EVERY_VERSION ? RESTORED : RESTORED.slice(0, 1))(
      'of etcd %s comes back with all keys by rescue --restore-from, killed on its way or not, and keeps the old data',
      async (version, suite) => {
        await withRig({ ...REBUILD, ...(await etcdOf(suite)) }, async (rig) => {
          const before = await ids(rig);
          const keys = await withoutMost(rig);
          const words = ['rescue', rig.lab.planFile, '--json', '--yes', '--restore-from'];
          expectExit(await rig.startWords([...words, 'm2'], programs(rig)).ended, 3);
          const first = rig.startWords([...words, 'm1'], programs(rig));
          await first.event((event) => event.type === 'noted' && event.what.startsWith('m2 has'));
          first.kill('SIGKILL');
          expect((await first.ended).signal).toBe('SIGKILL');
          const plain = await rig.run('rescue', '--yes');
          expectExit(plain, 3);
          expect(plain.said).toContain('--restore-from m1 goes on with it');
          const end = await rig.startWords([...words, 'm1'], programs(rig)).ended;
          expectExit(end, 0);
          await expectKeys(rig, keys);
          const after = await ids(rig);
          for (const id of idsIn(before)) expect(after).not.toContain(id);
          for (const id of idsIn(after)) expect(end.stdout).toContain(hexOf(id));
          const data = await readdir(path.join(rig.member('m1').folder, 'data'));
          const kept = data.filter((name) => name.startsWith('member.before-peershift-'));
          expect(data.sort()).toEqual(['member', ...kept]);
          expect(kept.length).toBe(1);
          expect(existsSync(path.join(rig.member('m1').folder, 'data', kept[0] ?? '', 'wal'))).toBe(
            true,
          );
          if (version === '3.3') await refusedWithOldKeys(rig, words);
        });
      },
    );
  },
);

/** Debian's builds that have etcdctl beside etcd. */
const RESTORED = [
  ['3.4', 'bookworm'],
  ['3.3', 'bullseye'],
  ['3.5', 'forky'],
] as const;

/** The two others are stopped, and their data removed; how many keys there were. */
async function withoutMost(rig: Rig): Promise<number> {
  await rig.expectNothingLost();
  const keys = await countOf(rig, 'm1');
  await emptied(rig);
  return keys;
}

async function emptied(rig: Rig): Promise<void> {
  for (const name of ['m2', 'm3']) {
    const { folder } = rig.member(name);
    await promisify(execFile)('sh', [path.join(folder, 'stop.sh')]);
    await rm(path.join(folder, 'data'), { recursive: true });
  }
}

/** etcdctl and etcdutl on PATH. */
function programs(rig: Rig): Readonly<Record<'PATH', string>> {
  return { PATH: `${path.dirname(rig.lab.mark.etcd.path)}:${process.env['PATH'] ?? ''}` };
}

async function expectKeys(rig: Rig, keys: number): Promise<void> {
  await vi.waitUntil(async () => (await countOf(rig, 'm3').catch(() => -1)) === keys, 30_000);
  for (const { name } of rig.lab.members) expect(await countOf(rig, name)).toBe(keys);
  await rig.expectServing('http');
}

/** What no database carries is not lost in silence. */
async function refusedWithOldKeys(rig: Rig, words: readonly string[]): Promise<void> {
  await setOldKey(rig);
  await emptied(rig);
  const end = await rig.startWords([...words, 'm1'], programs(rig)).ended;
  expectExit(end, 3);
  expect(end.events.at(-1)).toMatchObject({ code: 'V2_KEYS_PRESENT' });
  expect(value(await runningPid(rig.member('m1')))).toBeDefined();
}

/** Decimal, as the gateway tells them. */
function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/"(?:cluster_id|ID)":"(\d+)"/gu)].map(([, id = '']) => id);
}

function hexOf(decimal: string): string {
  return BigInt(decimal).toString(16);
}

/** What a person would copy from it: all but the looks, with the one file taken from where the data are. */
function scriptOf(text: string, data: string): string {
  const lines = text.split('\n').filter((line) => line.startsWith('    '));
  const wanted = lines.filter((line) => !/snapshot status|peershift rescue/u.test(line));
  const first = wanted.findIndex((line) => line.includes('snapshot restore'));
  const starts = wanted.map((line) =>
    line.includes('start.sh') ? line.replace(/ {4}#.*$/u, ' &') : line,
  );
  return [
    ...starts.slice(0, first),
    `cp ${data}/member/snap/db rescue.db`,
    ...starts.slice(first),
    'wait',
  ].join('\n');
}

async function countOf(rig: Rig, name: string): Promise<number> {
  const [key, end] = ['live/', 'live0'].map((text) => Buffer.from(text).toString('base64'));
  const text = await rig.call(name, '/kv/range', { key, range_end: end, count_only: true });
  return Number(/"count":"(\d+)"/u.exec(text)?.[1] ?? -1);
}

afterAll(endRigs);
