/**
 * Goal: a unit is started, stopped and judged as it really is, and its journal never looks quiet when
 * lines are missing. Method: Debian's etcd under systemd and journald in one box.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { systemdLog } from '../../src/adapters/systemd/logs.ts';
import { systemdService } from '../../src/adapters/systemd/service.ts';
import type { Result } from '../../src/base/result.ts';
import type { Failure } from '../../src/model/failure.ts';
import { parseLogLine } from '../../src/model/log-line.ts';
import type { Fact } from '../../src/model/observed.ts';
import type { LogCursor, LogSource, Service } from '../../src/ports.ts';
import { asHost, boxHost } from '../support/box-host.ts';
import { type Boxes, startBoxes, until } from '../support/boxes.ts';
import { FLAGS_FILE, startBoxCluster } from '../support/boxes-etcd.ts';
import { value } from '../support/etcd-calls.ts';

const BOX_HOOK_MS = 600_000;
const OPTIONS = { deadlineMs: 30_000, marker: 'peershift-test-marker' };
const SHORT = { ...OPTIONS, deadlineMs: 1500 };
const DROP = '/etc/systemd/system/etcd.service.d/20-test.conf';

let lab: Boxes;
let service: Service;
let log: LogSource;

beforeAll(async () => {
  lab = await startBoxes({ count: 1 });
  service = systemdService(asHost(boxHost(lab, 'm1')), 'etcd', 'm1');
  log = systemdLog(asHost(boxHost(lab, 'm1')), 'etcd');
}, BOX_HOOK_MS);

afterAll(async () => {
  await lab.end();
});

/** A drop-in of the unit; systemd is not told. */
async function drop(...lines: readonly string[]): Promise<void> {
  await lab.write('m1', DROP, `[Service]\n${lines.join('\n')}\n`);
}

async function reload(): Promise<void> {
  await lab.in('m1', ['systemctl', 'daemon-reload']);
}

async function systemctl(...words: readonly string[]): Promise<string> {
  return await lab.in('m1', ['systemctl', ...words]);
}

async function etcdPid(): Promise<number> {
  return Number((await lab.in('m1', ['pgrep', '-x', 'etcd'])).trim());
}

/** Why it was refused; throws when it was not. */
function refused(outcome: Result<unknown, Failure>): string {
  if (outcome.ok) throw new Error('it was not refused');
  return outcome.error.but;
}

function unknownReason(fact: Fact<unknown>): string {
  if (fact.known) throw new Error('it is known');
  return fact.reason;
}

const STOPPED = { known: true, value: { isRunning: false, pid: undefined } };

