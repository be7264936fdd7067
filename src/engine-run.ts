/** The three commands that change things, from the confirmed preview to the closed journal. */

import { type Result, err, ok } from './base/result.ts';
import { observe, prepare, startOf } from './engine.ts';
import { type Blind, blindEnd, prepareBlind } from './engine-blind.ts';
import { type Commanded, refused, saveReport, withStateLock } from './engine-command.ts';
import { exitOfRun } from './engine-exit.ts';
import {
  type Past,
  leftOversEnded,
  newest,
  noRun,
  unfinishedFailure,
  unfinishedRun,
} from './engine-records.ts';
import { writeHandoff } from './engine-handoff.ts';
import type { Ended, Prepared } from './engine-types.ts';
import type { Failure } from './model/failure.ts';
import type { MemberName } from './model/ids.ts';
import type { Effect } from './model/journal.ts';
import { worldOf } from './model/observed-world.ts';
import type { Direction } from './model/rollout.ts';
import { EMPTY_RUN } from './model/run-state.ts';
import type { EtcdMember, EventSink, RunFiles } from './ports.ts';
import { drive } from './run/driver.ts';
import { effectsOfIntent } from './run/intent.ts';
import { issueMaterial } from './run/issue.ts';
import { type JournalWriter, makeJournalWriter } from './run/journal-writer.ts';
import { type Pauses, pausesOf, windowFailure } from './run/pauses.ts';
import type { RunDoors } from './run/run-doors.ts';

/** `run`: a new run, unless an unfinished one is there. */
export async function runPlan(command: Commanded): Promise<Ended> {
  return withStateLock(command, false, async () => {
    const past = await unfinishedRun(command.rim);
    if (!past.ok) return refused([past.error]);
    if (past.value !== undefined) return refused([unfinishedFailure(past.value)]);
    return begin(command, undefined, 'forward');
  });
}

/** `resume`: the newest unfinished run in its own direction; without one the same as `run`. */
export async function resumePlan(command: Commanded): Promise<Ended> {
  return withStateLock(command, true, async () => {
    const past = await unfinishedRun(command.rim);
    if (!past.ok) return refused([past.error]);
    if (past.value === undefined) {
      command.options.events.emit({
        type: 'warning',
        text: 'no unfinished run: planning as `run` does',
      });
      return begin(command, undefined, 'forward');
    }
    return begin(command, past.value, past.value.state.direction);
  });
}

/** `rollback`: the newest unfinished or finished run, back to where it started. */
export async function rollbackPlan(command: Commanded): Promise<Ended> {
  return withStateLock(command, true, async () => {
    const past = await newest(
      command.rim,
      ({ outcome, direction }) =>
        outcome !== 'rolled-back' && outcome !== 'refused' && direction !== 'rescue',
    );
    if (!past.ok) return refused([past.error]);
    if (past.value === undefined) return refused([noRun(command.rim)]);
    return begin(command, past.value, 'rollback');
  });
}

async function begin(
  command: Commanded,
  past: Past | undefined,
  direction: Direction,
): Promise<Ended> {
  const { rim, options } = command;
  if (past !== undefined) await leftOversEnded(rim, past.state);
  const found = past === undefined ? [] : await effectsOfIntent(rim, past.state);
  const before = past?.state ?? EMPTY_RUN;
  const run = { ...before, effects: [...before.effects, ...found] };
  const seeing = await prepare(rim, options, run, direction);
  const isBack = !seeing.ok && direction === 'rollback';
  const blind = isBack ? await prepareBlind(rim, options, run, seeing.error) : undefined;
  if (blind?.ok === false) return refused(blind.error);
  const prepared = blind === undefined ? seeing : ok(blind.value.prepared);
  if (!prepared.ok) return refused(prepared.error);
  const { proven } = prepared.value;
  if (past === undefined && proven.rollout.steps.length === 0) {
    await command.confirm(prepared.value);
    return { exit: 0, state: undefined, failures: [], reportPath: undefined };
  }
  const confirmed = await command.confirm(prepared.value);
  if (confirmed === undefined)
    return { exit: 3, state: past?.state, failures: [], reportPath: undefined };
  const pauses = pausesOf(confirmed.pauses, proven.rollout);
  if (!pauses.ok) return refused([pauses.error]);
  const { during } = pauses.value;
  const closed = during && windowFailure(during, rim.clock.nowMs(), 'the hour');
  if (closed !== undefined) return refused([closed]);
  const files = past === undefined ? await rim.store.create(options.newRunId()) : ok(past.files);
  if (!files.ok) return refused([files.error]);
  return carryOut({
    command,
    prepared: prepared.value,
    past,
    found,
    direction,
    files: files.value,
    pauses: pauses.value,
    blind: blind?.value,
  });
}

