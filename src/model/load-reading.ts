/** Turns two readings of a member's metrics into how busy it was between them. */

export type Metrics = ReadonlyMap<string, number>;

const FSYNC = 'etcd_disk_wal_fsync_duration_seconds_bucket';
const PENDING = 'etcd_server_proposals_pending';
const QUANTILE = 0.99;

export interface LoadReading {
  /** Of the time that a write of the log took; undefined: nothing was written in between. */
  readonly fsyncP99Ms: number | undefined;
  readonly pending: number;
}

/** Undefined when the counters are missing, or were begun anew in between (the member was restarted). */
export function loadBetween(before: Metrics, after: Metrics): LoadReading | undefined {
  const pending = after.get(PENDING);
  const [then, now] = [bucketsOf(before), bucketsOf(after)];
  if (pending === undefined || now.length === 0 || then.length !== now.length) return undefined;
  const growth = now.map(({ upToSeconds, count }, index) => {
    return { upToSeconds, count: count - (then[index]?.count ?? 0) };
  });
  if (growth.some(({ count }) => count < 0)) return undefined;
  return { fsyncP99Ms: quantileMs(growth), pending };
}

interface Bucket {
  readonly upToSeconds: number;
  /** Of all that took at most so long. */
  readonly count: number;
}

function bucketsOf(metrics: Metrics): readonly Bucket[] {
  const buckets = [...metrics].flatMap(([name, count]): Bucket[] => {
    const bound = name.startsWith(`${FSYNC}{`) ? /le="([^"]+)"/u.exec(name)?.[1] : undefined;
    if (bound === undefined) return [];
    return [{ upToSeconds: bound === '+Inf' ? Infinity : Number(bound), count }];
  });
  return buckets.sort((a, b) => a.upToSeconds - b.upToSeconds);
}

/** As Prometheus does it: even spread inside the bucket; above the last bound that bound is all that is known. */
function quantileMs(buckets: readonly Bucket[]): number | undefined {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const rank = total * QUANTILE;
  const at = buckets.findIndex(({ count }) => count >= rank);
  const [below, own] = [buckets[at - 1], buckets[at]];
  if (own === undefined) return undefined;
  const from = below?.upToSeconds ?? 0;
  if (!Number.isFinite(own.upToSeconds)) return from * 1000;
  const inside = own.count - (below?.count ?? 0);
  const share = inside === 0 ? 1 : (rank - (below?.count ?? 0)) / inside;
  return (from + (own.upToSeconds - from) * share) * 1000;
}
