/** Goal: no line is missed, doubled or kept for ever. Method: logs in memory, a clock that is set by hand. */

import { describe, expect, it } from 'vitest';

import { err, ok } from '../../../src/base/result.ts';
import type { Failure } from '../../../src/model/failure.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { LogSource } from '../../../src/ports.ts';
import { logsVerdict } from '../../../src/run/gates/logs.ts';
import { type LogWatch, makeLogWatch } from '../../../src/run/log-watch.ts';
import { addressOf, httpsWorld } from '../../support/worlds.ts';

const [M1, M2] = [memberName('m1'), memberName('m2')];
const FAILURE: Failure = {
  code: 'HOST_FILE_FAILED',
  where: 'host m1',
  would: 'read the log',
  but: 'permission denied',
  so: 'its lines are not known',
  remedy: 'let peershift read it',
};

/** Lines of equal length count as one byte each for `end(backBytes)`. */
class MemoryLog implements LogSource {
  readonly lines: string[] = [];
  isBroken = false;
  linesPerRead = 1000;
  backBytes: number | undefined;

  end(backBytes = 0): ReturnType<LogSource['end']> {
    this.backBytes = backBytes;
    if (this.isBroken) return Promise.resolve(err(FAILURE));
    return Promise.resolve(ok({ line: Math.max(0, this.lines.length - backBytes) }));
  }

  since(cursor: Parameters<LogSource['since']>[0]): ReturnType<LogSource['since']> {
    if (this.isBroken) return Promise.resolve(err(FAILURE));
    const from = Number(cursor['line']);
    const lines = this.lines.slice(from, from + this.linesPerRead);
    const line = from + lines.length;
    return Promise.resolve(ok({ lines, cursor: { line }, hasMore: line < this.lines.length }));
  }
}

function rejectedLine(
  second: number,
  error = 'tls: first record does not look like a TLS handshake',
): string {
  const time = `2026-11-22 05:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.000000`;
  return `${time} I | embed: rejected connection from "${addressOf('m2')}:5" (error "${error}", ServerName "")`;
}

interface Bench {
  readonly watch: LogWatch;
  readonly log: MemoryLog;
  readonly clock: { ms: number };
}

function bench(): Bench {
  const log = new MemoryLog();
  const clock = { ms: 1000 };
  const members = new Map([
    [M1, { log }],
    [M2, { log: undefined }],
  ]);
  return { watch: makeLogWatch({ members, clock: { nowMs: () => clock.ms } }), log, clock };
}

describe('a log watch', () => {
  it('takes what was there before for the baseline and only what comes later for findings', async () => {
    const { watch, log, clock } = bench();
    log.lines.push(rejectedLine(0), rejectedLine(1));
    await watch.baseline(httpsWorld());
    expect(watch.findingsSince(0)).toEqual([]);
    clock.ms = 2000;
    log.lines.push(rejectedLine(2), 'an ordinary line', rejectedLine(3));
    await watch.collect();
    await watch.collect();
    const [only, ...more] = watch.findingsSince(0);
    expect(only).toMatchObject({ member: 'm1', count: 2, readAtMs: 2000 });
    expect(only?.finding.code).toBe('listener-plain-http');
    expect(more).toEqual([]);
    expect(watch.findingsSince(2001)).toEqual([]);
  });

  it('measures noise by the times of the lines themselves, over a bounded stretch', async () => {
    const { watch, log } = bench();
    for (let second = 0; second < 300; second += 10) log.lines.push(rejectedLine(second));
    await watch.baseline(httpsWorld());
    expect(log.backBytes).toBeGreaterThan(0);
    expect(log.backBytes).toBeLessThanOrEqual(1024 * 1024);
    const [noise] = watch.noise();
    expect(noise?.perMinute).toBeCloseTo(30 / (290 / 60), 1);
  });

  it('starts at the end when there was no baseline', async () => {
    const { watch, log } = bench();
    log.lines.push(rejectedLine(0));
    await watch.collect();
    log.lines.push(rejectedLine(1));
    await watch.collect();
    expect(watch.findingsSince(0)).toMatchObject([{ count: 1 }]);
  });

  it('quotes the last line of a code, cut', async () => {
    const { watch, log } = bench();
    await watch.collect();
    log.lines.push(rejectedLine(1), rejectedLine(2, `EOF ${'x'.repeat(500)}`), rejectedLine(3));
    await watch.collect();
    expect(watch.quote(M1, 'listener-plain-http')).toBe(rejectedLine(3));
    expect(watch.quote(M1, 'listener-closed')).toHaveLength(300);
    expect(watch.quote(M1, 'dialer-closed')).toBeUndefined();
  });

  it('names logs that cannot be read, and reads on where it stood when it can again', async () => {
    const { watch, log } = bench();
    await watch.collect();
    log.isBroken = true;
    log.lines.push(rejectedLine(1));
    await watch.collect();
    expect([...watch.unreadable()]).toEqual([
      ['m1', 'permission denied'],
      ['m2', 'no log is configured'],
    ]);
    log.isBroken = false;
    await watch.collect();
    expect([...watch.unreadable().keys()]).toEqual(['m2']);
    expect(watch.findingsSince(0)).toMatchObject([{ count: 1 }]);
  });

  it('reads a bounded amount at a time and says that there is more', async () => {
    const { watch, log } = bench();
    await watch.collect();
    log.linesPerRead = 1;
    for (let second = 0; second < 20; second += 1) log.lines.push(rejectedLine(second));
    await watch.collect();
    expect(watch.behind()).toEqual(['m1']);
    while (watch.behind().length > 0) await watch.collect();
    const count = watch.findingsSince(0).reduce((sum, each) => sum + each.count, 0);
    expect(count).toBe(20);
  });

  it('keeps a bounded number of findings and counts those that it lets go', async () => {
    const { watch, log } = bench();
    await watch.collect();
    for (let round = 0; round < 5000; round += 1) {
      log.lines.push(rejectedLine(round % 3600));
      await watch.collect();
    }
    const kept = watch.findingsSince(0).length;
    expect(kept).toBeLessThan(5000);
    expect(watch.droppedCount()).toBe(5000 - kept);
  });
});

describe('the logs gate', () => {
  it('holds on what the watch has read, and passes with the log that nobody can read named', async () => {
    const { watch, log, clock } = bench();
    await watch.baseline(httpsWorld());
    log.lines.push(rejectedLine(1));
    await watch.collect();
    const world = httpsWorld();
    const input = { watch, before: world, after: world, touched: undefined, quietMs: 8000 };
    expect(logsVerdict({ ...input, sinceMs: 500, nowMs: clock.ms + 100 }).kind).toBe('hold');
    const verdict = logsVerdict({ ...input, sinceMs: 500, nowMs: clock.ms + 8000 });
    expect(verdict.kind === 'pass' && verdict.evidence).toContain('no log of m2 can be read');
  });
});