interface Work {
  readonly command: Commanded;
  readonly prepared: Prepared;
  readonly past: Past | undefined;
  /** What the open intent of the past is seen to have done. */
  readonly found: readonly Effect[];
  readonly direction: Direction;
  readonly files: RunFiles;
  readonly pauses: Pauses;
  /** Undefined: the API answers. */
  readonly blind: Blind | undefined;
}

async function carryOut(work: Work): Promise<Ended> {
  const { command, prepared, past, files } = work;
  const { rim, options } = command;
  const log = files.openLog();
  const events: EventSink = {
    emit: (event) => {
      log.emit(event);
      options.events.emit(event);
    },
  };
  try {
    const journal = makeJournalWriter({
      store: files.journal,
      events,
      clock: rim.clock,
      run: files.id,
      ...(past === undefined ? {} : { from: past.state }),
    });
    const opened = await openJournal(work, journal);
    if (!opened.ok) return refused([opened.error]);
    const doors = { ...runDoors(work, journal, events), ...work.blind?.doors };
    const running = drive({
      doors,
      proven: prepared.proven,
      because: past === undefined ? 'the plan file' : 'resumed from what is there',
      hasTouched: past !== undefined,
      acceptsDowntime: options.acceptDowntime,
      pauses: work.pauses,
      isBlind: work.blind !== undefined,
      formerOwner: past === undefined ? '' : lockOwner(files),
      breaksLockOf: options.breaksLockOf,
    });
    command.onStop(running.stop);
    const listening = files.onPauseAsked(() => {
      running.stop('PAUSE');
    });
    const ended = await running.ended.finally(() => listening.stop());
    const { outcome, failure } = blindEnd(work.blind, ended);
    const reportPath = await saveReport(files, journal.state());
    const isMigrated = outcome === 'done' && work.direction === 'forward';
    const handoffPath = isMigrated
      ? await writeHandoff(rim, prepared, files.path, events)
      : undefined;
    return {
      exit: exitOfRun(outcome, failure, wasCommanded(work)),
      state: journal.state(),
      failures: failure === undefined ? [] : [failure],
      reportPath,
      handoffPath,
    };
  } finally {
    await log.close();
  }
}

function wasCommanded({ direction, past }: Work): boolean {
  return direction === 'rollback' && past?.state.failure === undefined;
}

async function openJournal(
  work: Work,
  journal: JournalWriter,
): Promise<Result<undefined, Failure>> {
  const { prepared, past, found, direction, command } = work;
  const { desired } = command.rim;
  if (past !== undefined) {
    const { openIntent } = past.state;
    const effects = found.length === 0 ? {} : { effects: found };
    return journal.write({ type: 'resumed', direction, openIntent, ...effects });
  }
  return journal.write({
    type: 'opened',
    program: command.options.program,
    planName: desired.name,
    planFile: desired.planFile,
    clusterId: prepared.observed.clusterId,
    start: startOf(prepared.observed, prepared.world),
  });
}

function runDoors(work: Work, journal: JournalWriter, events: EventSink): RunDoors {
  const { command, prepared, files } = work;
  const { rim, options } = command;
  const { observed } = prepared;
  let { material } = prepared;
  const clients = observed.members.map((member): [MemberName, EtcdMember] => {
    const endpoint = member.endpoint.known ? member.endpoint.value : (member.clientUrls[0] ?? '');
    return [member.name, rim.openEtcd(endpoint)];
  });
  return {
    ...rim,
    members: rim.doors,
    etcd: new Map(clients),
    ids: new Map(observed.members.map((member) => [member.name, member.id])),
    seenDigests: new Map(
      observed.members.flatMap(({ name, configDigest }) => {
        return configDigest.known ? [[name, configDigest.value] as const] : [];
      }),
    ),
    events,
    journal,
    observe: async () => {
      const seen = await observe(rim);
      if (!seen.ok) return seen;
      const world = worldOf(seen.value.state);
      return world.ok ? ok({ observed: seen.value.state, world: world.value }) : world;
    },
    planAgain: async ({ direction, unobserved, blocked, repairsOnly }) => {
      const links = { unobserved, blocked };
      const state = journal.state();
      const again = await prepare(rim, options, state, direction, links, repairsOnly);
      if (!again.ok) return err(again.error[0] ?? noRun(rim));
      ({ material } = again.value);
      return ok(again.value.proven);
    },
    issue: (members) => issueMaterial({ ...rim, material, suffix: files.id }, members),
    backupPath: files.backupPath,
    lockKey: `/peershift/${observed.clusterId}/lock`,
    lockOwner: lockOwner(files),
    marker: `peershift-${files.id}`,
  };
}

/** Named by the run, so that its own resume, from whatever machine, is known to be its own. */
function lockOwner(files: RunFiles): string {
  return `peershift run ${files.id}`;
}
