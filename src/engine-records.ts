/** Turns a state folder into the runs that are recorded there, and says why one of them cannot be gone on with. */

import { type Result, err, ok } from './base/result.ts';
import type { Rim } from './engine-types.ts';
import type { Failure } from './model/failure.ts';
import { JOURNAL_VERSION, type JournalEntry } from './model/journal.ts';
import { type RunState, foldJournal } from './model/run-state.ts';
import type { RunFiles } from './ports.ts';

export interface Past {
  readonly files: RunFiles;
  readonly state: RunState;
  readonly entries: readonly JournalEntry[];
}

export async function newest(
  rim: Rim,
  fits: (state: RunState) => boolean,
): Promise<Result<Past | undefined, Failure>> {
  const runs = await rim.store.list();
  if (!runs.ok) return runs;
  for (const files of runs.value) {
    const entries = await files.readEntries();
    if (!entries.ok) return entries;
    if (entries.value.length === 0) continue;
    const history = entries.value as readonly JournalEntry[];
    const state = foldJournal(history);
    if (!state.ok) return err(newerJournal(files, history) ?? invalidJournal(files, state.error));
    if (fits(state.value)) return ok({ files, state: state.value, entries: history });
  }
  return ok(undefined);
}

/** Of a rescue nothing is left to go on with: it looks anew. */
export function unfinishedRun(rim: Rim): Promise<Result<Past | undefined, Failure>> {
  return newest(rim, ({ state, direction }) => state !== 'final' && direction !== 'rescue');
}

/** The last thing that was begun here is a rescue, and it did not come to its end. */
export async function isRescueUnfinished(rim: Rim): Promise<boolean> {
  const last = await newest(rim, () => true);
  return last.ok && last.value?.state.direction === 'rescue' && last.value.state.state !== 'final';
}

/** A start or stop command that the dead process left running ends first; what it does is seen afterwards. */
export async function leftOversEnded(rim: Rim, state: RunState): Promise<void> {
  const marker = `peershift-${state.run ?? ''}`;
  const giveUpAtMs = rim.clock.nowMs() + rim.desired.gates.startMs;
  const hosts = [...new Set([...rim.doors.values()].map((doors) => doors.host))];
  for (;;) {
    const left = await Promise.all(hosts.map((host) => host.commandsMarked(marker)));
    const isLeft = left.some((each) => each.ok && each.value.length > 0);
    if (!isLeft || rim.clock.nowMs() > giveUpAtMs) return;
    await rim.clock.sleep(200);
  }
}

export function unfinishedFailure({ files, state }: Past): Failure {
  return {
    code: 'ALREADY_RUNNING',
    where: files.path,
    would: 'begin a new run',
    but: `run ${files.id} began at ${state.startedAt} and has not finished (${state.outcome ?? 'it was cut off'})`,
    so: 'a new run would forget what that one has to undo; nothing has been changed',
    remedy:
      'peershift resume goes on with it, peershift rollback brings it back, peershift status shows it',
  };
}

export function noRun(rim: Rim): Failure {
  return {
    code: 'RUN_NOT_FOUND',
    where: rim.store.path,
    would: 'bring the cluster back to where a run started',
    but: 'there is no run of this plan file in its state folder',
    so: 'there is nothing to roll back; nothing has been changed',
    remedy: 'check the plan file, or name the folder with --state',
  };
}

/** Undefined when no entry is of a version to come: then the disk, or a hand, has changed it. */
function newerJournal(files: RunFiles, entries: readonly JournalEntry[]): Failure | undefined {
  const newest = Math.max(...entries.map(({ v }) => (Number.isInteger(v) ? v : 0)));
  if (newest <= JOURNAL_VERSION) return undefined;
  const [first] = entries;
  const program = first?.type === 'opened' ? first.program : 'the peershift';
  return {
    code: 'JOURNAL_INVALID',
    where: files.path,
    would: 'read what the run has done',
    but: `it is written in format version ${String(newest)}, and this peershift reads ${String(JOURNAL_VERSION)}`,
    so: 'what it means is not guessed at; nothing has been changed',
    remedy: `go on with ${program} that wrote it, or a newer one; peershift status shows the cluster itself`,
  };
}

function invalidJournal(files: RunFiles, reason: string): Failure {
  return {
    code: 'JOURNAL_INVALID',
    where: files.path,
    would: 'read what the run has done',
    but: reason,
    so: 'a history that no run can have is not built upon; nothing has been changed',
    remedy:
      'keep the folder for a look at what happened to its disk; peershift status shows the cluster itself',
  };
}
