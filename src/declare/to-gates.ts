/** Turns the gates and hooks blocks into numbers and argument lists. */

import { durationText, parseDurationMs } from '../base/duration.ts';
import type { DesiredGates, DesiredHooks } from '../model/desired.ts';
import type { Context } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { pathText } from './finding.ts';
import type { LoosePlan } from './shape.ts';
import { toArgv } from './to-service.ts';

interface Bounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

const DAY_MS = 86_400_000;

/** A start may replay many GB of log, but a member that is away for a day is another problem. */
const START: Bounds = { leastMs: 10_000, mostMs: DAY_MS };

/** A fresh reading of a link comes about 5.05 s after its URL was issued again; twice that to be seen. */
const TIMEOUT: Bounds = { leastMs: 10_000, mostMs: 3_600_000 };

/** An election, or a dial that is tried again, shows within a second. */
const QUIET: Bounds = { leastMs: 1000, mostMs: 600_000 };

/** Shorter than a gate can take, it would go off in the middle of a run that is well. */
const DEADMAN: Bounds = { leastMs: 30_000, mostMs: DAY_MS };

/** One election is no fault; a client gives up after some 7 s at each member. */
const GAP: Bounds = { leastMs: 1000, mostMs: 600_000 };

/** etcd's smallest bucket is 1 ms; a disk that takes more than 10 s has stopped. */
const FSYNC: Bounds = { leastMs: 1, mostMs: 10_000 };

/** Whole, with defaults in place of what is reported. */
export function toGates(context: Context, gates: LoosePlan['gates']): DesiredGates {
  const timeoutMs = readDuration(context, 'timeout', gates?.timeout, TIMEOUT);
  const quietMs = readDuration(context, 'quiet', gates?.quiet, QUIET);
  const isTimeoutGiven = gates?.timeout !== undefined;
  const isWrong = ['timeout', 'quiet'].some((key) => context.isWrong(['gates', key]));
  if (timeoutMs <= quietMs && !isWrong) {
    const message = `a gate that waits ${durationText(timeoutMs)} never sees ${durationText(quietMs)} of quiet`;
    const path = ['gates', isTimeoutGiven ? 'timeout' : 'quiet'];
    context.problem(path, message, 'make gates.timeout longer than gates.quiet');
  }
  return {
    startMs: readDuration(context, 'start', gates?.start, START),
    timeoutMs,
    quietMs,
    maxLag: gates?.maxLag ?? DEFAULTS.gates.maxLag,
    canary: toCanary(context, gates?.canary),
    deadmanMs: toDeadman(context, gates?.deadman, timeoutMs),
    ...toLoad(context, gates),
  };
}

function toLoad(context: Context, gates: LoosePlan['gates']): Pick<DesiredGates, 'load'> {
  const fsync = gates?.maxFsync;
  const fsyncMs =
    fsync === undefined || fsync === 'off'
      ? undefined
      : readDuration(context, 'maxFsync', fsync, FSYNC);
  const most = gates?.maxPending;
  const pending = most === 'off' ? undefined : most;
  return fsyncMs === undefined && pending === undefined ? {} : { load: { fsyncMs, pending } };
}

function readDuration(
  context: Context,
  key: 'start' | 'timeout' | 'quiet' | 'deadman' | 'maxFsync',
  text: string | undefined,
  bounds: Bounds,
): number {
  // What is off by default reads as no duration.
  const fallback = parseDurationMs(DEFAULTS.gates[key]);
  const ms = text === undefined ? fallback : parseDurationMs(text);
  if (ms === undefined || (ms >= bounds.leastMs && ms <= bounds.mostMs)) return ms ?? 0;
  const path = ['gates', key];
  const range = `${durationText(bounds.leastMs)} to ${durationText(bounds.mostMs)}`;
  const message = `${pathText(path)} must be from ${range}, found ${durationText(ms)}`;
  context.problem(path, message, `the default is ${DEFAULTS.gates[key]}`);
  return fallback ?? 0;
}

type LooseCanary = NonNullable<LoosePlan['gates']>['canary'];

function toCanary(context: Context, canary: LooseCanary): DesiredGates['canary'] {
  if (canary === undefined || canary === false) return false;
  const { writes = false, leases = false } = canary;
  const path = ['gates', 'canary'];
  if (!writes && !leases && !context.isWrong(path)) {
    const message = 'gates.canary asks for neither writes nor leases';
    context.problem(path, message, 'write "canary: false", or "canary: { writes: true }"');
  }
  const most = canary.failedKeepalives;
  return {
    writes,
    leases,
    longestGapMs: toGap(context, canary.longestGap),
    failedKeepalives: most === 'any' ? undefined : most,
  };
}

function toGap(context: Context, text: string = DEFAULTS.gates.longestGap): number {
  const ms = parseDurationMs(text) ?? 0;
  if (ms >= GAP.leastMs && ms <= GAP.mostMs) return ms;
  const range = `${durationText(GAP.leastMs)} to ${durationText(GAP.mostMs)}`;
  const message = `gates.canary.longestGap must be from ${range}, found ${durationText(ms)}`;
  const path = ['gates', 'canary', 'longestGap'];
  context.problem(path, message, `the default is ${DEFAULTS.gates.longestGap}`);
  return ms;
}

function toDeadman(
  context: Context,
  deadman: string | undefined,
  timeoutMs: number,
): number | undefined {
  if (deadman === undefined || deadman === 'off') return undefined;
  const ms = readDuration(context, 'deadman', deadman, DEADMAN);
  if (ms > 0 && ms <= timeoutMs) {
    const message = `gates.deadman goes off while a gate still waits (gates.timeout is ${durationText(timeoutMs)})`;
    context.problem(['gates', 'deadman'], message, 'make gates.deadman longer than gates.timeout');
  }
  return ms;
}

/** Hooks run on the operator's machine, so a relative program is relative to the plan file. */
export function toHooks(context: Context, hooks: LoosePlan['hooks']): DesiredHooks {
  const hook = (key: keyof DesiredHooks): DesiredHooks[keyof DesiredHooks] =>
    hooks?.[key] === undefined ? undefined : toArgv(context, ['hooks', key], hooks[key], true);
  return {
    beforeStep: hook('beforeStep'),
    afterGate: hook('afterGate'),
    onFailure: hook('onFailure'),
  };
}
