/** Turns an etcd cluster's endpoints into one lease for each member, kept alive through that member. */

import { fieldOf, Gateway } from './gateway.ts';
import type { GatewayAnswer } from './gateway.ts';

export interface LeaseKeeperOptions {
  /** Client URLs (http), one for each member. */
  readonly endpoints: readonly string[];
  readonly ttlSeconds?: number | undefined;
}

export interface LeaseReport {
  readonly leases: number;
  /** Leases that still live at the end, with more than 0 s left. */
  readonly survived: number;
  readonly keepalives: number;
  /** Unanswered for 3 s by a member that serves, answered with TTL 0, or refused by etcd itself. */
  readonly failed: number;
  /**
   * Not a failed keepalive: the member was not there to be asked (stopping, stopped, starting). A
   * starting etcd takes connections and answers nothing until it has published itself through raft.
   */
  readonly unreachable: number;
  /** The first few failed ones, in words, with their time. */
  readonly failures: readonly string[];
}

export interface LeaseKeeper {
  /** Ends the keepalives, asks which leases live, and gives them back; the second call says the same. */
  stop(): Promise<LeaseReport>;
}

/** Longer than a member's restart, short enough that a cut link shows as a lost lease. */
const DEFAULT_TTL_SECONDS = 10;
const KEEPALIVE_INTERVAL_MS = 400;
/** By definition: a keepalive unanswered for this long has failed. */
const KEEPALIVE_DEADLINE_MS = 3000;
/** A member that serves tells its version in milliseconds, whatever its links are like. */
const VERSION_DEADLINE_MS = 1000;
const GRANT_RETRY_MS = 200;
const FAILURES_SHOWN = 20;

/** Starts at once; a lease that could not be granted yet is asked for until `stop`. */
export function startLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const stopping = new AbortController();
  const counts: Counts = { keepalives: 0, failed: 0, unreachable: 0, failures: [] };
  const ttlSeconds = options.ttlSeconds ?? DEFAULT_TTL_SECONDS;
  const loops = options.endpoints.map((endpoint) =>
    keepOne(endpoint, ttlSeconds, counts, stopping.signal),
  );
  let report: Promise<LeaseReport> | undefined;
  const stop = async (): Promise<LeaseReport> => {
    stopping.abort();
    const leases = (await Promise.all(loops)).filter((lease) => lease !== undefined);
    const alive = await Promise.all(leases.map((lease) => endLease(options.endpoints, lease)));
    return { leases: leases.length, survived: alive.filter(Boolean).length, ...counts };
  };
  return { stop: () => (report ??= stop()) };
}

interface Counts {
  keepalives: number;
  failed: number;
  unreachable: number;
  readonly failures: string[];
}

/** The lease's id, when one was granted before the end. */
async function keepOne(
  endpoint: string,
  ttlSeconds: number,
  counts: Counts,
  stopped: AbortSignal,
): Promise<string | undefined> {
  const gateway = new Gateway(endpoint);
  const lease = await grant(gateway, ttlSeconds, stopped);
  while (lease !== undefined && !stopped.aborted) {
    const sentAtMs = performance.now();
    const answer = await gateway.call('/lease/keepalive', { ID: lease }, KEEPALIVE_DEADLINE_MS);
    counts.keepalives += 1;
    const isAbsent = answer.kind === 'late' && !(await serves(endpoint));
    const judged: JudgedKeepalive = isAbsent ? { kind: 'unreachable' } : judgeKeepalive(answer);
    if (judged.kind === 'unreachable') counts.unreachable += 1;
    if (judged.kind === 'failed') {
      counts.failed += 1;
      const line = `${new Date().toISOString()} through ${endpoint}: ${judged.reason}`;
      if (counts.failures.length < FAILURES_SHOWN) counts.failures.push(line);
    }
    await pause(sentAtMs + KEEPALIVE_INTERVAL_MS - performance.now(), stopped);
  }
  gateway.close();
  return lease;
}

async function serves(endpoint: string): Promise<boolean> {
  const gateway = new Gateway(endpoint);
  try {
    return (await gateway.get('/version', VERSION_DEADLINE_MS)).kind === 'answered';
  } finally {
    gateway.close();
  }
}

export type JudgedKeepalive =
  { readonly kind: 'kept' | 'unreachable' } | { readonly kind: 'failed'; readonly reason: string };

/** The gateway wraps each streamed answer as `{"result": {...}}`, and a trouble as `{"error": ...}`. */
export function judgeKeepalive(answer: GatewayAnswer): JudgedKeepalive {
  if (answer.kind === 'late') return { kind: 'failed', reason: answer.reason };
  if (answer.kind !== 'answered') return { kind: 'unreachable' };
  const line = answer.text.split('\n')[0] ?? '';
  const result = fieldOf(line, 'result');
  if (result !== undefined) {
    const ttl = Number(fieldOf(line, 'result', 'TTL') ?? 0);
    return ttl > 0 ? { kind: 'kept' } : { kind: 'failed', reason: 'TTL 0: the lease is gone' };
  }
  // What etcd itself says begins with its name; anything else is the gateway of a stopping member.
  const said = /etcdserver: [^"\\]*/.exec(answer.text)?.[0];
  if (said === undefined || said.includes('server stopped')) return { kind: 'unreachable' };
  return { kind: 'failed', reason: said };
}

async function grant(
  gateway: Gateway,
  ttlSeconds: number,
  stopped: AbortSignal,
): Promise<string | undefined> {
  while (!stopped.aborted) {
    const answer = await gateway.call('/lease/grant', { TTL: ttlSeconds }, KEEPALIVE_DEADLINE_MS);
    const id = answer.kind === 'answered' ? fieldOf(answer.text, 'ID') : undefined;
    if (typeof id === 'string') return id;
    await pause(GRANT_RETRY_MS, stopped);
  }
  return undefined;
}

/** Did the lease still live? Asked of each member in turn until one tells; then it is revoked. */
async function endLease(endpoints: readonly string[], lease: string): Promise<boolean> {
  for (const endpoint of endpoints) {
    const gateway = new Gateway(endpoint);
    try {
      // Below /kv: the only place where 3.3 has it, and one of two in later versions.
      const path = '/kv/lease/timetolive';
      const answer = await gateway.call(path, { ID: lease }, KEEPALIVE_DEADLINE_MS);
      if (answer.kind !== 'answered' || answer.status !== 200) continue;
      await gateway.call('/kv/lease/revoke', { ID: lease }, KEEPALIVE_DEADLINE_MS);
      return Number(fieldOf(answer.text, 'TTL') ?? 0) > 0;
    } finally {
      gateway.close();
    }
  }
  return false;
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  if (ms <= 0 || stopped.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    stopped.addEventListener('abort', wake);
  });
}
