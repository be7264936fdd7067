/** Turns a systemd unit into a Service. */

import { setTimeout as sleep } from 'node:timers/promises';

import { durationText } from '../../base/duration.ts';
import { lastLines } from '../../base/last-lines.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { type Fact, known, unknown } from '../../model/observed.ts';
import type {
  Answer,
  Host,
  HostProcess,
  Service,
  ServiceOptions,
  ServiceState,
} from '../../ports.ts';
import { type Unit, etcdProcess, readUnit, stateText, unfitness, unitFullName } from './unit.ts';

/** A job is put into systemd's queue; nothing is waited for. */
const VERB_DEADLINE_MS = 30_000;
/** systemd reads all unit files of the host again. */
const RELOAD_DEADLINE_MS = 60_000;
const LOOK_FIRST_MS = 50;
const LOOK_MAX_MS = 500;
/** Somebody else's stop, or that of a run that was killed, is waited for: etcd hands over in 7 s. */
const STOPPING_LOOK_MS = 15_000;
/** What a person needs to see of a journal to know why a unit did not start. */
const TAIL_LINES = 8;
const TAIL_CHARACTERS = 600;
const TAIL_DEADLINE_MS = 15_000;
/** Start times of one process may differ by this much when the clock is set. */
const SAME_START_MS = 2000;

interface Member {
  readonly host: Host;
  readonly unit: string;
  readonly memberName: string;
}

/**
 * Starts and stops with `--no-block` and looks, since a blocking start of a `Type=notify` unit returns
 * only when etcd has reached a quorum: the caller watches the member's log and its links meanwhile, and
 * a lost connection to the host leaves nothing half asked. Masked, missing, broken and disabled units
 * are unknown states, by name, and are never stopped or started.
 */
export function systemdService(host: Host, unit: string, memberName: string): Service {
  const member: Member = { host, unit: unitFullName(unit), memberName };
  return {
    state: async () => await stateOf(member),
    start: async (options) => await start(member, options),
    stop: async (options) => await stop(member, options),
  };
}

async function stateOf(member: Member): Promise<Fact<ServiceState>> {
  const { host, unit: name } = member;
  const endMs = performance.now() + STOPPING_LOOK_MS;
  for (;;) {
    const unit = await readUnit(host, name);
    if (!unit.known) return unit;
    const unfit = unfitness(unit.value, name);
    if (unfit !== undefined) return unknown(`${unfit.but}; ${unfit.remedy}`);
    if (unit.value.activeState !== 'deactivating') return await runningState(member, unit.value);
    if (performance.now() > endMs) {
      const limit = `its TimeoutStopSec is ${unit.value.timeoutStop}`;
      return unknown(
        `${name} on ${host.label} has been stopping for more than ${durationText(STOPPING_LOOK_MS)} (${unit.value.subState}; ${limit})`,
      );
    }
    await sleep(LOOK_MAX_MS);
  }
}

async function runningState({ host }: Member, unit: Unit): Promise<Fact<ServiceState>> {
  const process = await etcdProcess(host, unit);
  if (process !== undefined) return known({ isRunning: true, pid: process.pid });
  const isRunning = unit.mainPid > 0 && unit.activeState !== 'failed';
  return known({ isRunning, pid: undefined });
}

async function start(member: Member, options: ServiceOptions): Answer<undefined> {
  const endMs = performance.now() + options.deadlineMs;
  const unit = await fitUnit(member, 'start');
  if (!unit.ok) return unit;
  // Always: NeedDaemonReload stays `no` for a drop-in whose folder is new as well (seen on 252).
  const reloaded = await systemctl(member, ['daemon-reload'], RELOAD_DEADLINE_MS);
  if (!reloaded.ok) return reloaded;
  // Neither the failure before nor the count of starts behind it is a reason not to start now.
  if (unit.value.activeState === 'failed') {
    const reset = await systemctl(member, ['reset-failed', '--', member.unit]);
    if (!reset.ok) return reset;
  }
  const first = await startOnce(member, endMs);
  if (first.ok || !first.error.isStartLimit) return plain(first);
  const reset = await systemctl(member, ['reset-failed', '--', member.unit]);
  if (!reset.ok) return reset;
  const second = await startOnce(member, endMs, ' (again, after reset-failed)');
  return plain(second);
}

