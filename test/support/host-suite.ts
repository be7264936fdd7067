/** What every host does, to the byte, however it is reached: real commands, files and processes of this machine. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { present } from '../../src/base/assert.ts';
import type { Result } from '../../src/base/result.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { Host } from '../../src/ports.ts';

const SOON = { deadlineMs: 20_000 };
const isRoot = process.getuid?.() === 0;
function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.but}`);
  return result.value;
}

function failureOf(result: Result<unknown, Failure>): Failure {
  if (result.ok) throw new Error('it should have failed');
  return result.error;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Waits by asking; the test's own limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

/** `open` gives a host that is this machine, by root or whoever runs the tests, under the label `here`. */
export function hostSuite(open: () => Host | Promise<Host>): void {
  let host: Host;
  beforeAll(async () => {
    host = await open();
  });
  const started: ChildProcess[] = [];
  let folder = '';

  async function isAlive(pid: number): Promise<boolean> {
    return valueOf(await host.process(pid)) !== undefined;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
  });

  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  describe('a command', () => {
    it('gives its exit code, output and errors, and takes its arguments as data', async () => {
      const script = 'echo "$1"; echo oops >&2; exit 7';
      const outcome = valueOf(await host.exec(['sh', '-c', script, 'sh', '$(id); *'], SOON));
      expect(outcome).toEqual({
        exitCode: 7,
        signal: undefined,
        stdout: '$(id); *\n',
        stderr: 'oops\n',
      });
    });

    it('sees PATH, HOME and LANG and nothing else of ours', async () => {
      process.env['PEERSHIFT_TEST_SECRET'] = 'secret';
      const outcome = valueOf(await host.exec(['env'], SOON));
      delete process.env['PEERSHIFT_TEST_SECRET'];
      const names = outcome.stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0]);
      expect(names.sort()).toEqual(['HOME', 'LANG', 'PATH']);
    });

    it('reads the standard input that it is given', async () => {
      const outcome = valueOf(await host.exec(['cat'], { ...SOON, stdin: 'grüße' }));
      expect(outcome.stdout).toBe('grüße');
    });

    it('may end without reading its input', async () => {
      const stdin = 'x'.repeat(1_000_000);
      expect(valueOf(await host.exec(['true'], { ...SOON, stdin })).exitCode).toBe(0);
    });

    it('is told by its signal when one ended it', async () => {
      const outcome = valueOf(await host.exec(['sh', '-c', 'kill -TERM $$'], SOON));
      expect(outcome).toMatchObject({ exitCode: undefined, signal: 'SIGTERM' });
    });

    it('that does not exist is a failure that names it', async () => {
      const failure = failureOf(await host.exec(['no-such-command-here'], SOON));
      expect(failure).toMatchObject({ code: 'HOST_COMMAND_FAILED', where: 'host here' });
      expect(failure.would).toContain('no-such-command-here');
      expect(failure.but).toContain('no such file or folder');
    });

    it('is ended at its deadline with everything it started', async () => {
      const pidFile = join(folder, 'pid');
      const script = `echo waiting >&2; sleep 300 & echo $! > ${pidFile}; wait`;
      const failure = failureOf(await host.exec(['sh', '-c', script], { deadlineMs: 700 }));
      expect(failure.code).toBe('HOST_UNREACHABLE');
      expect(failure.but).toBe(
        'it did not end within 700 ms and was ended; its last words: waiting',
      );
      const pid = Number(await readFile(pidFile, 'utf8'));
      await until(async () => !(await isAlive(pid)));
    });

    it('is ended even when it ignores the polite signal', async () => {
      const script = `trap '' TERM; echo $$ > ${join(folder, 'pid')}; while :; do sleep 1; done`;
      const failure = failureOf(await host.exec(['sh', '-c', script], { deadlineMs: 300 }));
      expect(failure.code).toBe('HOST_UNREACHABLE');
      const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
      expect(await isAlive(pid)).toBe(false);
    });
  });

  describe('a command that leaves a daemon behind', () => {
    const launch = `sleep 300 & echo $! > "$1"; echo started`;

    it('is done at its own exit, and the daemon keeps running with its output', async () => {
      const pidFile = join(folder, 'pid');
      const argv = ['sh', '-c', launch, 'sh', pidFile];
      const options = { ...SOON, marker: 'peershift-marker-daemon' };
      const outcome = valueOf(await host.exec(argv, options));
      const pid = Number(await readFile(pidFile, 'utf8'));
      try {
        expect(outcome.stdout).toBe('started\n');
        expect(await isAlive(pid)).toBe(true);
        const stdout = await readFile(`/proc/${String(pid)}/fd/1`, 'utf8');
        expect(stdout).toBe('started\n');
      } finally {
        const output = await readlink(`/proc/${String(pid)}/fd/1`);
        process.kill(pid, 'SIGKILL');
        expect(output).toMatch(/peershift-\w+\/stdout$/);
        await rm(dirname(output), { recursive: true });
      }
    });

    it('leaves one with a session of its own alone when it misses its deadline itself', async () => {
      const pidFile = join(folder, 'pid');
      const script = `setsid sleep 300 > /dev/null 2>&1 & echo $! > ${pidFile}; wait`;
      failureOf(await host.exec(['sh', '-c', script], { deadlineMs: 500 }));
      const pid = Number(await readFile(pidFile, 'utf8'));
      expect(await isAlive(pid)).toBe(true);
      process.kill(pid, 'SIGKILL');
    });
  });

  describe('a marked command', () => {
    const marker = 'peershift run-1 step-2';

    it('is found by its marker while it runs and not afterwards', async () => {
      const pipe = join(folder, 'pipe');
      valueOf(await host.exec(['mkfifo', pipe], SOON));
      const running = host.exec(['cat', pipe], { ...SOON, marker });
      let pids: readonly number[] = [];
      await until(async () => {
        pids = valueOf(await host.commandsMarked(marker));
        return pids.length === 1;
      });
      expect(valueOf(await host.commandsMarked('peershift run-1'))).toEqual([]);
      await writeFile(pipe, 'through');
      expect(valueOf(await running)).toMatchObject({ exitCode: 0, stdout: 'through' });
      expect(valueOf(await host.commandsMarked(marker))).toEqual([]);
    });

    it('passes on the exit code and the arguments', async () => {
      const argv = ['sh', '-c', 'echo "$1"; exit 3', 'sh', 'a b'];
      const outcome = valueOf(await host.exec(argv, { ...SOON, marker }));
      expect(outcome).toMatchObject({ exitCode: 3, stdout: 'a b\n' });
    });
  });

  describe('a process', () => {
    it('is known by its arguments, environment, start and owner', async () => {
      const before = Date.now();
      const child = spawn('sleep', ['300'], { env: { A: 'x=y', PATH: process.env['PATH'] } });
      started.push(child);
      await once(child, 'spawn');
      const pid = present(child.pid, 'pid');
      const found = present(valueOf(await host.process(pid)), 'process');
      expect(found).toMatchObject({ pid, argv: ['sleep', '300'], uid: process.getuid?.() });
      expect(found.environment['A']).toBe('x=y');
      expect(Math.abs(found.startedAtMs - before)).toBeLessThan(60_000);
    });

    it('that has ended is none', async () => {
      const child = spawn('true');
      await once(child, 'exit');
      expect(valueOf(await host.process(present(child.pid, 'pid')))).toBeUndefined();
    });

    it('that nobody has waited for is none', async () => {
      const child = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 300']);
      started.push(child);
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const zombie = Number(line.toString());
      const stateOf = async (): Promise<string> =>
        /State:\s+(\w)/.exec(await readFile(`/proc/${String(zombie)}/status`, 'utf8'))?.[1] ?? '';
      await until(async () => (await stateOf()) === 'Z');
      expect(valueOf(await host.process(zombie))).toBeUndefined();
    });

    it('with an impossible number is none', async () => {
      expect(valueOf(await host.process(0))).toBeUndefined();
      expect(valueOf(await host.process(4_999_999))).toBeUndefined();
    });
  });

  describe('a file', () => {
    it('is written whole, private when new, and read with its mode and owner', async () => {
      const path = join(folder, 'a');
      valueOf(await host.writeFile(path, bytesOf('one\n'), {}));
      const file = present(valueOf(await host.readFile(path)), 'file');
      expect(Buffer.from(file.bytes).toString()).toBe('one\n');
      expect(file).toMatchObject({ mode: 0o600, uid: process.getuid?.() });
    });

    it('keeps its mode when it is written again, and leaves nothing beside it', async () => {
      const path = join(folder, 'a');
      await writeFile(path, 'one');
      await chmod(path, 0o640);
      valueOf(await host.writeFile(path, bytesOf('two'), {}));
      expect((await stat(path)).mode & 0o777).toBe(0o640);
      expect(await readFile(path, 'utf8')).toBe('two');
      expect(await readdir(folder)).toEqual(['a']);
    });

    it.runIf(isRoot)('keeps its owner, or gets the wanted one', async () => {
      const path = join(folder, 'a');
      valueOf(await host.writeFile(path, bytesOf('one'), { uid: 4242, gid: 4343 }));
      valueOf(await host.writeFile(path, bytesOf('two'), { mode: 0o644 }));
      expect(await stat(path)).toMatchObject({ uid: 4242, gid: 4343 });
      expect((await stat(path)).mode & 0o777).toBe(0o644);
    });

    it('behind a symbolic link is replaced and the link stays', async () => {
      const real = join(folder, 'real');
      const link = join(folder, 'link');
      await writeFile(real, 'one');
      await symlink('real', link);
      valueOf(await host.writeFile(link, bytesOf('two'), {}));
      expect((await lstat(link)).isSymbolicLink()).toBe(true);
      expect(await readFile(real, 'utf8')).toBe('two');
    });

    it('is made behind a link that points to nothing yet', async () => {
      await symlink(join(folder, 'later'), join(folder, 'link'));
      valueOf(await host.writeFile(join(folder, 'link'), bytesOf('x'), {}));
      expect(await readFile(join(folder, 'later'), 'utf8')).toBe('x');
    });

    it('gets missing folders with mode 0755 whatever the umask, and leaves others alone', async () => {
      await mkdir(join(folder, 'old'), { mode: 0o700 });
      valueOf(await host.writeFile(join(folder, 'old/new/deep/a'), bytesOf('x'), {}));
      expect((await stat(join(folder, 'old'))).mode & 0o777).toBe(0o700);
      expect((await stat(join(folder, 'old/new'))).mode & 0o777).toBe(0o755);
      expect((await stat(join(folder, 'old/new/deep'))).mode & 0o777).toBe(0o755);
    });

    it('that is not there is undefined, and removing it is no failure', async () => {
      const path = join(folder, 'none');
      expect(valueOf(await host.readFile(path))).toBeUndefined();
      expect(valueOf(await host.readRange(path, 0, 10))).toBeUndefined();
      expect((await host.removeFile(path)).ok).toBe(true);
    });

    it('is removed', async () => {
      await writeFile(join(folder, 'a'), 'x');
      valueOf(await host.removeFile(join(folder, 'a')));
      expect(await readdir(folder)).toEqual([]);
    });

    it('is a failure when it is a folder or a pipe, and never a wait', async () => {
      valueOf(await host.exec(['mkfifo', join(folder, 'pipe')], SOON));
      expect(failureOf(await host.readFile(folder)).code).toBe('HOST_FILE_FAILED');
      expect(failureOf(await host.readFile(join(folder, 'pipe'))).but).toBe(
        'it is not a regular file',
      );
      const write = await host.writeFile(folder, bytesOf('x'), {});
      expect(failureOf(write).so).toBe('the file is as it was before');
    });

    it('leaves the old bytes and no temporary file when the write fails', async () => {
      const path = join(folder, 'a');
      await writeFile(path, 'one');
      const failed = await host.writeFile(path, bytesOf('two'), { uid: -5 });
      expect(failed.ok).toBe(false);
      expect(await readFile(path, 'utf8')).toBe('one');
      expect(await readdir(folder)).toEqual(['a']);
    });

    it('is read in ranges, with its size and an identity that a new file does not share', async () => {
      const path = join(folder, 'a');
      await writeFile(path, '0123456789');
      const range = present(valueOf(await host.readRange(path, 4, 3)), 'range');
      expect(Buffer.from(range.bytes).toString()).toBe('456');
      expect(range.sizeBytes).toBe(10);
      const beyond = present(valueOf(await host.readRange(path, 40, 3)), 'range');
      expect(beyond.bytes.length).toBe(0);
      await writeFile(join(folder, 'b'), '0123456789');
      const other = present(valueOf(await host.readRange(join(folder, 'b'), 0, 1)), 'range');
      expect(other.identity).not.toBe(range.identity);
    });
  });

  describe('who can read a file', () => {
    it('is answered for ourselves', async () => {
      const path = join(folder, 'key');
      await writeFile(path, 'x', { mode: 0o600 });
      const answer = await host.isReadableBy(
        path,
        process.geteuid?.() ?? 0,
        process.getegid?.() ?? 0,
      );
      expect(valueOf(answer)).toBe(true);
      expect(valueOf(await host.isReadableBy(join(folder, 'no'), 4242, 4242))).toBe(false);
    });

    it('is no for another user where a folder above is closed, and yes when it opens', async () => {
      const path = join(folder, 'key');
      await writeFile(path, 'x', { mode: 0o644 });
      await chmod(folder, 0o700);
      expect(valueOf(await host.isReadableBy(path, 4242, 4242))).toBe(false);
      await chmod(folder, 0o711);
      expect(valueOf(await host.isReadableBy(path, 4242, 4242))).toBe(true);
      await chmod(path, 0o640);
      expect(valueOf(await host.isReadableBy(path, 4242, 4242))).toBe(false);
      expect(valueOf(await host.isReadableBy(path, 4242, (await stat(path)).gid))).toBe(true);
    });
  });

  describe('addresses and names', () => {
    it('tells the source address of a dial, for an address and for a name', async () => {
      expect(await host.sourceAddressTo('127.0.0.9')).toEqual({ known: true, value: '127.0.0.1' });
      expect((await host.sourceAddressTo('localhost')).known).toBe(true);
    });

    it('says why it is unknown', async () => {
      const fact = await host.sourceAddressTo('no-such-host.invalid');
      expect(fact.known).toBe(false);
      expect(JSON.stringify(fact)).toContain('no-such-host.invalid cannot be resolved');
    });

    it('gives the numbers of users and groups that were asked for', async () => {
      expect(valueOf(await host.ownerIds('root', undefined))).toEqual({ uid: 0 });
      expect(valueOf(await host.ownerIds('1234', 'root'))).toEqual({ uid: 1234, gid: 0 });
      expect(valueOf(await host.ownerIds(undefined, undefined))).toEqual({});
      const failure = failureOf(await host.ownerIds('nobody-of-this-name', undefined));
      expect(failure.but).toBe('here knows no user of that name');
    });
  });
}
