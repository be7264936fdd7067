/** Goal: the contract of the command manager, case by case. Method: real scripts on the local host. */

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  inodesOf,
  parseHolders,
  parseListeners,
} from '../../../../src/adapters/command/listener.ts';
import { commandService } from '../../../../src/adapters/command/service.ts';
import { localHost } from '../../../../src/adapters/local/host.ts';
import type { Service } from '../../../../src/ports.ts';

const host = localHost('here');
const OPTIONS = { deadlineMs: 20_000, marker: 'peershift-test-marker' };
let folder = '';

/** Three scripts around a sleeping process whose pid stands in a file. */
async function service(
  scripts: { start?: string; stop?: string; status?: string },
  ports: readonly { host: string; port: number }[] = [],
): Promise<Service> {
  const write = async (name: string, body: string): Promise<[string]> => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\ncd "${folder}"\n${body}\n`);
    await chmod(path, 0o755);
    return [path];
  };
  const alive =
    'kill -0 "$(cat pid)" 2>/dev/null && ! grep -q "State:.Z" "/proc/$(cat pid)/status"';
  const start = `${alive} && exit 0\nsetsid sleep 300 >/dev/null 2>&1 & echo $! > pid`;
  return commandService(
    host,
    {
      manager: 'command',
      start: await write('start', scripts.start ?? start),
      stop: await write('stop', scripts.stop ?? 'kill "$(cat pid)"'),
      status: await write('status', scripts.status ?? `${alive} || exit 3\ncat pid`),
      logFile: undefined,
    },
    'm1',
    () => ports,
  );
}

async function runningPid(): Promise<number> {
  return Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => '0'));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
});

afterEach(async () => {
  const pid = await runningPid();
  if (pid > 0) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
  await rm(folder, { recursive: true, force: true });
});

describe('a service of three commands', () => {
  it('starts, tells its process, starts again without harm, and stops', async () => {
    const member = await service({});
    expect(await member.state()).toEqual({
      known: true,
      value: { isRunning: false, pid: undefined },
    });
    expect(await member.start(OPTIONS)).toEqual({ ok: true, value: undefined });
    const pid = await runningPid();
    expect(await member.state()).toEqual({ known: true, value: { isRunning: true, pid } });
    expect((await member.start(OPTIONS)).ok).toBe(true);
    expect(await runningPid()).toBe(pid);
    expect(await member.stop(OPTIONS)).toEqual({ ok: true, value: undefined });
    expect(await host.process(pid)).toEqual({ ok: true, value: undefined });
  });

  it('need not be stopped when it is stopped, whatever its stop command would say', async () => {
    const member = await service({ stop: 'exit 9' });
    expect((await member.stop(OPTIONS)).ok).toBe(true);
  });

  it.each([
    [
      'exit 0 without a pid and without a known port',
      'exit 0',
      { isRunning: true, pid: undefined },
    ],
    ['exit 0 with the pid on the first line', 'echo 77; echo more', { isRunning: true, pid: 77 }],
    ['exit 1', 'exit 1', { isRunning: false, pid: undefined }],
    ['exit 3', 'echo 77; exit 3', { isRunning: false, pid: undefined }],
  ])('takes status %s', async (_name, status, value) => {
    expect(await (await service({ status })).state()).toEqual({ known: true, value });
  });

  it('does not know what another exit of status means', async () => {
    const fact = await (await service({ status: 'exit 2' })).state();
    expect(fact).toMatchObject({ known: false });
    expect(JSON.stringify(fact)).toContain('exited with 2 (0 running, 1 or 3 stopped)');
  });

  it('is found by the socket it listens on when status tells no pid', async () => {
    const server = createServer().listen(0, '127.31.5.7');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const member = await service({ status: 'exit 0' }, [{ host: '127.31.5.7', port }]);
    expect(await member.state()).toEqual({
      known: true,
      value: { isRunning: true, pid: process.pid },
    });
    server.close();
  });

  it('passes on what a failing start said', async () => {
    const result = await (
      await service({ start: 'echo no such data dir >&2; exit 4' })
    ).start(OPTIONS);
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'HOST_COMMAND_FAILED', where: 'member m1 on here', would: 'start m1' },
    });
    expect(JSON.stringify(result)).toContain('exited with 4: no such data dir');
  });

  it('is not stopped while its process is still there, whatever stop said', async () => {
    const member = await service({ stop: 'exit 0' });
    await member.start(OPTIONS);
    const result = await member.stop({ ...OPTIONS, deadlineMs: 400 });
    const pid = String(await runningPid());
    expect(result).toMatchObject({ ok: false, error: { code: 'HOST_COMMAND_FAILED' } });
    expect(JSON.stringify(result)).toContain(`exited with 0 and process ${pid} is still there`);
  });

  it('is not stopped when something starts it again at once', async () => {
    const again = 'kill "$(cat pid)"; setsid sleep 300 >/dev/null 2>&1 & echo $! > pid';
    const member = await service({ stop: again });
    await member.start(OPTIONS);
    const result = await member.stop({ ...OPTIONS, deadlineMs: 600 });
    const pid = String(await runningPid());
    expect(JSON.stringify(result)).toContain(`status says that it runs as process ${pid}`);
  });

  it('has stopped when the process goes a moment after the stop command', async () => {
    const member = await service({ stop: '(sleep 0.3; kill "$(cat pid)") >/dev/null 2>&1 &' });
    await member.start(OPTIONS);
    const pid = await runningPid();
    expect((await member.stop(OPTIONS)).ok).toBe(true);
    expect(await host.process(pid)).toEqual({ ok: true, value: undefined });
  });
});

describe('the socket tables of the kernel', () => {
  const line = (address: string, inode: string): string =>
    `   0: ${address} 00000000:0000 0A 00000000:00000000 00:00000000 00000000   0   0 ${inode} 1 00`;
  const table = [
    line('0B00007F:094C', '11'),
    line('0C00007F:094C', '12'),
    line('00000000:094C', '13'),
    line('00000000000000000000000000000000:094D', '14'),
    line('B80D0120000000000000000001000000:094E', '15'),
  ].join('\n');
  const listeners = parseListeners(table);

  it.each([
    ['127.0.0.12', 2380, ['12']],
    ['127.0.0.13', 2380, ['13']],
    ['127.0.0.1', 2381, ['14']],
    ['2001:db8::1', 2382, ['15']],
    ['[2001:db8::1]', 2382, ['15']],
    ['127.0.0.11', 2383, []],
  ])('name the socket of %s:%i', (address, port, inodes) => {
    expect(inodesOf(listeners, [{ host: address, port }])).toEqual(inodes);
  });

  it('name the processes that hold a socket', () => {
    const text = [
      '/proc/1/fd:',
      '/proc/42/fd:',
      'lrwx------ 1 etcd etcd 64 Nov 22 06:00 7 -> socket:[12]',
      'lrwx------ 1 etcd etcd 64 Nov 22 06:00 9 -> socket:[13]',
      '/proc/43/fd:',
    ].join('\n');
    expect(parseHolders(text)).toEqual([42]);
  });
});
