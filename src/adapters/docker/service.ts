/** Turns a container into a Service: the next start puts the container that waits in its place. */

import { setTimeout as sleep } from 'node:timers/promises';

import { durationText } from '../../base/duration.ts';
import { lastLines } from '../../base/last-lines.ts';
import { err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { type Fact, known, unknown } from '../../model/observed.ts';
import type { Answer, Service, ServiceOptions, ServiceState } from '../../ports.ts';
import { type Container, isUp, programIndex, statusText } from './container.ts';
import { type Engine, ask } from './engine.ts';
import { type Family, lookAt, nameOf, remove, rename, setRestart, waiting } from './family.ts';

/** etcd hands its leadership over (7 s) and syncs; only then may the engine kill it. */
const LEAST_GRACE_SECONDS = 30;
/** What the engine itself needs beside the grace. */
const ENGINE_MS = 15_000;
const LOOK_FIRST_MS = 50;
const LOOK_MAX_MS = 500;
/** Lines of a start that failed that a person needs to see. */
const TAIL_LINES = '8';
const TAIL_CHARACTERS = 600;
/** `$1` is a container's ID; its processes, whoever is their parent. */
const PIDS = 'grep -l "$1" /proc/[0-9]*/cgroup 2>/dev/null';
const LOOK_DEADLINE_MS = 15_000;

interface Member {
  readonly engine: Engine;
  readonly name: string;
  readonly memberName: string;
}

/**
 * `start` takes a container that waits (`.next`, `.back`) into the place of the one that is there, which is
 * kept under its run's name with no restart policy; each rename is looked for, so that a start that was
 * cut off anywhere is finished by the next one. A container that runs under another name than its own is
 * an unknown state.
 */
export function containerService(engine: Engine, name: string, memberName: string): Service {
  const member = { engine, name, memberName };
  return {
    state: async () => await stateOf(member),
    start: async (options) => await start(member, options),
    stop: async (options) => await stop(member, options),
  };
}

async function stateOf({ engine, name }: Member): Promise<Fact<ServiceState>> {
  const family = await lookAt(engine, name);
  if (!family.ok) return unknown(`${family.error.where}: ${family.error.but}`);
  const astray = family.value.relatives.find(({ container }) => isUp(container));
  if (astray !== undefined) {
    const { name: other } = astray.container;
    return unknown(`${other} runs, which was put aside: stop it (${engine.binary} stop ${other})`);
  }
  const { current } = family.value;
  if (current === undefined || !isUp(current)) return known({ isRunning: false, pid: undefined });
  if (current.status === 'paused') return unknown(`${name} is paused: ${engine.binary} unpause it`);
  return known({ isRunning: true, pid: await etcdPid(engine, current) });
}

/** The first process where that is etcd; behind `--init` or a wrapper the one called so. */
async function etcdPid(engine: Engine, container: Container): Promise<number | undefined> {
  const { host } = engine;
  const first = await host.process(container.pid);
  const isEtcd = (argv: readonly string[]): boolean => programIndex(argv) === 0;
  if (first.ok && first.value !== undefined && isEtcd(first.value.argv)) return container.pid;
  const listed = await host.exec(['sh', '-c', PIDS, 'sh', container.id], {
    deadlineMs: LOOK_DEADLINE_MS,
  });
  if (!listed.ok) return undefined;
  const pids = [...listed.value.stdout.matchAll(/^\/proc\/(\d+)\//gm)].map(([, pid]) =>
    Number(pid),
  );
  const found: number[] = [];
  for (const pid of pids) {
    const process = await host.process(pid);
    if (process.ok && process.value !== undefined && isEtcd(process.value.argv)) found.push(pid);
  }
  return found.length === 1 ? found[0] : undefined;
}

async function start(member: Member, options: ServiceOptions): Answer<undefined> {
  const { engine, name } = member;
  const family = await lookAt(engine, name);
  if (!family.ok) return family;
  const placed = await takePlace(member, family.value, options);
  if (!placed.ok) return placed;
  const beganMs = performance.now();
  const asked = await ask(engine, ['start', name], { ...options, deadlineMs: options.deadlineMs });
  if (!asked.ok) return err(await startFailure(member, asked.error.but));
  for (let waitMs = LOOK_FIRST_MS; ; waitMs = Math.min(LOOK_MAX_MS, waitMs * 1.5)) {
    const seen = await lookAt(engine, name);
    const now = seen.ok ? seen.value.current : undefined;
    if (now?.status === 'running') return await clearOld(member);
    const isOver = now?.status === 'exited' || now?.status === 'dead';
    const tookMs = performance.now() - beganMs;
    if (isOver || tookMs > options.deadlineMs) {
      const state = now === undefined ? 'it cannot be looked at' : statusText(now);
      const after = durationText(Math.round(tookMs));
      return err(await startFailure(member, `${name} is ${state} after ${after}`));
    }
    await sleep(waitMs);
  }
}

/** Every way through it that is cut off leaves names from which the next call goes on. */
async function takePlace(
  member: Member,
  family: Family,
  options: ServiceOptions,
): Answer<undefined> {
  const { engine, name } = member;
  const slot = waiting(family);
  const { current } = family;
  if (slot !== undefined && current !== undefined) {
    // A start that fails again and again under a restart policy is no member at work.
    if (isUp(current) || current.status === 'restarting') {
      const stopped = await stop(member, options);
      if (!stopped.ok) return stopped;
    }
    const isKept = family.relatives.some(({ role, run }) => role === 'kept' && run === slot.run);
    const role = slot.role === 'back' || isKept ? 'old' : 'kept';
    const aside = await putAside(member, current, nameOf(name, slot.run, role));
    if (!aside.ok) return aside;
  }
  if (slot !== undefined) {
    const placed = await rename(engine, slot.container.name, name);
    if (!placed.ok) return placed;
  }
  for (const { role, container } of family.relatives) {
    if (role !== 'kept') continue;
    const still = await setRestart(engine, container, 'no');
    if (!still.ok) return still;
  }
  return ok(undefined);
}

/** No engine that starts again may start it beside the one that follows. */
async function putAside(
  { engine, name }: Member,
  current: Container,
  as: string,
): Answer<undefined> {
  const named = await rename(engine, name, as);
  return named.ok ? await setRestart(engine, current, 'no') : named;
}

/** Its follower runs: nothing goes back to it. */
async function clearOld({ engine, name }: Member): Answer<undefined> {
  const family = await lookAt(engine, name);
  if (!family.ok) return family;
  for (const { role, container } of family.value.relatives) {
    if (role !== 'old') continue;
    const removed = await remove(engine, container.name);
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

async function stop(member: Member, options: ServiceOptions): Answer<undefined> {
  const { engine, name } = member;
  const family = await lookAt(engine, name);
  if (!family.ok) return family;
  const { current } = family.value;
  if (current === undefined || !(isUp(current) || current.status === 'restarting'))
    return ok(undefined);
  const mostSeconds = Math.floor((options.deadlineMs - ENGINE_MS) / 1000);
  const wanted = Math.max(LEAST_GRACE_SECONDS, current.stopSeconds ?? 0);
  const grace = String(Math.max(1, Math.min(wanted, mostSeconds)));
  const asked = await ask(engine, ['stop', '--time', grace, current.id], options);
  if (!asked.ok) return err(failure(member, 'stop', asked.error.but));
  const after = await lookAt(engine, name);
  if (!after.ok) return after;
  const now = after.value.current;
  if (now === undefined || !(isUp(now) || now.status === 'restarting')) return ok(undefined);
  return err(failure(member, 'stop', `${name} is ${statusText(now)} after ${engine.binary} stop`));
}

async function startFailure(member: Member, said: string): Promise<Failure> {
  const { engine, name } = member;
  const read = await engine.host.exec(
    ['sh', '-c', '"$@" 2>&1', 'sh', engine.binary, 'logs', '--tail', TAIL_LINES, name],
    { deadlineMs: LOOK_DEADLINE_MS },
  );
  const lines =
    read.ok && read.value.exitCode === 0
      ? lastLines(read.value.stdout, TAIL_CHARACTERS).join(' | ')
      : '';
  return failure(member, 'start', `${said}${lines === '' ? '' : `; its log ends: ${lines}`}`);
}

function failure({ engine, name, memberName }: Member, verb: string, but: string): Failure {
  const { host, binary } = engine;
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `member ${memberName} on ${host.label}`,
    would: `${verb} the container ${name}`,
    but,
    so: 'whether the member runs has to be looked at again',
    remedy: `${binary} ps -a and ${binary} logs ${name} on ${host.label} say more`,
  };
}