describe('a unit as a service', () => {
  beforeEach(async () => {
    await startBoxCluster(lab);
  });

  it('tells its process, stops, says so, and starts again', async () => {
    const pid = await etcdPid();
    expect(await service.state()).toEqual({ known: true, value: { isRunning: true, pid } });
    value(await service.stop(OPTIONS));
    expect(await service.state()).toEqual(STOPPED);
    value(await service.stop(OPTIONS));
    value(await service.start(OPTIONS));
    value(await service.start(OPTIONS));
    const again = await etcdPid();
    expect(again).not.toBe(pid);
    expect(await service.state()).toEqual({ known: true, value: { isRunning: true, pid: again } });
  });

  it('answers to an alias of its name', async () => {
    const alias = systemdService(asHost(boxHost(lab, 'm1')), 'etcd2', 'm1');
    const pid = await etcdPid();
    expect(await alias.state()).toEqual({ known: true, value: { isRunning: true, pid } });
    const cursor = value(await systemdLog(asHost(boxHost(lab, 'm1')), 'etcd2').end(10_000));
    expect(cursor['cursor']).not.toBe('');
  });

  it('finds the etcd that a wrapper has started', async () => {
    const start = `ExecStart=/bin/sh -c '/usr/bin/etcd; true'`;
    await drop('NotifyAccess=all', 'ExecStart=', start);
    value(await service.stop(OPTIONS));
    value(await service.start(OPTIONS));
    const pid = await etcdPid();
    expect(Number(await systemctl('show', '--value', '-p', 'MainPID', 'etcd'))).not.toBe(pid);
    expect(await service.state()).toEqual({ known: true, value: { isRunning: true, pid } });
    value(await service.stop(OPTIONS));
    expect(await service.state()).toEqual(STOPPED);
  });

  it('waits for an etcd that outlives its wrapper', async () => {
    await drop(
      'KillMode=process',
      'NotifyAccess=all',
      'ExecStart=',
      `ExecStart=/bin/sh -c '/usr/bin/etcd; true'`,
    );
    value(await service.stop(OPTIONS));
    value(await service.start(OPTIONS));
    const pid = await etcdPid();
    const stopped = await service.stop(SHORT);
    expect(refused(stopped)).toContain(`its etcd, process ${String(pid)}, is still there`);
    await lab.in('m1', ['kill', String(pid)]);
    value(await service.stop(OPTIONS));
  });

  it('starts what a changed drop-in says, without anybody having told systemd', async () => {
    value(await service.stop(OPTIONS));
    await drop('Environment=ETCD_LOG_PACKAGE_LEVELS=etcdserver=INFO');
    value(await service.start(OPTIONS));
    const pid = await etcdPid();
    const environment = await lab.in('m1', ['cat', `/proc/${String(pid)}/environ`]);
    expect(environment).toContain('ETCD_LOG_PACKAGE_LEVELS=');
  });

  it('starts a unit that has used up its starts', async () => {
    value(await service.stop(OPTIONS));
    await drop('ExecStartPre=/bin/false');
    await reload();
    for (let tries = 0; tries < 7; tries += 1)
      await lab.endIn('m1', ['systemctl', 'start', 'etcd']);
    expect(await systemctl('show', '--value', '-p', 'Result', 'etcd')).toMatch(
      /start-limit-hit|exit-code/,
    );
    const failed = await service.start(OPTIONS);
    expect(refused(failed)).toMatch(/failed \(failed\), result/);
    await lab.remove('m1', DROP);
    value(await service.start(OPTIONS));
    expect(await service.state()).toMatchObject({ value: { isRunning: true } });
  });

  it('says with numbers and the journal what keeps a unit from starting', async () => {
    value(await service.stop(OPTIONS));
    await drop(`ExecStartPre=/bin/sh -c 'echo no disk here; exit 5'`);
    const failed = await service.start(OPTIONS);
    expect(refused(failed)).toMatch(
      /failed \(failed\), result exit-code after \d.*TimeoutStartSec is 1min 30s; its journal ends: .*no disk here/,
    );
    await drop(`ExecStartPre=/bin/sleep 600`);
    const hung = await service.start(SHORT);
    expect(refused(hung)).toMatch(
      /activating \(start-pre\) after \d.*without an etcd process.*; it was taken back/,
    );
  });

  it('says with numbers that a stop hangs, and waits for it when asked for the state', async () => {
    await drop('ExecStop=/bin/sleep 4', 'TimeoutStopSec=77');
    await reload();
    const hung = await service.stop(SHORT);
    expect(refused(hung)).toMatch(/deactivating \(stop\).*TimeoutStopSec is 1min 17s/);
    expect(await service.state()).toEqual(STOPPED);
  });

  it('calls a member that waits for its quorum running', async () => {
    value(await service.stop(OPTIONS));
    await lab.remove('m1', '/var/lib/etcd/default');
    const [mine, missing] = ['m1=http://10.77.0.11:2380', 'm2=http://10.77.0.12:2380'];
    await drop(`Environment=ETCD_INITIAL_CLUSTER_TOKEN=two`);
    const text = await lab.read('m1', '/etc/default/etcd');
    const changed = text.replace(
      /^ETCD_INITIAL_CLUSTER=.*$/m,
      `ETCD_INITIAL_CLUSTER=${mine},${missing}`,
    );
    await lab.write('m1', '/etc/default/etcd', changed);
    value(await service.start(OPTIONS));
    expect(await systemctl('show', '--value', '-p', 'ActiveState', 'etcd')).toBe('activating\n');
    const pid = await etcdPid();
    expect(await service.state()).toEqual({ known: true, value: { isRunning: true, pid } });
    value(await service.stop(OPTIONS));
  });

  it.each([
    [
      'masked',
      ['systemctl', 'mask', '--runtime', 'etcd'],
      ['systemctl', 'unmask', '--runtime', 'etcd'],
    ],
    ['disabled', ['systemctl', 'disable', 'etcd'], ['systemctl', 'enable', 'etcd']],
  ])('does not touch a unit that is %s', async (word, make, unmake) => {
    const pid = await etcdPid();
    await lab.in('m1', make);
    try {
      expect(unknownReason(await service.state())).toContain(`etcd.service is ${word}`);
      const stopped = await service.stop(OPTIONS);
      expect(stopped).toMatchObject({ error: { code: 'SERVICE_UNKNOWN' } });
      expect(await etcdPid()).toBe(pid);
    } finally {
      await lab.in('m1', unmake);
    }
  });

  it('does not know a unit that is not there', async () => {
    const other = systemdService(asHost(boxHost(lab, 'm1')), 'etcd-main', 'm1');
    const reason = unknownReason(await other.state());
    expect(reason).toContain('systemd knows no unit etcd-main.service');
  });
});

