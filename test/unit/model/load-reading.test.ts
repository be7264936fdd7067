/** Goal: how busy a member was between two looks, from the growth of its counters alone, as Prometheus reads them. */

import { describe, expect, it } from 'vitest';

import { loadBetween } from '../../../src/model/load-reading.ts';

const NAME = 'etcd_disk_wal_fsync_duration_seconds_bucket';

/** Counts of all that took at most 1, 2, 4, 8 ms, and at all. */
function metrics(counts: readonly number[], pending = 0): ReadonlyMap<string, number> {
  const bounds = ['0.001', '0.002', '0.004', '0.008', '+Inf'];
  return new Map([
    ...bounds.map((bound, at) => [`${NAME}{le="${bound}"}`, counts[at] ?? 0] as const),
    ['etcd_server_proposals_pending', pending] as const,
    ['etcd_disk_backend_commit_duration_seconds_bucket{le="0.001"}', 9] as const,
  ]);
}

describe('the load of a member between two looks', () => {
  it('is that of the growth, not of all that ever was', () => {
    const before = metrics([0, 0, 0, 1000, 1000]);
    const after = metrics([100, 100, 100, 1100, 1100], 7);
    expect(loadBetween(before, after)).toEqual({ fsyncP99Ms: 0.99, pending: 7 });
  });

  it('lies inside the bucket of the 99th part, and at the last bound when it is above all', () => {
    const none = metrics([0, 0, 0, 0, 0]);
    expect(loadBetween(none, metrics([0, 98, 100, 100, 100]))?.fsyncP99Ms).toBeCloseTo(3, 9);
    expect(loadBetween(none, metrics([0, 0, 0, 50, 100]))?.fsyncP99Ms).toBe(8);
  });

  it('has no time where nothing was written, and is unknown after a restart or without the counters', () => {
    const some = metrics([5, 5, 5, 5, 5], 1);
    expect(loadBetween(some, some)).toEqual({ fsyncP99Ms: undefined, pending: 1 });
    expect(loadBetween(some, metrics([1, 1, 1, 1, 1]))).toBeUndefined();
    expect(loadBetween(some, new Map())).toBeUndefined();
    expect(loadBetween(new Map(), some)).toBeUndefined();
  });
});
