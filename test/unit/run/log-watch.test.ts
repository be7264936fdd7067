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
  /** Until somebody asks for its end again. */
  isCut = false;
  linesPerRead = 1000;
  backBytes: number | undefined;

  end(backBytes = 0): ReturnType<LogSource['end']> {
    this.backBytes = backBytes;
    if (this.isBroken) return Promise.resolve(err(FAILURE));
    this.isCut = false;
    return Promise.resolve(ok({ line: Math.max(0, this.lines.length - backBytes) }));
  }

  since(cursor: Parameters<LogSource['since']>[0]): ReturnType<LogSource['since']> {
    if (this.isBroken) return Promise.resolve(err(FAILURE));
    if (this.isCut) {
      const lost = { ...FAILURE, code: 'LOG_LINES_LOST', but: 'lines may be missing' } as const;
      return Promise.resolve(err(lost));
    }
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

  it('takes no time for passed where the clock of the log was set back', async () => {
    const { watch, log } = bench();
    log.lines.push(rejectedLine(3500), rejectedLine(10), rejectedLine(130), rejectedLine(190));
    await watch.baseline(httpsWorld());
    // Four lines in three minutes, not in an hour.
    expect(watch.noise()[0]?.perMinute).toBeCloseTo(4 / 3);
  });

  it('takes the noise that it is given for the only one: what a run has stirred up is none', async () => {
    const { watch, log } = bench();
    log.lines.push(rejectedLine(0), rejectedLine(1));
    await watch.baseline(httpsWorld(), []);
    expect(watch.noise()).toEqual([]);
  });

  it('reads lines that differ in time and port as one, and in an address or a level as several', async () => {
    const { watch, log } = bench();
    await watch.collect();
    const zap = (from: string, port: number): string => {
      const error = "tls: client didn't provide a certificate";
      return `{"level":"warn","ts":"2026-11-22T05:41:${String(10 + port)}.1Z","msg":"rejected connection","remote-addr":"${from}:${String(port)}","server-name":"","error":"${error}"}`;
    };
    log.lines.push(zap('10.0.0.2', 1), zap('10.0.0.2', 2), zap('10.0.0.3', 3));
    log.lines.push(zap('[fd00::12]', 4), zap('[fd00::13]', 5), zap('[fd00::12]', 6));
    await watch.collect();
    const found = watch.findingsSince(0).map(({ finding, count }) => [finding.remoteIp, count]);
    expect(found).toEqual([
      ['10.0.0.2', 2],
      ['10.0.0.3', 1],
      ['fd00::12', 2],
      ['fd00::13', 1],
    ]);
  });

  it('begins anew in a log that was cut while its member was down, and only there', async () => {
    const { watch, log } = bench();
    log.lines.push(rejectedLine(0));
    await watch.collect();
    watch.ended(M1);
    log.lines.splice(0, 1, rejectedLine(1));
    log.isCut = true;
    await watch.collect();
    expect(watch.findingsSince(0)).toHaveLength(1);
    expect([...watch.unreadable().keys()]).toEqual([M2]);
    log.isCut = true;
    await watch.collect();
    expect(watch.unreadable().get(M1)).toBe('lines may be missing');
    await watch.collect();
    expect(watch.unreadable().get(M1)).toBe('lines may be missing');
  });

  it('does not begin anew where the member went on in the same file before it was cut', async () => {
    const { watch, log } = bench();
    await watch.collect();
    watch.ended(M1);
    log.lines.push(rejectedLine(0));
    await watch.collect();
    log.isCut = true;
    await watch.collect();
    expect(watch.unreadable().get(M1)).toBe('lines may be missing');
  });

  it('starts at the end when there was no baseline', async () => {
    const { watch, log } = bench();
    log.lines.push(rejectedLine(0));
    await watch.collect();
    log.lines.push(rejectedLine(1));
    await watch.collect();
    expect(watch.findingsSince(0)).toMatchObject([{ count: 1 }]);
  });

  it('knows the clients that a late version says it has turned away, and not those that left', async () => {
    const { watch, log, clock } = bench();
    const said = (error: string): string =>
      `{"level":"warn","ts":"2026-11-22T05:00:00Z","msg":"rejected connection on client endpoint","remote-addr":"10.0.0.7:5","server-name":"","error":"${error}"}`;
    await watch.collect();
    clock.ms = 2000;
    log.lines.push(said("tls: client didn't provide a certificate"), said('EOF'));
    await watch.collect();

    const essence = "tls: client didn't provide a certificate";
    expect(watch.clientsRefusedSince(2000)).toEqual([
      { member: M1, readAtMs: 2000, remoteIp: '10.0.0.7', essence },
    ]);
    expect(watch.clientsRefusedSince(2001)).toEqual([]);
    expect(watch.findingsSince(0)).toEqual([]);
  });

  it('quotes the last line of a code, cut', async () => {
    const { watch, log } = bench();
    await watch.collect();
    log.lines.push(rejectedLine(1), rejectedLine(2, `EOF ${'x'.repeat(500)}`), rejectedLine(3));
    await watch.collect();
    expect(watch.quote(M1, 'listener-plain-http')).toBe(rejectedLine(3));
    expect(watch.quote(M1, 'listener-closed')).toHaveLength(304);
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
