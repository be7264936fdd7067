/** Goal: a canary tells what clients felt, and blames nobody who was meant to be away. Method: members and a clock that obey. */

import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/base/result.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { EtcdMember } from '../../../src/ports.ts';
import { type Canary, startCanary } from '../../../src/run/canary.ts';
import { makeTime } from '../../support/sleepers.ts';

const DESIRED = { writes: true, leases: true, longestGapMs: 10_000, failedKeepalives: undefined };
const PREFIX = '/peershift/c0/canary/';
const GONE = { code: 'ENDPOINT_UNREACHABLE' } as never;

/** What a member does with each call; it serves unless it is told otherwise. */
interface Ways {
  isDown?: boolean;
  keepsNothing?: boolean;
  forgets?: boolean;
  /** No answer, and applied in place of the next one that is acknowledged. */
  isSlow?: boolean;
  renewMs?: number;
  refusesKeepalives?: boolean;
}

function flock(names: readonly string[]) {
  const time = makeTime();
  const ways = new Map<string, Ways>(names.map((name) => [name, {}]));
  const keys = new Map<string, string>();
  const revoked: string[] = [];
  const doorOf = (name: string): EtcdMember => {
    const way = ways.get(name) ?? {};
    const when = <T>(isGood: boolean, value: T) => Promise.resolve(isGood ? ok(value) : err(GONE));
    let late: string | undefined;
    const door: Partial<EtcdMember> = {
      status: () => when(way.isDown !== true, {} as never),
      renewLease: async () => {
        if (way.renewMs !== undefined) await time.clock.sleep(way.renewMs);
        const isGood = way.isDown !== true && way.refusesKeepalives !== true;
        return when(isGood, way.keepsNothing === true ? 0 : 30);
      },
      canary: {
        grant: () => when(way.isDown !== true, `lease of ${name}`),
        write: (key, value) => {
          if (way.isSlow === true) late = value;
          else if (way.isDown !== true && way.forgets !== true) keys.set(key, late ?? value);
          if (way.isSlow !== true) late = undefined;
          return when(way.isDown !== true && way.isSlow !== true, undefined);
        },
        read: (key) => when(way.isDown !== true, keys.get(key)),
        revoke: (lease) => {
          revoked.push(lease);
          return when(true, undefined);
        },
      },
    };
    return door as EtcdMember;
  };
  const etcd = new Map(names.map((name) => [memberName(name), doorOf(name)]));
  const canary: Canary = startCanary({ etcd, clock: time.clock }, DESIRED, PREFIX);
  return { time, way: (name: string) => ways.get(name) ?? {}, keys, revoked, canary };
}

describe('a canary', () => {
  it('writes through every member, reads back, keeps leases, and takes all of it away', async () => {
    const { time, canary, keys, revoked } = flock(['m1', 'm2']);
    await time.to(5000);
    const told = canary.told();
    expect(told).toMatchObject({ members: ['m1', 'm2'], lost: 0, failedKeepalives: 0, expired: 0 });
    expect(told.writes).toBeGreaterThan(40);
    expect(told.keepalives).toBeGreaterThan(8);
    expect(told.longestGapMs).toBeLessThanOrEqual(200);
    expect([...keys.keys()].sort()).toEqual([`${PREFIX}m1`, `${PREFIX}m2`]);
    await canary.stop();
    expect(revoked.sort()).toEqual(['lease of m1', 'lease of m2']);
  });

  it('sees no gap while another member takes writes, and a gap when none does', async () => {
    const { time, canary, way } = flock(['m1', 'm2']);
    await time.to(2000);
    way('m1').isDown = true;
    await time.to(6000);
    expect(canary.told().longestGapMs).toBeLessThanOrEqual(250);
    way('m2').isDown = true;
    await time.to(9000);
    expect(canary.told().longestGapMs).toBeGreaterThanOrEqual(2800);
    way('m2').isDown = false;
    await time.to(10_000);
    const { longestGapMs, longestGapAt } = canary.told();
    expect(longestGapMs).toBeLessThan(3600);
    expect(longestGapAt).toBeDefined();
  });

  it('counts no keepalive through a member that we restart, and one that a member which serves refuses', async () => {
    const { time, canary, way } = flock(['m1', 'm2']);
    await time.to(1500);
    canary.aside([memberName('m1')]);
    way('m1').refusesKeepalives = true;
    await time.to(4500);
    expect(canary.told().failedKeepalives).toBe(0);
    canary.back();
    await time.to(7500);
    expect(canary.told().failedKeepalives).toBeGreaterThan(0);
  });

  it('counts no keepalive through a member that is down', async () => {
    const { time, canary, way } = flock(['m1', 'm2']);
    await time.to(1500);
    way('m1').isDown = true;
    await time.to(6000);
    expect(canary.told()).toMatchObject({ failedKeepalives: 0, expired: 0 });
  });

  it('takes an answer after more than 3 s for none', async () => {
    const { time, canary, way } = flock(['m1']);
    await time.to(1500);
    way('m1').renewMs = 3500;
    await time.to(12_000);
    expect(canary.told().failedKeepalives).toBeGreaterThan(0);
  });

  it('does not mourn a write that was overtaken by one whose answer was lost', async () => {
    const { time, canary, way } = flock(['m1']);
    await time.to(1500);
    way('m1').isSlow = true;
    await time.to(2500);
    way('m1').isSlow = false;
    await time.to(4000);
    expect(canary.told().lost).toBe(0);
  });

  it('tells a lease that ended, and a write that was not read back', async () => {
    const { time, canary, way } = flock(['m1']);
    await time.to(1500);
    way('m1').keepsNothing = true;
    way('m1').forgets = true;
    await time.to(4000);
    const { expired, lost } = canary.told();
    expect(expired).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
  });
});
