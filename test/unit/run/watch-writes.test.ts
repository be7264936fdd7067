/** Goal: rates and standstills are the store's, whoever answers. Method: members whose index a fake clock moves. */

import { describe, expect, it } from 'vitest';
import { ok, err } from '../../../src/base/result.ts';
import type { PeershiftEvent } from '../../../src/model/event.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { EndpointStatus } from '../../../src/ports.ts';
import { makeTime } from '../../support/sleepers.ts';
import { type WriteWatch, watchWrites } from '../../../src/run/watch-writes.ts';

function watch(indexAt: (elapsedMs: number) => number) {
  const time = makeTime();
  const events: PeershiftEvent[] = [];
  const status = () => {
    const appliedIndex = indexAt(time.clock.nowMs() - 1_000_000);
    return Promise.resolve(ok({ appliedIndex, leaderId: 'b' } as unknown as EndpointStatus));
  };
  const down = () => Promise.resolve(err({ code: 'ENDPOINT_UNREACHABLE' } as never));
  const running: WriteWatch = watchWrites({
    etcd: new Map([
      [memberName('m1'), { status }],
      [memberName('m2'), { status: down }],
    ]),
    ids: new Map([
      [memberName('m1'), 'a'],
      [memberName('m2'), 'b'],
    ]),
    clock: time.clock,
    events: { emit: (event) => events.push(event) },
  });
  return { time, events, running };
}

describe('watching writes', () => {
  it('tells each second how far the store moved, and who leads, though a member is down', async () => {
    const { time, events, running } = watch((ms) => Math.floor(ms / 5));
    await time.to(4100);
    const samples = await running.stop();
    expect(samples.map(({ perSecond }) => perSecond)).toEqual([200, 200, 200]);
    expect(samples.every(({ leader, stillMs }) => leader === 'm2' && stillMs <= 200)).toBe(true);
    expect(events).toEqual(samples.map((sample) => ({ type: 'writes', ...sample })));
  });

  it('finds a standstill to a fifth of a second, also while it lasts', async () => {
    const stuck = (ms: number): number => (ms < 2000 ? ms : ms < 3600 ? 2000 : ms);
    const { time, running } = watch(stuck);
    await time.to(5100);
    const longest = Math.max(...(await running.stop()).map(({ stillMs }) => stillMs));
    expect(longest).toBeGreaterThanOrEqual(1400);
    expect(longest).toBeLessThanOrEqual(1800);
  });

  it('keeps a bounded number of samples of a long run', async () => {
    const { time, running } = watch((ms) => ms);
    await time.to(1_820_000);
    const samples = await running.stop();
    expect(samples.length).toBeLessThanOrEqual(1800);
    expect(samples.length).toBeGreaterThan(890);
    expect(samples.every(({ perSecond }) => perSecond === 1000)).toBe(true);
  });
});
