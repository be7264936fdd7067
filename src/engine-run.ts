/** The three commands that change things, from the confirmed preview to the closed journal. */

import { err, ok } from './base/result.ts';
import { dialPairs, observe, prepare, startOf } from './engine.ts';
import { type Blind, blindEnd, prepareBlind } from './engine-blind.ts';
import { type Commanded, refused, withStateLock } from './engine-command.ts';
import { type Skills, carryOut, ownersIn } from './engine-drive.ts';
import {
  type Past,
  leftOversEnded,
  newest,
  noRun,
  unfinishedFailure,
  unfinishedRun,
} from './engine-records.ts';
import { writeHandoff } from './engine-handoff.ts';
import type { Confirmed, Ended, Prepared } from './engine-types.ts';
import type { Failure } from './model/failure.ts';
import type { Effect, JournalBody } from './model/journal.ts';
import { worldOf } from './model/observed-world.ts';
import type { Direction } from './model/rollout.ts';
import { EMPTY_RUN } from './model/run-state.ts';
import { staleBecause } from './model/saved-rollout.ts';
import type { RunFiles } from './ports.ts';
import { effectsBehind } from './run/dead-man.ts';
import { effectsOfIntent } from './run/intent.ts';
import { issueMaterial } from './run/issue.ts';
import type { JournalWriter } from './run/journal-writer.ts';
import { type Pauses, pausesOf, windowFailure } from './run/pauses.ts';

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
  const found =
    past === undefined
      ? []
      : [
          ...(await effectsOfIntent(rim, past.state)),
          ...(await effectsBehind(rim.doors, rim.clock, past.state)),
        ];
  const before = past?.state ?? EMPTY_RUN;
  const run = { ...before, effects: [...before.effects, ...found] };
  const seeing = await prepare(rim, options, run, direction);
  // Without an API only peer links could be brought back, and nobody's clients.
  const blind =
    seeing.ok || rim.desired.clients !== undefined
      ? undefined
      : await prepareBlind(rim, options, run, direction, seeing.error);
  if (blind?.ok === false) return refused(blind.error);
  const prepared = blind === undefined ? seeing : ok(blind.value.prepared);
  if (!prepared.ok) return refused(prepared.error);
  const { proven } = prepared.value;
  const stale = command.expects && staleBecause(command.expects, proven);
  if (stale !== undefined) return refused([staleRollout(rim.desired.planFile, stale)]);
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
  const owners = await ownersIn(rim);
  if (!owners.ok) return refused([owners.error]);
  const files = past === undefined ? await rim.store.create(options.newRunId()) : ok(past.files);
  if (!files.ok) return refused([files.error]);
  const ended = await withJournal({
    command,
    prepared: prepared.value,
    past,
    found,
    direction,
    files: files.value,
    formerOwners: owners.value,
    pauses: pauses.value,
    blind: blind?.value,
  });
  return blind === undefined ? ended : goOn(command, ended, confirmed, direction);
}

function isSilent(failures: readonly Failure[]): boolean {
  return failures.every(({ code }) => code === 'ENDPOINT_UNREACHABLE' || code === 'NO_QUORUM');
}

/** What the run had stopped serves again: the rest is planned and proven as ever, with the same yes. */
async function goOn(
  command: Commanded,
  ended: Ended,
  confirmed: Confirmed,
  direction: Direction,
): Promise<Ended> {
  const { rim, options } = command;
  if (rim.desired.strategy !== 'rebuild' || ended.failures[0]?.code !== 'NOT_VERIFIED')
    return ended;
  const past = await unfinishedRun(rim);
  if (!past.ok || past.value === undefined) return ended;
  const isBack = await prepare(rim, options, past.value.state, direction);
  if (!isBack.ok) return isSilent(isBack.error) ? ended : { ...ended, failures: isBack.error };
  return begin({ ...command, confirm: () => Promise.resolve(confirmed) }, past.value, direction);
}

