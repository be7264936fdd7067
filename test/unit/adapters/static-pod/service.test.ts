/** Goal: a manifest goes out of the kubelet's folder and back into it whole, and the member's process is told from others. Method: this machine's own files, and processes that only carry etcd's words. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { localHost } from '../../../../src/adapters/local/host.ts';
import { staticPodService } from '../../../../src/adapters/static-pod/service.ts';
import type { Service } from '../../../../src/ports.ts';
import { value } from '../../../support/etcd-calls.ts';

const OPTIONS = { deadlineMs: 5000, marker: 'peershift-test' };

let base = '';
let manifest = '';
let aside = '';
let name = '';
let service: Service;
const children: ChildProcess[] = [];

/** Waits for its input to end, with etcd's name and words in the process list. */
function process(...words: readonly string[]): ChildProcess {
  const child = spawn('/bin/sh', ['-c', 'read word', ...words], {
    argv0: 'etcd',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  children.push(child);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'peershift-pod-'));
  name = path.basename(base);
  manifest = path.join(base, 'manifests/etcd.yaml');
  aside = path.join(base, 'peershift/etcd.yaml');
  mkdirSync(path.dirname(manifest));
  writeFileSync(manifest, 'old', { mode: 0o640 });
  chmodSync(manifest, 0o640);
  service = staticPodService(localHost('here'), {
    ...{ memberName: name, manifest, aside },
    marks: () => Promise.resolve({ 'data-dir': '/d' }),
  });
});

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => end(child)));
  await rm(base, { recursive: true, force: true });
});

describe('the service of a static pod', () => {
  it('finds the process with the name and the data folder of the member, in both forms of a flag', async () => {
    process('--name=other', '--data-dir=/d');
    process(`--name=${name}`, '--data-dir=/other');
    expect(await service.state()).toMatchObject({ value: { isRunning: false } });
    const own = process('--name', name, '-data-dir=/d');
    expect(await service.state()).toMatchObject({ value: { isRunning: true, pid: own.pid } });
  });

  it('takes the manifest out, and puts the same one back when nothing else waits', async () => {
    value(await service.stop(OPTIONS));
    expect(readdirSync(path.dirname(manifest))).toEqual([]);
    expect(readFileSync(aside, 'utf8')).toBe('old');
    value(await service.stop(OPTIONS));
    process(`--name=${name}`, '--data-dir=/d');
    value(await service.start(OPTIONS));
    expect(readFileSync(manifest, 'utf8')).toBe('old');
    expect(readdirSync(path.dirname(aside))).toEqual([]);
  });

  it('puts the one in that waits, with owner and mode of the old one, which it keeps', async () => {
    mkdirSync(path.dirname(aside));
    writeFileSync(aside, 'new', { mode: 0o600 });
    value(await service.stop(OPTIONS));
    process(`--name=${name}`, '--data-dir=/d');
    value(await service.start(OPTIONS));
    expect(readFileSync(manifest, 'utf8')).toBe('new');
    expect(statSync(manifest).mode & 0o777).toBe(0o640);
    expect(readFileSync(`${aside}.replaced`, 'utf8')).toBe('old');
    expect(readdirSync(path.dirname(manifest))).toEqual(['etcd.yaml']);
  });

  it('says which side does not follow when the kubelet does nothing', async () => {
    const own = process(`--name=${name}`, '--data-dir=/d');
    const stopped = await service.stop({ ...OPTIONS, deadlineMs: 500 });
    expect(stopped).toMatchObject({
      error: { but: expect.stringContaining('its process is still there') as string },
    });
    await end(own);
    const started = await service.start({ ...OPTIONS, deadlineMs: 500 });
    expect(started).toMatchObject({
      error: { remedy: expect.stringContaining('kubelet') as string },
    });
  });

  it('refuses to start what has no manifest anywhere', async () => {
    await rm(manifest);
    expect(await service.start(OPTIONS)).toMatchObject({
      error: { but: expect.stringContaining('there is neither') as string },
    });
  });
});
