/** Turns the doors of the members into writes, reads and keepalives through each of them, all run long. */

import { isoTime } from '../base/time.ts';
import type { CanaryTold } from '../model/canary.ts';
import type { DesiredCanary } from '../model/desired.ts';
import type { MemberName } from '../model/ids.ts';
import type { CanaryCalls, Clock, EtcdMember } from '../ports.ts';

export interface CanaryDoors {
  readonly etcd: ReadonlyMap<MemberName, EtcdMember>;
  readonly clock: Clock;
}

export interface Canary {
  /** The member is about to be stopped or started by us: what fails through it is no fault until `back`. */
  aside(members: readonly MemberName[]): void;
  back(): void;
  told(): CanaryTold;
  /** Ends it and takes its keys away; where that fails they go with their lease, within `LEASE_SECONDS`. */
  stop(): Promise<CanaryTold>;
}

/** A gap is known to so much; three members take some fifteen writes a second. */
const WRITE_EVERY_MS = 200;
const KEEP_EVERY_MS = 1000;
/** By definition: a keepalive that is unanswered for this long has failed. */
const KEEP_DEADLINE_MS = 3000;
/** Longer than a member's restart; what a killed run leaves is gone after this. */
const LEASE_SECONDS = 30;
/** After a call that failed, or where no lease is to be had. */
const RETRY_MS = 250;

interface Perch {
  readonly name: MemberName;
  readonly etcd: EtcdMember;
  readonly calls: CanaryCalls;
  lease: string | undefined;
  count: number;
  /** Sent and not acknowledged: etcd may still apply them, also after a later one. */
  readonly uncertain: Set<string>;
}

/** Members whose door has no such calls are left out. */
export function startCanary(
  { etcd, clock }: CanaryDoors,
  desired: DesiredCanary,
  prefix: string,
): Canary {
  const book = makeBook(clock);
  const ending = new AbortController();
  const away = new Set<MemberName>();
  const flight = { clock, desired, prefix, book, away };
  const perches = [...etcd].flatMap(([name, each]): readonly Perch[] => {
    const { canary: calls } = each;
    if (calls === undefined) return [];
    return [{ name, etcd: each, calls, lease: undefined, count: 0, uncertain: new Set() }];
  });
  const live = async (work: typeof writeOnce, perch: Perch): Promise<void> => {
    while (!ending.signal.aborted) {
      const restMs = await work(flight, perch);
      await clock.sleep(restMs, ending.signal);
    }
  };
  // What is written hangs on the lease, so that is kept alive in either case.
  const works = desired.writes ? [writeOnce, keepOnce] : [keepOnce];
  const living = perches.flatMap((perch) => works.map((work) => live(work, perch)));
  const does = (['writes', 'leases'] as const).filter((what) => desired[what]);
  const told = (): CanaryTold => {
    return { does, members: perches.map(({ name }) => name), ...book.told() };
  };
  return {
    aside: (members) => {
      for (const member of members) away.add(member);
    },
    back: () => {
      away.clear();
    },
    told,
    stop: async () => {
      ending.abort();
      await Promise.all(living);
      const last = told();
      await Promise.all(
        perches.map(async ({ calls, lease }) => {
          if (lease !== undefined) await calls.revoke(lease);
        }),
      );
      return last;
    },
  };
}

interface Flight {
  readonly clock: Clock;
  readonly desired: DesiredCanary;
  readonly prefix: string;
  readonly book: ReturnType<typeof makeBook>;
  readonly away: ReadonlySet<MemberName>;
}

/** How long to rest then. */
async function writeOnce({ book, prefix }: Flight, perch: Perch): Promise<number> {
  const lease = await leaseOf(perch);
  if (lease === undefined) return RETRY_MS;
  const key = `${prefix}${perch.name}`;
  const value = String((perch.count += 1));
  const written = await perch.calls.write(key, value, lease);
  if (!written.ok) {
    perch.uncertain.add(value);
    return RETRY_MS;
  }
  book.wrote();
  const read = await perch.calls.read(key);
  // A key that is gone went with its lease, which is told by itself.
  const found = read.ok ? (read.value ?? value) : value;
  if (found !== value && !perch.uncertain.has(found)) book.lost();
  return WRITE_EVERY_MS;
}

async function keepOnce({ clock, desired, book, away }: Flight, perch: Perch): Promise<number> {
  const lease = await leaseOf(perch);
  if (lease === undefined) return RETRY_MS;
  const wasAway = away.has(perch.name);
  const sentAtMs = clock.nowMs();
  const renewed = await perch.etcd.renewLease(lease);
  const isLate = clock.nowMs() - sentAtMs > KEEP_DEADLINE_MS;
  const isExcused = wasAway || away.has(perch.name);
  const hasEnded = renewed.ok && renewed.value <= 0;
  if (hasEnded) perch.lease = undefined;
  if (!desired.leases) return KEEP_EVERY_MS;
  if (hasEnded) book.kept(isExcused ? 'excused' : 'expired');
  else if (renewed.ok && !isLate) book.kept('good');
  else book.kept(isExcused || !(await perch.etcd.status()).ok ? 'excused' : 'failed');
  return KEEP_EVERY_MS;
}

/** One at a time for each member: two loops ask for it. */
const ASKED = new WeakMap<Perch, Promise<string | undefined>>();

function leaseOf(perch: Perch): Promise<string | undefined> {
  if (perch.lease !== undefined) return Promise.resolve(perch.lease);
  const asking = ASKED.get(perch);
  if (asking !== undefined) return asking;
  const asked = perch.calls.grant(LEASE_SECONDS).then((granted) => {
    ASKED.delete(perch);
    if (granted.ok) perch.lease = granted.value;
    return perch.lease;
  });
  ASKED.set(perch, asked);
  return asked;
}

function makeBook(clock: Clock) {
  let [writes, lost, keepalives, failedKeepalives, expired] = [0, 0, 0, 0, 0];
  let lastAtMs: number | undefined;
  let longest = { ms: 0, fromMs: undefined as number | undefined };
  return {
    wrote(): void {
      writes += 1;
      const nowMs = clock.nowMs();
      if (lastAtMs !== undefined && nowMs - lastAtMs > longest.ms)
        longest = { ms: nowMs - lastAtMs, fromMs: lastAtMs };
      lastAtMs = nowMs;
    },
    lost(): void {
      lost += 1;
    },
    kept(how: 'good' | 'failed' | 'expired' | 'excused'): void {
      if (how !== 'excused') keepalives += 1;
      if (how === 'failed') failedKeepalives += 1;
      if (how === 'expired') expired += 1;
    },
    /** A gap that still lasts counts. */
    told(): Omit<CanaryTold, 'does' | 'members'> {
      const openMs = lastAtMs === undefined ? 0 : clock.nowMs() - lastAtMs;
      const isOpen = openMs > longest.ms;
      const fromMs = isOpen ? lastAtMs : longest.fromMs;
      return {
        writes,
        lost,
        longestGapMs: isOpen ? openMs : longest.ms,
        longestGapAt: fromMs === undefined ? undefined : isoTime(fromMs),
        keepalives,
        failedKeepalives,
        expired,
      };
    },
  };
}