interface StartTrouble {
  readonly failure: Failure;
  readonly isStartLimit: boolean;
}

function plain(outcome: Result<undefined, StartTrouble>): Result<undefined, Failure> {
  return outcome.ok ? outcome : err(outcome.error.failure);
}

/** Over when there is an etcd process, or the unit calls itself active; failed when its job is over without. */
async function startOnce(
  member: Member,
  endMs: number,
  note = '',
): Promise<Result<undefined, StartTrouble>> {
  const beganMs = performance.now();
  const asked = await systemctl(member, ['start', '--no-block', '--', member.unit]);
  if (!asked.ok) return err({ failure: asked.error, isStartLimit: false });
  for (let waitMs = LOOK_FIRST_MS; ; waitMs = Math.min(LOOK_MAX_MS, waitMs * 1.5)) {
    const unit = await readUnit(member.host, member.unit);
    if (unit.known && (await hasStarted(member, unit.value))) return ok(undefined);
    const isOver = unit.known && !unit.value.hasJob && isDown(unit.value);
    if (isOver || performance.now() > endMs) {
      const seen = unit.known ? unit.value : undefined;
      const state = unit.known ? stateText(unit.value) : unit.reason;
      const limit = seen === undefined ? '' : `; its TimeoutStartSec is ${seen.timeoutStart}`;
      const after = `after ${durationText(Math.round(performance.now() - beganMs))}`;
      const said = await journalTail(member, seen);
      const back = isOver ? '' : await takeBack(member);
      const but = `systemctl start ${member.unit}${note}: ${state} ${after}, without an etcd process${limit}${back}${said}`;
      const isStartLimit = seen?.result === 'start-limit-hit';
      return err({ failure: failure(member, 'start', but), isStartLimit });
    }
    await sleep(waitMs);
  }
}

/** A start that hangs must not succeed later, with settings that somebody has changed meanwhile. */
async function takeBack(member: Member): Promise<string> {
  const asked = await systemctl(member, ['stop', '--no-block', '--', member.unit]);
  if (!asked.ok) return `; it could not be taken back: ${asked.error.but}`;
  const endMs = performance.now() + STOPPING_LOOK_MS;
  for (;;) {
    const unit = await readUnit(member.host, member.unit);
    if (unit.known && !unit.value.hasJob && isDown(unit.value)) return '; it was taken back';
    if (performance.now() > endMs) return '; it was asked to stop and has not';
    await sleep(LOOK_MAX_MS);
  }
}

async function hasStarted({ host }: Member, unit: Unit): Promise<boolean> {
  if (unit.activeState === 'active' && unit.mainPid > 0) return true;
  return unit.activeState !== 'deactivating' && (await etcdProcess(host, unit)) !== undefined;
}

async function stop(member: Member, options: ServiceOptions): Answer<undefined> {
  const beganMs = performance.now();
  const unit = await fitUnit(member, 'stop');
  if (!unit.ok) return unit;
  const old = await etcdProcess(member.host, unit.value);
  if (isDown(unit.value) && !unit.value.hasJob && old === undefined) return ok(undefined);
  const asked = await systemctl(member, ['stop', '--no-block', '--', member.unit]);
  if (!asked.ok) return asked;
  for (let waitMs = LOOK_FIRST_MS; ; waitMs = Math.min(LOOK_MAX_MS, waitMs * 1.5)) {
    const now = await readUnit(member.host, member.unit);
    const left = now.known ? await whatIsLeft(member, now.value, old) : now.reason;
    if (left === undefined) return ok(undefined);
    const tookMs = performance.now() - beganMs;
    if (tookMs > options.deadlineMs) {
      const limit = now.known ? `; its TimeoutStopSec is ${now.value.timeoutStop}` : '';
      const said = await journalTail(member, now.known ? now.value : undefined);
      const after = durationText(Math.round(tookMs));
      return err(failure(member, 'stop', `after ${after} ${left}${limit}${said}`));
    }
    await sleep(waitMs);
  }
}

