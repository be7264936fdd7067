/** Goal: a socket's folder goes with its process, also with one that was killed, and never while somebody listens. */

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { listenFor, sweep } from '../../../../src/adapters/ssh/bridge.ts';
import { err } from '../../../../src/base/result.ts';

const LATER_MS = 61_000;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'peershift-bridge-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

it('what a killed run has left is swept away by the next; what is in use or young stays', async () => {
  const listening = await listenFor(() => Promise.resolve(err('nobody')));
  const [used = ''] = await readdir(folder);
  await mkdir(path.join(folder, 'peershift-ssh-empty'));
  await mkdir(path.join(folder, 'peershift-ssh-killed'));
  await writeFile(path.join(folder, 'peershift-ssh-killed/s'), '');
  await mkdir(path.join(folder, 'another'));
  const all = await readdir(folder);
  await sweep();
  expect(await readdir(folder)).toEqual(all);
  await sweep(Date.now() + LATER_MS);
  expect((await readdir(folder)).sort()).toEqual(['another', used]);
  await listening.close();
  expect(await readdir(folder)).toEqual(['another']);
});
