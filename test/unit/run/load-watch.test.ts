/** Goal: a busy cluster is waited for, with the numbers, and what cannot be read is no calm. */

import { describe, expect, it } from 'vitest';

import { err, ok } from '../../../src/base/result.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { EtcdMember } from '../../../src/ports.ts';
import { loadFailure, makeLoadWatch } from '../../../src/run/load-watch.ts';
import { failureWith } from '../../support/fake-doors.ts';

const NAME = 'etcd_disk_wal_fsync_duration_seconds_bucket';

/** A member whose log takes 1 ms or 100 ms for each of so many writes since the last look. */
class Busy {
  fast = 0;
  slow = 0;
  pending = 0;
  isReadable = true;

  get member(): EtcdMember {
    const metrics = (): ReturnType<EtcdMember['metrics']> => {
      if (!this.isReadable) return Promise.resolve(err(failureWith('ENDPOINT_UNREACHABLE', 'no')));
      const all = this.fast + this.slow;
      const samples: [string, number][] = [
        [`${NAME}{le="0.001"}`, this.fast],
        [`${NAME}{le="0.1"}`, all],
        [`${NAME}{le="+Inf"}`, all],
        ['etcd_server_proposals_pending', this.pending],
      ];
      return Promise.resolve(ok(new Map(samples)));
    };
    return { metrics } as EtcdMember;
  }
}

function watched(bounds: { fsyncMs?: number; pending?: number }) {
  const [m1, m2] = [new Busy(), new Busy()];
  const clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
  let nowMs = 0;
  const etcd = new Map([
    [memberName('m1'), m1.member],
    [memberName('m2'), m2.member],
  ]);
  const { fsyncMs, pending } = bounds;
  const watch = makeLoadWatch({ etcd, clock }, { fsyncMs, pending });
  const after = (ms: number): Promise<string | undefined> => {
    nowMs += ms;
    return watch.busy();
  };
  return { m1, m2, after };
}

describe('the load before a step', () => {
  it('is looked at over five seconds, and a calm cluster is gone on with', async () => {
    const { m1, after } = watched({ fsyncMs: 10 });
    expect(await after(0)).toContain('a first look');
    expect(await after(4999)).toContain('a first look');
    m1.fast += 100;
    expect(await after(1)).toBeUndefined();
  });

  it('is told with the member, the number and the bound, until it is calmer', async () => {
    const { m1, m2, after } = watched({ fsyncMs: 10, pending: 5 });
    await after(0);
    m1.fast += 90;
    m1.slow += 10;
    m2.pending = 6;
    const busy = (await after(5000)) ?? '';
    expect(busy).toMatch(
      /^m1 to write its log faster \(99 % within 90 ms, gates\.maxFsync is 10 ms\); /,
    );
    expect(busy).toContain('m2 to have fewer proposals pending (6, gates.maxPending is 5)');
    m1.fast += 1000;
    m2.pending = 5;
    expect(await after(1000)).toBe(busy);
    expect(await after(4000)).toBeUndefined();
    expect(await after(1000)).toBeUndefined();
    const failure = loadFailure('step 3 of 9', 'restart m1', busy);
    expect(failure).toMatchObject({ code: 'LOAD_TOO_HIGH', where: 'step 3 of 9' });
    expect(failure.but).toContain('90 ms');
  });

  it('is not taken for calm where it cannot be read, or where the last look is long past', async () => {
    const { m1, m2, after } = watched({ pending: 5 });
    await after(0);
    m2.isReadable = false;
    expect(await after(5000)).toBe('the load of m2: its metrics do not tell it yet');
    m2.isReadable = true;
    expect(await after(5000)).toContain('the load of m2');
    expect(await after(5000)).toBeUndefined();
    m1.pending = 9;
    expect(await after(31_000)).toContain('a first look');
  });
});
