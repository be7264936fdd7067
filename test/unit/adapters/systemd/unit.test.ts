/** Goal: what systemctl prints is told as it is, and etcd is told from its wrappers. Method: a host of texts. */

import { describe, expect, it } from 'vitest';

import { err, ok } from '../../../../src/base/result.ts';
import {
  etcdProcess,
  parseUnit,
  readUnit,
  stateText,
  unfitness,
  unitFullName,
} from '../../../../src/adapters/systemd/unit.ts';
import type { Host } from '../../../../src/ports.ts';

const SHOWN = [
  ...['Id=etcd.service', 'LoadState=loaded', 'UnitFileState=enabled', 'ActiveState=active'],
  ...['SubState=running', 'MainPID=30', 'Result=success', 'NRestarts=0', 'Job='],
  ...['ControlGroup=/system.slice/etcd.service', 'StandardOutput=journal'],
  ...['StandardError=inherit', 'LogNamespace=', 'TimeoutStartUSec=1min 30s'],
  ...['TimeoutStopUSec=infinity', ''],
].join('\n');

/** Processes by id: their words; commands get the one output. */
function hostOf(words: Readonly<Record<number, readonly string[]>>, stdout = '', exit = 0): Host {
  const host: Pick<Host, 'label' | 'exec' | 'process'> = {
    label: 'm1',
    exec: () =>
      Promise.resolve(ok({ exitCode: exit, signal: undefined, stdout, stderr: 'no bus\n' })),
    process: (pid) => {
      const argv = words[pid];
      const process = { pid, environment: {}, startedAtMs: 1, uid: 0, gid: 0 };
      return Promise.resolve(ok(argv === undefined ? undefined : { ...process, argv }));
    },
  };
  return host as Host;
}

const unit = parseUnit(SHOWN);

describe('a unit', () => {
  it('is named as systemctl names it', () => {
    expect(unitFullName('etcd')).toBe('etcd.service');
    expect(unitFullName('etcd@m1')).toBe('etcd@m1.service');
    expect(unitFullName('etcd.service')).toBe('etcd.service');
  });

  it('is read from the properties that systemctl shows', () => {
    expect(unit).toMatchObject({
      ...{ id: 'etcd.service', mainPid: 30, hasJob: false, restarts: 0 },
      ...{ standardError: 'journal', timeoutStop: 'infinity' },
    });
    expect(parseUnit(SHOWN.replace('Job=', 'Job=83')).hasJob).toBe(true);
  });

  it('is unknown when systemd cannot be asked', async () => {
    const answer = await readUnit(hostOf({}, '', 1), 'etcd.service');
    expect(answer).toEqual({
      known: false,
      reason: 'systemctl show etcd.service on m1 failed: no bus',
    });
  });

  it.each([
    ['LoadState=loaded', 'LoadState=not-found', 'systemd knows no unit'],
    ['LoadState=loaded', 'LoadState=masked', 'is masked'],
    ['LoadState=loaded', 'LoadState=bad-setting', 'cannot be loaded (bad-setting)'],
    ['UnitFileState=enabled', 'UnitFileState=disabled', 'is disabled'],
  ])('is unfit with %s instead of %s', (was, is, words) => {
    expect(unfitness(unit, 'etcd.service')).toBeUndefined();
    expect(unfitness(parseUnit(SHOWN.replace(was, is)), 'etcd.service')?.but).toContain(words);
  });

  it('says what ended it and how often it came back', () => {
    const failed = { ...unit, activeState: 'failed', subState: 'failed', result: 'core-dump' };
    expect(stateText(unit)).toBe('active (running)');
    expect(stateText({ ...failed, restarts: 4 })).toBe(
      'failed (failed), result core-dump, restarted by systemd 4 times',
    );
  });
});

describe('the process that is etcd', () => {
  const pids = '/proc/30/cgroup\n/proc/31/cgroup\n/proc/32/cgroup\n';

  it('is the main process where that is etcd', async () => {
    const found = await etcdProcess(hostOf({ 30: ['/usr/bin/etcd', '--name', 'm1'] }), unit);
    expect(found?.pid).toBe(30);
  });

  it('is the one that a wrapper started, not the wrapper and not etcdctl', async () => {
    const words = { 30: ['/bin/sh', '/usr/bin/etcd'], 31: ['etcdctl'], 32: ['/opt/etcd-3.5/etcd'] };
    expect((await etcdProcess(hostOf(words, pids), unit))?.pid).toBe(32);
  });

  it('is nobody where two could be it, where none is, or where nothing can be listed', async () => {
    const two = { 31: ['etcd'], 32: ['etcd'] };
    expect(await etcdProcess(hostOf(two, pids), unit)).toBeUndefined();
    expect(await etcdProcess(hostOf({ 30: ['docker', 'run'] }, pids), unit)).toBeUndefined();
    const mute: Host = {
      ...hostOf({}),
      exec: () =>
        Promise.resolve(
          err({
            code: 'HOST_UNREACHABLE',
            ...{ where: 'm1', would: 'run grep', but: 'it is gone', so: 'nothing', remedy: 'wait' },
          }),
        ),
    };
    expect(await etcdProcess(mute, unit)).toBeUndefined();
  });
});
