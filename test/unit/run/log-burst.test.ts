/**
 * Goal: a member that logs a hundred thousand lines a second is followed to its last line, in bounded memory.
 * Method: a real file, written at that rate by another process, and the watch that a run has.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { followBurst } from '../../support/log-burst.ts';

const LINES_PER_SECOND = 100_000;
const SECONDS = 1.5;
/** Eight pieces of one MiB at a time, as text and as lines, and what the engine has not collected yet. */
const MOST_BYTES = 200 * 1024 * 1024;

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('a burst is read to its end, and nothing in it is missed', async () => {
  const burst = await followBurst(join(folder, 'etcd.log'), LINES_PER_SECOND, SECONDS);
  expect(burst.written).toBe(150);
  expect(burst.found).toBe(burst.written);
  expect(burst.grownBytes).toBeLessThan(MOST_BYTES);
});
