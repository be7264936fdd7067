/** Turns each acknowledged and each failed request into the figures of a writer's report. */

export interface WriterReport {
  readonly acknowledged: number;
  readonly attempted: number;
  readonly failedRequests: number;
  /** The longest time in which not one client got an acknowledgement. */
  readonly longestStallMs: number;
  /** When that began, RFC 3339; undefined when nothing was ever acknowledged. */
  readonly longestStallAt: string | undefined;
  /** Of the acknowledged writes, rounded up to the millisecond. */
  readonly p99Ms: number;
  readonly writesPerSecond: number;
}

/** Longer latencies share the last bucket: clients give up far earlier. */
const LATENCY_MAX_MS = 10_000;

/** All times are milliseconds on one clock that never goes back; `epochMs` is its zero in wall time. */
export class WriteStatistics {
  readonly #epochMs: number;
  readonly #startedAtMs: number;
  readonly #latencyCounts = new Uint32Array(LATENCY_MAX_MS + 1);
  #acknowledged = 0;
  #failed = 0;
  #lastAtMs: number;
  #stallMs = 0;
  #stallAtMs: number;

  constructor(startedAtMs: number, epochMs: number) {
    this.#epochMs = epochMs;
    this.#startedAtMs = startedAtMs;
    this.#lastAtMs = startedAtMs;
    this.#stallAtMs = startedAtMs;
  }

  get lastAtMs(): number {
    return this.#lastAtMs;
  }

  acknowledged(sentAtMs: number, answeredAtMs: number): void {
    this.#acknowledged += 1;
    const bucket = Math.min(LATENCY_MAX_MS, Math.max(0, Math.ceil(answeredAtMs - sentAtMs)));
    this.#latencyCounts[bucket] = (this.#latencyCounts[bucket] ?? 0) + 1;
    this.#closeStall(answeredAtMs);
    this.#lastAtMs = answeredAtMs;
  }

  failed(): void {
    this.#failed += 1;
  }

  /** The time since the last acknowledgement counts as a stall too: it may never have ended. */
  report(nowMs: number): WriterReport {
    this.#closeStall(nowMs);
    const seconds = (nowMs - this.#startedAtMs) / 1000;
    return {
      acknowledged: this.#acknowledged,
      attempted: this.#acknowledged + this.#failed,
      failedRequests: this.#failed,
      longestStallMs: Math.round(this.#stallMs),
      longestStallAt:
        this.#acknowledged === 0
          ? undefined
          : new Date(this.#epochMs + this.#stallAtMs).toISOString(),
      p99Ms: this.#percentile(0.99),
      writesPerSecond: seconds > 0 ? Math.round(this.#acknowledged / seconds) : 0,
    };
  }

  #closeStall(atMs: number): void {
    const stallMs = atMs - this.#lastAtMs;
    if (stallMs <= this.#stallMs) return;
    this.#stallMs = stallMs;
    this.#stallAtMs = this.#lastAtMs;
  }

  #percentile(share: number): number {
    const wanted = Math.ceil(this.#acknowledged * share);
    let seen = 0;
    for (const [bucket, count] of this.#latencyCounts.entries()) {
      seen += count;
      if (seen >= wanted) return bucket;
    }
    return LATENCY_MAX_MS;
  }
}
