/** Turns three commands of the operator's own (start, stop, status) into a Service. */

import { setTimeout as sleep } from 'node:timers/promises';

import { lastLines } from '../../base/last-lines.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { ServiceSpec } from '../../model/desired.ts';
import type { Failure } from '../../model/failure.ts';
import { type Fact, known, unknown } from '../../model/observed.ts';
import type {
  Answer,
  ExecOutcome,
  Host,
  HostProcess,
  Service,
  ServiceOptions,
  ServiceState,
} from '../../ports.ts';
import { type ListeningPort, listenerPid } from './listener.ts';

type CommandSpec = Extract<ServiceSpec, { manager: 'command' }>;

/** A status command asks a supervisor or looks for a process; it has nothing to wait for. */
const STATUS_DEADLINE_MS = 10_000;
/** How often we look whether a stopped process is gone. */
const GONE_LOOK_MS = 100;
/** The computed start time of one process may move by a second when the clock is set. */
const SAME_START_MS = 2000;
const TAIL_CHARACTERS = 300;
/** As `systemctl is-active` and LSB init scripts say it. */
const STOPPED_EXIT_CODES: readonly (number | undefined)[] = [1, 3];

/**
 * `status` exits 0 when running, with the pid as its first line (else the process that listens on one of
 * `listeningPorts` is taken), 1 or 3 when stopped; anything else is unknown. `start` and `stop` are
 * judged by their exit; `stop` also by the old process being gone.
 */
export function commandService(
  host: Host,
  spec: CommandSpec,
  memberName: string,
  listeningPorts: () => readonly ListeningPort[],
): Service {
  const where = `member ${memberName} on ${host.label}`;
  const state = (): Promise<Fact<ServiceState>> => stateOf(host, spec, listeningPorts());
  return {
    state,
    start: async (options) => {
      const run = await host.exec(spec.start, options);
      return run.ok ? judged(run.value, where, `start ${memberName}`, spec.start) : run;
    },
    stop: async (options) => await stop({ host, spec, memberName, where, state }, options),
  };
}

interface Stopping {
  readonly host: Host;
  readonly spec: CommandSpec;
  readonly memberName: string;
  readonly where: string;
  readonly state: () => Promise<Fact<ServiceState>>;
}

async function stateOf(
  host: Host,
  spec: CommandSpec,
  ports: readonly ListeningPort[],
): Promise<Fact<ServiceState>> {
  const asked = await host.exec(spec.status, { deadlineMs: STATUS_DEADLINE_MS });
  if (!asked.ok) return unknown(`status on ${host.label}: ${asked.error.but}`);
  const { exitCode } = asked.value;
  if (STOPPED_EXIT_CODES.includes(exitCode)) return known({ isRunning: false, pid: undefined });
  if (exitCode !== 0) {
    return unknown(`${spec.status.join(' ')} ${endText(asked.value)} (0 running, 1 or 3 stopped)`);
  }
  const [firstLine = ''] = asked.value.stdout.split('\n');
  const told = /^\s*(\d+)\s*$/.exec(firstLine)?.[1];
  if (told !== undefined) return known({ isRunning: true, pid: Number(told) });
  const found = await listenerPid(host, ports);
  return known({ isRunning: true, pid: found.known ? found.value : undefined });
}

/** The pid is read first: a stop command's exit says nothing about a process that it did not know. */
async function stop(member: Stopping, options: ServiceOptions): Answer<undefined> {
  const endMs = performance.now() + options.deadlineMs;
  const before = await member.state();
  if (before.known && !before.value.isRunning) return ok(undefined);
  // A process that we may not look into is judged by the status alone.
  const seen = await processOf(member.host, before.known ? before.value.pid : undefined);
  const old = seen.ok ? seen.value : undefined;
  const run = await member.host.exec(member.spec.stop, options);
  if (!run.ok) return run;
  const { where, spec, memberName } = member;
  const exit = judged(run.value, where, `stop ${memberName}`, spec.stop);
  if (!exit.ok) return exit;
  return await untilGone(member, old, endMs);
}

async function untilGone(
  member: Stopping,
  old: HostProcess | undefined,
  endMs: number,
): Answer<undefined> {
  for (;;) {
    const left = await whatIsLeft(member, old);
    if (left === undefined) return ok(undefined);
    if (performance.now() >= endMs) return err(stillThere(member, left));
    await sleep(GONE_LOOK_MS);
  }
}

/** Words for what speaks against "it is gone": the old process, or a status that still says running. */
async function whatIsLeft(
  member: Stopping,
  old: HostProcess | undefined,
): Promise<string | undefined> {
  if (old !== undefined) {
    const now = await processOf(member.host, old.pid);
    if (!now.ok) return now.error.but;
    if (now.value !== undefined && isSame(now.value, old)) {
      return `process ${String(old.pid)} is still there`;
    }
  }
  const state = await member.state();
  if (!state.known) return old === undefined ? state.reason : undefined;
  if (!state.value.isRunning) return undefined;
  const { pid } = state.value;
  return `status says that it runs${pid === undefined ? '' : ` as process ${String(pid)}`}`;
}

/** A process id may be given to another process; its start time tells them apart. */
function isSame(a: HostProcess, b: HostProcess): boolean {
  return Math.abs(a.startedAtMs - b.startedAtMs) < SAME_START_MS;
}

async function processOf(host: Host, pid: number | undefined): Answer<HostProcess | undefined> {
  return pid === undefined ? ok(undefined) : await host.process(pid);
}

function judged(
  outcome: ExecOutcome,
  where: string,
  would: string,
  argv: readonly string[],
): Result<undefined, Failure> {
  if (outcome.exitCode === 0) return ok(undefined);
  const said = lastLines(outcome.stderr.trim() || outcome.stdout, TAIL_CHARACTERS).join(' | ');
  return err({
    code: 'HOST_COMMAND_FAILED',
    where,
    would,
    but: `${argv.join(' ')} ${endText(outcome)}${said === '' ? '' : `: ${said}`}`,
    so: 'whether the member runs has to be looked at again',
    remedy: `run ${argv.join(' ')} by hand on the host and read the member's log`,
  });
}

function endText(outcome: ExecOutcome): string {
  if (outcome.exitCode !== undefined) return `exited with ${String(outcome.exitCode)}`;
  return `was ended by ${outcome.signal ?? 'a signal'}`;
}

function stillThere(member: Stopping, left: string): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: member.where,
    would: `stop ${member.memberName}`,
    but: `${member.spec.stop.join(' ')} exited with 0 and ${left}`,
    so: 'the member counts as running with its old settings',
    remedy:
      'make the stop command return when the process is gone, and keep it from coming back by itself',
  };
}
