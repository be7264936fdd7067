/** Goal: a writer's figures hide nothing. Method: a clock in the test's hand. */

import { describe, expect, it } from 'vitest';
import { WriteStatistics } from '../../../src/lab/write-statistics.ts';

describe('the longest stall', () => {
  it('is the longest time without an acknowledgement from any client, and when it began', () => {
    const statistics = new WriteStatistics(0, 0);
    for (const atMs of [10, 20, 950, 960]) statistics.acknowledged(atMs - 5, atMs);
    const report = statistics.report(970);
    expect(report.longestStallMs).toBe(930);
    expect(report.longestStallAt).toBe('1970-01-01T00:00:00.020Z');
  });

  it('counts the time up to the end, when nothing came any more', () => {
    const statistics = new WriteStatistics(0, 0);
    statistics.acknowledged(5, 10);
    expect(statistics.report(5010).longestStallMs).toBe(5000);
  });

  it('is the whole time when nothing was ever acknowledged', () => {
    const statistics = new WriteStatistics(100, 0);
    statistics.failed();
    const report = statistics.report(1100);
    expect(report).toMatchObject({ acknowledged: 0, attempted: 1, failedRequests: 1 });
    expect(report.longestStallMs).toBe(1000);
    expect(report.longestStallAt).toBeUndefined();
  });
});

describe('the other figures', () => {
  it('give the latency that 99 of 100 acknowledged writes kept below', () => {
    const statistics = new WriteStatistics(0, 0);
    for (let i = 0; i < 98; i += 1) statistics.acknowledged(i, i + 3);
    statistics.acknowledged(100, 150);
    statistics.acknowledged(200, 1200);
    expect(statistics.report(1200).p99Ms).toBe(50);
  });

  it('put a latency beyond every bucket into the last one', () => {
    const statistics = new WriteStatistics(0, 0);
    statistics.acknowledged(0, 60_000);
    expect(statistics.report(60_000).p99Ms).toBe(10_000);
  });

  it('count only acknowledged writes into the rate', () => {
    const statistics = new WriteStatistics(0, 0);
    for (let i = 1; i <= 400; i += 1) statistics.acknowledged(i, i);
    statistics.failed();
    const report = statistics.report(2000);
    expect(report.writesPerSecond).toBe(200);
    expect(report.attempted).toBe(401);
  });
});
