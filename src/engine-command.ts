/** What every command that changes things shares: its words, the lock of the state folder, its refusal, its report. */

import { configEdits } from './discover/config-edits.ts';
import type { Confirm, Ended, OnStop, Options, Prepared, Rim } from './engine-types.ts';
import { type Failure, exitOf } from './model/failure.ts';
import type { FileDiff, JournalEntry } from './model/journal.ts';
import type { SavedRollout } from './model/saved-rollout.ts';
import type { RunState } from './model/run-state.ts';
import type { RunFiles } from './ports.ts';
import { diffsOf } from './show/config-diff.ts';
import { reportPage } from './show/report-page.ts';
import { reportOf } from './show/report.ts';
import { reportJson } from './show/report-text.ts';

export interface Commanded {
  readonly rim: Rim;
  readonly options: Options;
  readonly confirm: Confirm;
  readonly onStop: OnStop;
  /** `run` of a saved rollout: this, and nothing else. */
  readonly expects?: SavedRollout | undefined;
}

/** `resume` and `rollback` wait for a run that is just stopping; `run` does not wait for another. */
export async function withStateLock(
  command: Commanded,
  waits: boolean,
  work: () => Promise<Ended>,
): Promise<Ended> {
  const { store, clock, desired } = command.rim;
  const id = command.options.newRunId();
  const giveUpAtMs = clock.nowMs() + desired.gates.timeoutMs;
  for (;;) {
    const lock = await store.lock(id, (reason) => {
      command.options.events.emit({ type: 'warning', text: reason });
    });
    if (lock.ok) {
      try {
        return await work();
      } finally {
        await lock.value.release();
      }
    }
    if (!waits || lock.error.code !== 'ALREADY_RUNNING' || clock.nowMs() > giveUpAtMs)
      return refused([lock.error]);
    await clock.sleep(500);
  }
}

export async function saveReport(files: RunFiles, state: RunState): Promise<string | undefined> {
  const entries = await files.readEntries();
  if (!entries.ok) return undefined;
  const report = reportOf(state, entries.value as readonly JournalEntry[]);
  const json = JSON.stringify(reportJson(report), undefined, 2);
  const saved = await files.saveReport(json, reportPage(report));
  return saved.ok ? saved.value : undefined;
}

/** What the rollout makes of the members' files, as it is kept in the journal: secrets are masked. */
export async function keptDiffs(rim: Rim, { proven }: Prepared): Promise<readonly FileDiff[]> {
  return diffsOf(await configEdits(rim.doors, proven.rollout.steps));
}

export function refused(failures: readonly Failure[]): Ended {
  const [first] = failures;
  const exit = first === undefined ? 3 : exitOf(first) === 4 ? 3 : exitOf(first);
  return { exit, state: undefined, failures, reportPath: undefined };
}