/** A wrapper may be gone before the etcd that it started (KillMode=process): that one counts. */
async function whatIsLeft(
  { host, unit: name }: Member,
  unit: Unit,
  old: HostProcess | undefined,
): Promise<string | undefined> {
  if (unit.hasJob || !isDown(unit)) return `${name} is ${stateText(unit)}`;
  if (old === undefined) return undefined;
  const now = await host.process(old.pid);
  if (!now.ok) return now.error.but;
  const isSame =
    now.value !== undefined && Math.abs(now.value.startedAtMs - old.startedAtMs) < SAME_START_MS;
  return isSame
    ? `${name} is ${stateText(unit)}, and its etcd, process ${String(old.pid)}, is still there`
    : undefined;
}

function isDown({ activeState }: Unit): boolean {
  return activeState === 'inactive' || activeState === 'failed';
}

async function fitUnit(member: Member, verb: 'start' | 'stop'): Answer<Unit> {
  const unit = await readUnit(member.host, member.unit);
  const unfit = unit.known
    ? unfitness(unit.value, member.unit)
    : { but: unit.reason, remedy: `make systemctl work on ${member.host.label}` };
  if (unit.known && unfit === undefined) return ok(unit.value);
  return err({
    code: 'SERVICE_UNKNOWN',
    where: `member ${member.memberName} on ${member.host.label}`,
    would: `${verb} ${member.memberName}`,
    but: unfit?.but ?? 'its state is not known',
    so: 'the unit was left as it is',
    remedy: unfit?.remedy ?? `look at systemctl status ${member.unit}`,
  });
}

async function systemctl(
  member: Member,
  words: readonly string[],
  deadlineMs = VERB_DEADLINE_MS,
): Answer<undefined> {
  const argv = ['systemctl', '--no-ask-password', ...words];
  const run = await member.host.exec(argv, { deadlineMs });
  if (!run.ok) return run;
  const { exitCode, stdout, stderr } = run.value;
  if (exitCode === 0) return ok(undefined);
  const said = lastLines(stderr.trim() || stdout, TAIL_CHARACTERS).join(' | ');
  const end = exitCode === undefined ? 'was ended by a signal' : `exited with ${String(exitCode)}`;
  return err(failure(member, words[0] ?? '', `${argv.join(' ')} ${end}: ${said}`));
}

/** The last lines of the unit's journal, systemd's own about it among them, in one line. */
async function journalTail(member: Member, unit: Unit | undefined): Promise<string> {
  const space = unit?.logNamespace ?? '';
  const namespace = space === '' ? [] : [`--namespace=+${space}`];
  const argv = ['journalctl', '--no-pager', '-q', '-o', 'cat', '-n', String(TAIL_LINES)];
  const read = await member.host.exec([...argv, ...namespace, '-u', unit?.id ?? member.unit], {
    deadlineMs: TAIL_DEADLINE_MS,
  });
  if (!read.ok || read.value.exitCode !== 0) return '';
  const lines = lastLines(read.value.stdout, TAIL_CHARACTERS).join(' | ');
  return lines === '' ? '' : `; its journal ends: ${lines}`;
}

function failure({ host, memberName, unit }: Member, verb: string, but: string): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `member ${memberName} on ${host.label}`,
    would: `${verb} ${unit}`,
    but,
    so: 'whether the member runs has to be looked at again',
    remedy: `systemctl status ${unit} and journalctl -u ${unit} on ${host.label} say more`,
  };
}