describe('the journal of a unit as a log', () => {
  /** All lines since the cursor; the cursor behind them. */
  async function readOn(
    from: LogCursor,
  ): Promise<{ lines: string[]; cursor: LogCursor; reads: number }> {
    const lines: string[] = [];
    for (let [cursor, reads] = [from, 1]; ; reads += 1) {
      const next = value(await log.since(cursor));
      lines.push(...next.lines);
      cursor = next.cursor;
      if (!next.hasMore) return { lines, cursor, reads };
    }
  }

  /** Lines of sh that run, and print, as part of the unit. */
  async function sayInUnit(script: string, ...lines: readonly string[]): Promise<void> {
    await drop(`ExecStartPost=/bin/sh -c '${script}'`, ...lines);
    await reload();
    await systemctl('restart', 'etcd');
  }

  async function refusal(cursor: LogCursor): Promise<string> {
    const read = await log.since(cursor);
    return refused(read);
  }

  beforeEach(async () => {
    await startBoxCluster(lab);
  });

  it('gives the lines of etcd in the form of its own log, each once', async () => {
    const start = value(await log.end());
    expect((await readOn(start)).lines).toEqual([]);
    value(await service.stop(OPTIONS));
    value(await service.start(OPTIONS));
    await until('the line', async () =>
      (await readOn(start)).lines.some((line) => line.includes('ready to serve')),
    );
    const { lines, cursor } = await readOn(start);
    expect(lines.filter((line) => parseLogLine(line)?.form === 'capnslog').length).toBeGreaterThan(
      10,
    );
    expect(lines.join('\n')).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} [INW] \| etcdserver: /m,
    );
    expect(lines.join('\n')).not.toContain('Started etcd.service');
    expect((await readOn(cursor)).lines).toEqual([]);
  });

  it('goes back over lines that were there before', async () => {
    const { lines } = await readOn(value(await log.end(20_000)));
    expect(lines.length).toBeGreaterThan(20);
  });

  it('reads thousands of lines, long ones and raw bytes, page by page', async () => {
    const start = value(await log.end());
    await sayInUnit(
      'seq -f "row %%05.0f of many" 5000; printf "\\\\377raw\\\\001\\\\n"; head -c 30000 /dev/zero | tr "\\\\0" y; echo',
      'LogRateLimitBurst=0',
    );
    const { lines, reads } = await readOn(start);
    expect(reads).toBeGreaterThan(1);
    const rows = lines.filter((line) => line.startsWith('row '));
    expect(rows).toHaveLength(5000);
    expect(new Set(rows).size).toBe(5000);
    expect(lines.some((line) => line.includes('raw'))).toBe(true);
    expect(lines.some((line) => line.length === 30_000)).toBe(true);
  });

  it('says so when the rate limit threw lines away, unless that was before', async () => {
    const start = value(await log.end());
    await sayInUnit('seq 500', 'LogRateLimitIntervalSec=1', 'LogRateLimitBurst=100');
    await until('the notice', async () => {
      const text = await lab.in('m1', ['journalctl', '-u', 'etcd', '-o', 'cat']);
      await lab.in('m1', ['systemctl', 'kill', '--signal=URG', 'etcd']);
      if (!text.includes('Suppressed')) await systemctl('restart', 'etcd');
      return text.includes('Suppressed');
    });
    expect(await refusal(start)).toMatch(
      /rate limit threw lines away \("Suppressed \d+ messages from/,
    );
    await readOn(value(await log.end(400_000)));
  });

  it('goes on after journald was started again, and after rotation', async () => {
    const start = value(await log.end());
    await systemctl('restart', 'systemd-journald');
    await lab.in('m1', ['journalctl', '--rotate']);
    await systemctl('restart', 'etcd');
    expect((await readOn(start)).lines.join('\n')).toContain('ready to serve');
  });

  it('says so when what was read last was vacuumed away', async () => {
    const start = value(await log.end());
    await systemctl('restart', 'etcd');
    await lab.in('m1', ['journalctl', '--rotate']);
    await lab.in('m1', ['journalctl', '--vacuum-files=1']);
    await systemctl('restart', 'etcd');
    expect(await refusal(start)).toContain('no longer has the entry that was read last');
    expect((await readOn(value(await log.end()))).lines).toEqual([]);
  });

  it('goes on over a reboot, and says so when the journal did not outlive it', async () => {
    const start = value(await log.end());
    await lab.reboot('m1');
    await until(
      'etcd',
      async () => (await lab.endIn('m1', ['systemctl', 'is-active', 'etcd'])).exit === 0,
    );
    expect((await readOn(start)).lines.join('\n')).toContain('ready to serve');
    await lab.write(
      'm1',
      '/etc/systemd/journald.conf.d/10-volatile.conf',
      '[Journal]\nStorage=volatile\n',
    );
    await lab.remove('m1', '/var/log/journal');
    await systemctl('restart', 'systemd-journald');
    await systemctl('restart', 'etcd');
    const volatile = value(await log.end());
    await lab.reboot('m1');
    await until(
      'etcd',
      async () => (await lab.endIn('m1', ['systemctl', 'is-active', 'etcd'])).exit === 0,
    );
    expect(await refusal(volatile)).toContain('booted again and its journal kept nothing');
  });

  it('refuses where this user sees nothing', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const other = systemdLog(asHost(boxHost(lab, 'm1', nobody)), 'etcd');
    const read = await other.end();
    expect(refused(read)).toContain('may not read the journal');
  });

  it('refuses where etcd writes elsewhere', async () => {
    const start = value(await log.end());
    await lab.write('m1', FLAGS_FILE, '[Service]\nStandardError=null\nStandardOutput=null\n');
    await reload();
    expect(await refusal(start)).toContain('sends its output to null');
    const words = '--logger=zap --log-outputs=/var/lib/etcd/etcd.log';
    await lab.write('m1', FLAGS_FILE, `[Service]\nExecStart=\nExecStart=/usr/bin/etcd ${words}\n`);
    await reload();
    await systemctl('restart', 'etcd');
    expect(await refusal(start)).toContain('/var/lib/etcd/etcd.log, not to the journal');
  });
});