function staleRollout(where: string, but: string): Failure {
  return {
    code: 'ROLLOUT_STALE',
    where,
    would: 'carry out exactly what was saved',
    but,
    so: 'what was looked at then is not what would be done now; nothing has been changed',
    remedy: 'look again and save it anew: peershift preview PLAN --out FILE',
  };
}

interface Work {
  readonly command: Commanded;
  readonly prepared: Prepared;
  readonly past: Past | undefined;
  /** What the open intent of the past is seen to have done. */
  readonly found: readonly Effect[];
  readonly direction: Direction;
  readonly files: RunFiles;
  /** Of every run of this state folder: its lock is ours, and this process alone is at work here. */
  readonly formerOwners: readonly string[];
  readonly pauses: Pauses;
  /** Undefined: the API answers. */
  readonly blind: Blind | undefined;
}

async function withJournal(work: Work): Promise<Ended> {
  const { command, prepared, past, files, direction, blind } = work;
  const { rim, options } = command;
  return carryOut(
    {
      command,
      prepared,
      files,
      past: past?.state,
      opening: openingOf(work),
      skills: (journal) => ({ ...skillsOf(work, journal), ...blind?.doors }),
      how: {
        because: past === undefined ? 'the plan file' : 'resumed from what is there',
        hasTouched: past !== undefined,
        acceptsDowntime: options.acceptDowntime,
        pauses: work.pauses,
        isBlind: blind !== undefined,
        formerOwners: work.formerOwners,
        breaksLockOf: options.breaksLockOf,
      },
      wasCommanded: direction === 'rollback' && !hasFailed(past?.state.failure),
    },
    {
      judged: (ended) => blindEnd(blind, ended),
      handoff: async ({ outcome }, events) => {
        const isMigrated = outcome === 'done' && direction === 'forward';
        if (!isMigrated) return undefined;
        // Clients are called by other URLs now than when the run began.
        const seen = rim.desired.clients === undefined ? undefined : await observe(rim);
        const observed = seen?.ok === true ? seen.value.state : prepared.observed;
        return writeHandoff(rim, { ...prepared, observed }, files.path, events);
      },
    },
  );
}

/** A pause for clients that are not ready is nobody's failure. */
function hasFailed(failure: Failure | undefined): boolean {
  return failure !== undefined && failure.code !== 'CLIENTS_STILL_PLAIN';
}

function openingOf({ prepared, past, found, direction, command }: Work): JournalBody {
  const { desired } = command.rim;
  if (past !== undefined) {
    const { openIntent } = past.state;
    const effects = found.length === 0 ? {} : { effects: found };
    return { type: 'resumed', direction, openIntent, ...effects };
  }
  return {
    type: 'opened',
    program: command.options.program,
    planName: desired.name,
    planFile: desired.planFile,
    clusterId: prepared.observed.clusterId,
    start: startOf(prepared.observed, prepared.world),
  };
}

function skillsOf({ command, prepared, files }: Work, journal: JournalWriter): Skills {
  const { rim, options } = command;
  let { material, clientMaterial } = prepared;
  return {
    observe: async () => {
      const seen = await observe(rim);
      if (!seen.ok) return seen;
      const world = worldOf(seen.value.state, [], [], rim.desired.clients !== undefined);
      return world.ok ? ok({ observed: seen.value.state, world: world.value }) : world;
    },
    planAgain: async ({ direction, unobserved, blocked, repairsOnly }) => {
      const links = { unobserved, blocked };
      const state = journal.state();
      const again = await prepare(rim, options, state, direction, links, repairsOnly);
      if (!again.ok) return err(again.error[0] ?? noRun(rim));
      ({ material, clientMaterial } = again.value);
      return ok(again.value.proven);
    },
    issue: (members, _makesAuthority, side) => {
      const used = side === 'clients' ? clientMaterial : material;
      if (used === undefined) return Promise.resolve(ok(undefined));
      return issueMaterial({ ...rim, material: used, suffix: files.id }, members);
    },
    dialLinks: (pairs) => dialPairs(rim, pairs),
  };
}
