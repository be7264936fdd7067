/**
 * Goal: keys of the v2 API are seen wherever they can stand, a restore goes on where it was cut off, and nothing of
 * what was there is removed. Method: data folders and a restorer of our own, on this machine.
 */

import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { localHost } from '../../../../src/adapters/local/host.ts';
import { dataRestorer } from '../../../../src/adapters/restore/new-data.ts';
import type { DataPlace } from '../../../../src/ports.ts';
import { value } from '../../../support/etcd-calls.ts';

const MARK = 'peershift-run';
const host = localHost('this machine');
const door = dataRestorer();
let root = '';

async function member(name: string, database: string): Promise<DataPlace> {
  const folder = path.join(root, name);
  for (const part of ['snap', 'wal'])
    await mkdir(path.join(folder, 'member', part), { recursive: true });
  await writeFile(path.join(folder, 'member/snap/db'), database);
  await writeFile(path.join(folder, 'member/wal/0-0.wal'), 'log');
  return { host, folder, mark: MARK };
}

/** Puts the database, doubled, where etcdctl would; what it was told stands beside. */
async function restorer(): Promise<string> {
  const file = path.join(root, 'restorer');
  const lines = [
    '#!/bin/sh',
    '[ ! -e "$0.fails" ] || exit 7',
    'shift 2; from=$1; shift',
    'while [ $# -gt 0 ]; do [ "$1" != --data-dir ] || to=$2; echo "$1" >>"$0.words"; shift; done',
    'mkdir -p "$to/member/snap" && cat "$from" "$from" >"$to/member/snap/db"',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  await chmod(file, 0o755);
  return file;
}

/** As etcd marshals a request of the v2 API: ID, method, path, value. */
function request(method: string, at: string): Buffer {
  const text = (tag: number, words: string): Buffer => {
    const length =
      words.length < 128 ? [words.length] : [(words.length % 128) + 128, words.length >> 7];
    return Buffer.concat([Buffer.from([tag, ...length]), Buffer.from(words)]);
  };
  return Buffer.concat([
    Buffer.from([0, 0, 0x08, 0x81, 0x0a]),
    text(0x12, method),
    text(0x1a, at),
    text(0x22, 'v'),
    Buffer.alloc(64),
  ]);
}

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'peershift-data-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('keys of the v2 API', () => {
  const holds = async (wal: Buffer, snap?: string): Promise<unknown> => {
    const { folder } = await member('m1', 'db');
    await writeFile(path.join(folder, 'member/wal/0-0.wal'), wal);
    if (snap !== undefined) await writeFile(path.join(folder, 'member/snap/0001-0a.snap'), snap);
    return door.holdsV2Keys(host, folder);
  };

  it.each([
    ['PUT', '/1/old'],
    ['POST', '/1/queue'],
    // Its length is a line end.
    ['PUT', '/1/1234567'],
    ['PUT', `/1/${'long'.repeat(60)}`],
  ])('are seen in the log: %s %s', async (method, at) => {
    const others = request('PUT', '/0/members/8e9e05c52164694d/attributes');
    expect(await holds(Buffer.concat([others, request(method, at)]))).toEqual({
      known: true,
      value: true,
    });
  });

  it('are seen in the newest snapshot of the store, and are no words of a value', async () => {
    const store = (children: string): string =>
      `\x08\x02{"Root":{"Path":"/","Children":{${children}}}}`;
    const none = store(
      '"1":{"Path":"/1","Children":{}},"0":{"Path":"/0/members","Value":"\\"Path\\":\\"/1/\\""}',
    );
    expect(await holds(request('PUT', '/0/version'), none)).toEqual({ known: true, value: false });
    const some = store('"1":{"Path":"/1","Children":{"old":{"Path":"/1/old","Value":"v"}}}');
    expect(await holds(request('PUT', '/0/version'), some)).toEqual({ known: true, value: true });
  });

  it('are unknown, and not none, where there is no log', async () => {
    const { folder } = await member('m1', 'db');
    await rm(path.join(folder, 'member/wal'), { recursive: true });
    expect(await door.holdsV2Keys(host, folder)).toMatchObject({ known: false });
  });
});

describe('a member whose data are made anew', () => {
  const words = { name: 'm2', initialCluster: 'm1=http://a,m2=http://b', advertised: 'http://b' };
  const big = 'x'.repeat(5 * 1024 * 1024);
  const dataOf = (place: DataPlace, name: string): Promise<string> =>
    readFile(path.join(place.folder, name, 'snap/db'), 'utf8');

  it('has them in the place of what it had, which stays beside; the same attempt leaves them alone', async () => {
    const made = { ...words, restorer: await restorer() };
    const [from, target] = [await member('m1', big), await member('m2', 'old')];
    for (const times of [1, 2]) {
      const kept = value(await door.restore(target, from, made));
      expect(kept, String(times)).toBe(path.join(target.folder, `member.before-${MARK}`));
      expect(await readdir(target.folder)).toEqual(['member', `member.before-${MARK}`]);
      expect(await dataOf(target, 'member')).toBe(`${big}${big}`);
      expect(await dataOf(target, `member.before-${MARK}`)).toBe('old');
    }
    expect(await dataOf(from, 'member')).toBe(big);
    const told = (await readFile(`${made.restorer}.words`, 'utf8')).split('\n');
    expect(told).toContain(words.initialCluster);
    expect(told.filter((word) => word === '--skip-hash-check').length).toBe(1);
  });

  it('without any folder gets one, and the source itself is read from beside once it has its own', async () => {
    const made = { ...words, restorer: await restorer() };
    const from = await member('m1', 'new');
    value(await door.restore(from, from, made));
    const target = { host, folder: path.join(root, 'm2/data'), mark: MARK };
    value(await door.restore(target, from, made));
    expect(await dataOf(target, 'member')).toBe('newnew');
    expect(await readdir(path.join(target.folder, `member.before-${MARK}`))).toEqual([]);
  });

  it('is untouched when the restorer fails, and goes on from each moment at which it was cut off', async () => {
    const made = { ...words, restorer: await restorer() };
    const [from, target] = [await member('m1', 'new'), await member('m2', 'old')];
    await writeFile(`${made.restorer}.fails`, '');
    const failed = await door.restore(target, from, made);
    expect(failed).toMatchObject({ ok: false, error: { code: 'RESTORE_FAILED' } });
    expect(await dataOf(target, 'member')).toBe('old');
    await rm(`${made.restorer}.fails`);
    // A restore that was cut off, then the moment between the two renames.
    await mkdir(path.join(target.folder, `${MARK}.new/member`), { recursive: true });
    value(await door.restore(target, from, made));
    expect(await dataOf(target, 'member')).toBe('newnew');
    await mkdir(path.join(target.folder, `${MARK}.new`));
    await rename(
      path.join(target.folder, 'member'),
      path.join(target.folder, `${MARK}.new/member`),
    );
    value(await door.restore(target, from, made));
    expect(await dataOf(target, 'member')).toBe('newnew');
    expect(await dataOf(target, `member.before-${MARK}`)).toBe('old');
    expect(existsSync(path.join(target.folder, `${MARK}.new`))).toBe(false);
  });
});
