/**
 * Turns a proven rollout and a run's folder into a run that was carried out: its log, its journal, its doors,
 * the machine, and the report at the end. run, resume, rollback and rescue all end here.
 */

import { type Result, ok } from './base/result.ts';
import { type Commanded, keptDiffs, refused, saveReport } from './engine-command.ts';
import { exitOfRun } from './engine-exit.ts';
import type { Ended, Prepared } from './engine-types.ts';
import { canaryPrefix } from './model/canary.ts';
import type { Failure } from './model/failure.ts';
import type { JournalBody } from './model/journal.ts';
import type { RunState } from './model/run-state.ts';
import type { EventSink, RunFiles } from './ports.ts';
import { type DriveInput, drive } from './run/driver.ts';
import { type JournalWriter, makeJournalWriter } from './run/journal-writer.ts';
import type { MachineOutput } from './run/machine-types.ts';
import type { RunDoors } from './run/run-doors.ts';

/** What only the command knows how to do; the other doors follow from the cluster and the folder. */
export type Skills = Pick<RunDoors, 'observe' | 'planAgain' | 'issue' | 'peers' | 'dialLinks'>;

export interface Drive {
  readonly command: Pick<Commanded, 'rim' | 'options' | 'onStop'>;
  readonly prepared: Prepared;
  readonly files: RunFiles;
  /** Where the journal stands that is gone on with; undefined: it begins. */
  readonly past: RunState | undefined;
  /** The first entry that is written now. */
  readonly opening: JournalBody;
  readonly skills: (journal: JournalWriter) => Skills;
  readonly how: Omit<DriveInput, 'doors' | 'proven'>;
  /** A rollback that was asked for ends with 0. */
  readonly wasCommanded: boolean;
}

/** How the machine ended, before it is told; and what a finished run leaves beside its report. */
export interface Ending {
  readonly judged: (ended: MachineOutput) => MachineOutput;
  readonly handoff: (ended: MachineOutput, events: EventSink) => Promise<string | undefined>;
}

const AS_IT_ENDED: Ending = {
  judged: (ended) => ended,
  handoff: () => Promise.resolve(undefined),
};

export async function carryOut(work: Drive, ending: Ending = AS_IT_ENDED): Promise<Ended> {
  const { command, prepared, files, past } = work;
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
      ...(past === undefined ? {} : { from: past }),
    });
    const opened: Result<undefined, Failure> = await journal.write(await openingOf(work));
    if (!opened.ok) return refused([opened.error]);
    const doors = { ...clusterDoors(work, journal, events), ...work.skills(journal) };
    const watchesWrites = options.watchesWrites === true;
    const running = drive({ ...work.how, watchesWrites, doors, proven: prepared.proven });
    command.onStop(running.stop);
    const listening = files.onPauseAsked(() => {
      running.stop('PAUSE');
    });
    const ended = ending.judged(await running.ended.finally(() => listening.stop()));
    const { outcome, failure } = ended;
    const reportPath = await saveReport(files, journal.state());
    return {
      exit: exitOfRun(outcome, failure, work.wasCommanded),
      state: journal.state(),
      failures: failure === undefined ? [] : [failure],
      reportPath,
      handoffPath: await ending.handoff(ended, events),
    };
  } finally {
    await log.close();
  }
}

/** A new run also keeps what it is about to make of people's files. */
async function openingOf({ opening, command, prepared }: Drive): Promise<JournalBody> {
  if (opening.type !== 'opened') return opening;
  return { ...opening, diffs: await keptDiffs(command.rim, prepared) };
}

function clusterDoors(
  { command: { rim }, prepared: { observed }, files }: Drive,
  journal: JournalWriter,
  events: EventSink,
): Omit<RunDoors, keyof Skills> {
  const { members, clusterId } = observed;
  return {
    ...rim,
    members: rim.doors,
    etcd: new Map(
      members.map(({ name, endpoint, clientUrls }) => {
        return [name, rim.openEtcd(endpoint.known ? endpoint.value : (clientUrls[0] ?? ''))];
      }),
    ),
    ids: new Map(members.map(({ name, id }) => [name, id])),
    seenDigests: new Map(
      members.flatMap(({ name, configDigest }) => {
        return configDigest.known ? [[name, configDigest.value] as const] : [];
      }),
    ),
    events,
    journal,
    backupPath: files.backupPath,
    lockKey: `/peershift/${clusterId}/lock`,
    canaryPrefix: canaryPrefix(clusterId),
    lockOwner: lockOwner(files),
    marker: `peershift-${files.id}`,
  };
}

/** Named by the run, so that its own resume, from whatever machine, is known to be its own. */
function lockOwner(files: RunFiles): string {
  return `peershift run ${files.id}`;
}

/** What the runs of this state folder call themselves, whether or not they came to their end. */
export async function ownersIn(rim: Commanded['rim']): Promise<Result<readonly string[], Failure>> {
  const runs = await rim.store.list();
  return runs.ok ? ok(runs.value.map(lockOwner)) : runs;
}
