/** Goal: a pod's lines are read whole, once and in order, over restarts and new pods. Method: log folders as a kubelet makes them, on this machine. */

import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { localHost } from '../../../../src/adapters/local/host.ts';
import { containerLines } from '../../../../src/adapters/static-pod/cri-lines.ts';
import { podLog } from '../../../../src/adapters/static-pod/logs.ts';
import type { LogCursor, LogSource } from '../../../../src/ports.ts';
import { value } from '../../../support/etcd-calls.ts';

const POD = { namespace: 'kube-system', name: 'etcd', container: 'etcd' };

let root = '';
let log: LogSource;

/** Writes lines as a container runtime does; the file was last written to at that second. */
function write(pod: string, file: string, second: number, ...words: readonly string[]): void {
  const folder = path.join(root, pod, 'etcd');
  mkdirSync(folder, { recursive: true });
  const lines = words.map((word) => `2026-01-01T00:00:00.1Z stderr F ${word}\n`);
  appendFileSync(path.join(folder, file), lines.join(''));
  utimesSync(path.join(folder, file), second, second);
}

/** All that came since; the cursor goes through JSON, as in a journal. */
async function read(from: LogCursor): Promise<readonly string[]> {
  const lines: string[] = [];
  let cursor = from;
  for (;;) {
    const next = value(await log.since(JSON.parse(JSON.stringify(cursor)) as LogCursor));
    lines.push(...next.lines);
    cursor = next.cursor;
    if (!next.hasMore) return lines;
  }
}

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'peershift-podlogs-'));
  log = podLog(localHost('here'), { root, pod: () => Promise.resolve(POD) });
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('the log of a static pod', () => {
  it('goes on in the next file of the container, and in the next pod', async () => {
    write('kube-system_etcd-node1_aa', '0.log', 100, 'one');
    const cursor = value(await log.end());
    write('kube-system_etcd-node1_aa', '0.log', 101, 'two');
    write('kube-system_etcd-node1_aa', '1.log', 102, 'three');
    write('kube-system_etcd-node1_bb', '0.log', 103, 'four');
    write('default_etcd-node1_dd', '0.log', 105, 'not ours');
    expect(await read(cursor)).toEqual(['two', 'three', 'four']);
  });

  it('is not taken for read where the old pod is gone with its folder: lines may be missing', async () => {
    write('kube-system_etcd-node1_aa', '0.log', 100, 'one');
    const cursor = value(await log.end());
    await rm(path.join(root, 'kube-system_etcd-node1_aa'), { recursive: true });
    write('kube-system_etcd-node1_bb', '0.log', 103, 'two');
    const lost = await log.since(cursor);
    expect(lost).toMatchObject({ ok: false, error: { code: 'LOG_LINES_LOST' } });
    expect(lost.ok ? '' : lost.error.but).toContain('read up to byte 36');
    expect(await read(value(await log.end(1000)))).toEqual(['two']);
  });

  it('begins at the first line when there was no log yet', async () => {
    const cursor = value(await log.end());
    expect(await read(cursor)).toEqual([]);
    write('kube-system_etcd-node1_aa', '0.log', 100, 'one');
    expect(await read(cursor)).toEqual(['one']);
  });

  it('looks back by whole lines, and waits for the end of one', async () => {
    write('kube-system_etcd-node1_aa', '0.log', 100, 'one', 'two');
    appendFileSync(path.join(root, 'kube-system_etcd-node1_aa/etcd/0.log'), '2026 stderr F thr');
    expect(await read(value(await log.end(60)))).toEqual(['two']);
  });

  it('that cannot be read says so', async () => {
    writeFileSync(path.join(root, 'file'), '');
    const other = podLog(localHost('here'), {
      root: path.join(root, 'file'),
      pod: () => Promise.resolve(POD),
    });
    expect(await other.end()).toMatchObject({ error: { code: 'HOST_FILE_FAILED' } });
  });
});

describe('a line of a container', () => {
  it.each([
    ['in parts', ['2026 stderr P a', '2026 stderr P b', '2026 stdout F c'], ['abc']],
    ['with tags', ['2026 stderr F:x a b'], ['a b']],
    ['of Docker', ['{"log":"a\\n","stream":"stderr"}'], ['a']],
    ['of nobody', ['{"level":"info"}', 'plain'], ['{"level":"info"}', 'plain']],
  ])('%s is what it wrote', (_, lines, words) => {
    expect(containerLines(lines)).toEqual(words);
  });
});
