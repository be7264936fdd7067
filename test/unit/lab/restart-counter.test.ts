/** Goal: every restart is counted once. Method: pid files as values, and a clock in the test's hand. */

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { labOf } from '../../../src/lab/lab-folder.ts';
import { countRestarts } from '../../../src/lab/restart-counter.ts';
import { markOf } from './mark.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('counts another pid as one restart, and a missing pid file as none', async () => {
  const { members } = labOf('/srv/lab', markOf(2));
  const pids = new Map<string, number | undefined>([
    ['m1', 10],
    ['m2', 20],
  ]);
  const counter = await countRestarts(members, ({ name }) => Promise.resolve(pids.get(name)));
  for (const pid of [undefined, 11, 11, undefined, 12]) {
    pids.set('m1', pid);
    await vi.advanceTimersByTimeAsync(200);
  }
  pids.set('m2', 21);
  const counts = await counter.stop();
  expect([...counts]).toEqual([
    ['m1', 2],
    ['m2', 1],
  ]);
});

it('looks no more after it was stopped', async () => {
  const { members } = labOf('/srv/lab', markOf(1));
  const read = vi.fn(() => Promise.resolve(1));
  const counter = await countRestarts(members, read);
  await counter.stop();
  const looks = read.mock.calls.length;
  await vi.advanceTimersByTimeAsync(5000);
  expect(read.mock.calls).toHaveLength(looks);
});
