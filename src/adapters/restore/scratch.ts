/** Turns a saved snapshot into a member of its own on loopback, and takes it away again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorText } from '../../base/system-error.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, Host, RestoreTools, Restorer, ScratchMember } from '../../ports.ts';
import { restoreTools, withApi } from './programs.ts';

/** A restore writes the whole file once more: the slowest disk that serves etcd does 10 MB a second. */
const RESTORE_MS = 60_000;
const BYTES_PER_MS = 10_000;
const STATUS_MS = 60_000;
/** SIGKILL and the removal of a folder. */
const END_MS = 15_000;
const TAIL_CHARACTERS = 400;
const LOOPBACK = '127.0.0.1';
const NAME = 'scratch';

/**
 * $1 is the folder, the rest the member's command. Our end of the pipe is all that keeps it: when this process
 * ends, however it ends, the member is ended and the folder removed.
 */
const HOLDER = `
dir=$1; shift
"$@" </dev/null & pid=$!
read -r _
kill -KILL "$pid" 2>/dev/null
wait "$pid" 2>/dev/null
rm -rf -- "$dir"
`;

export function scratchRestorer(here: Host): Restorer {
  return {
    tools: async (version) => await restoreTools(here, version),
    restore: async (snapshotPath, tools) => await restore(here, snapshotPath, tools),
  };
}

async function restore(
  here: Host,
  snapshotPath: string,
  tools: RestoreTools,
): Answer<ScratchMember> {
  const folder = `${snapshotPath}.scratch`;
  try {
    const revision = await revisionOf(here, snapshotPath, tools);
    if (!revision.ok) return revision;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    const [client, peer] = await Promise.all([freePort(), freePort()]);
    const peerUrl = `http://${LOOPBACK}:${String(peer)}`;
    const data = join(folder, 'data');
    const common = [
      ...['--name', NAME, '--data-dir', data, '--initial-cluster', `${NAME}=${peerUrl}`],
      ...['--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster-token', 'peershift-scratch'],
    ];
    const argv = [tools.restorer, 'snapshot', 'restore', snapshotPath, ...common];
    const { size } = await stat(snapshotPath);
    const done = await run(here, argv, RESTORE_MS + size / BYTES_PER_MS);
    if (!done.ok) {
      await rm(folder, { recursive: true, force: true });
      return done;
    }
    const endpoint = `http://${LOOPBACK}:${String(client)}`;
    const command = [
      ...[tools.etcd, ...common, '--listen-peer-urls', peerUrl],
      ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
      // Alone it waits for nobody.
      ...['--heartbeat-interval', '50', '--election-timeout', '250'],
    ];
    return ok(await held(folder, command, endpoint, revision.value));
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return err(failure(systemErrorText(error)));
  }
}

async function revisionOf(
  here: Host,
  path: string,
  tools: RestoreTools,
): Promise<Result<string, Failure>> {
  const told = await run(
    here,
    [tools.restorer, 'snapshot', 'status', path, '-w', 'json'],
    STATUS_MS,
  );
  if (!told.ok) return told;
  const revision = /"revision":(\d+)/u.exec(told.value)?.[1];
  return revision === undefined
    ? err(failure(`snapshot status told no revision: ${told.value.slice(-TAIL_CHARACTERS)}`))
    : ok(revision);
}

async function run(
  here: Host,
  argv: readonly string[],
  deadlineMs: number,
): Promise<Result<string, Failure>> {
  const ran = await here.exec(withApi(argv), { deadlineMs });
  if (!ran.ok) return err(failure(ran.error.but));
  const { exitCode, stdout, stderr } = ran.value;
  if (exitCode === 0) return ok(stdout);
  const said = (stderr.trim() || stdout.trim()).slice(-TAIL_CHARACTERS);
  const verb = argv.slice(1, 3).join(' ');
  return err(failure(`${verb} exited with ${String(exitCode ?? 'a signal')}: ${said}`));
}

async function held(
  folder: string,
  command: readonly string[],
  endpoint: string,
  revision: string,
): Promise<ScratchMember> {
  const logPath = join(folder, 'etcd.log');
  const log = await open(logPath, 'ax', 0o600);
  // A session of its own: Ctrl-C is for peershift, which then lets go of it.
  const child = spawn('sh', ['-c', HOLDER, 'peershift-scratch', folder, ...command], {
    cwd: '/',
    env: environment(),
    detached: true,
    stdio: ['pipe', log.fd, log.fd],
  });
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  await log.close();
  return {
    endpoint,
    revision,
    lastWords: async () => {
      const text = await readFile(logPath, 'utf8').catch(() => '');
      return text.trim().split('\n').slice(-3).join(' | ').slice(-TAIL_CHARACTERS);
    },
    end: async () => await ended(child, folder),
  };
}

async function ended(child: ChildProcess, folder: string): Answer<undefined> {
  const isGone = child.exitCode !== null || child.signalCode !== null;
  const gone = isGone ? Promise.resolve() : once(child, 'exit').then(() => undefined);
  child.stdin?.end();
  const over = new AbortController();
  const late = sleep(END_MS, 'late', { signal: over.signal }).catch(() => undefined);
  const first = await Promise.race([gone, late]);
  over.abort();
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  if (first !== 'late') return ok(undefined);
  return err(failure(`the scratch member, held by process ${String(child.pid)}, does not end`));
}

/** etcd takes every ETCD_ name for a setting; before 3.5 it runs on arm64 only when told that this is meant. */
function environment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: process.env.HOME ?? '/',
    ...(process.arch === 'arm64' ? { ETCD_UNSUPPORTED_ARCH: 'arm64' } : {}),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function failure(but: string): Failure {
  return {
    code: 'BACKUP_FAILED',
    where: 'the saved snapshot, on this machine',
    would: 'restore it into a scratch member, to see that it can be',
    but,
    so: 'a backup that cannot be restored is none; nothing was changed in the cluster',
    remedy:
      'mend what is named above, or save and restore one by other means and write backup: false; then run peershift again',
  };
}
