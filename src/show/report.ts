/** Turns a journal and its fold into the report of the run. */

import { parseIsoMs } from '../base/time.ts';
import type { Effect, JournalEntry } from '../model/journal.ts';
import { say } from '../model/laws.ts';
import { stepsBehind } from '../model/numbering.ts';
import type {
  Report,
  ReportFailure,
  ReportFile,
  ReportSettings,
  ReportStep,
} from '../model/report.ts';
import type { Direction } from '../model/rollout.ts';
import type { RunState } from '../model/run-state.ts';
import { OWNED_FLAGS } from '../model/settings.ts';
import type { Step } from '../model/step.ts';

type EntryOf<T extends JournalEntry['type']> = Extract<JournalEntry, { type: T }>;

/** Where a rollout was planned without its windows, the degraded time is undefined, never guessed. */
export function reportOf(state: RunState, entries: readonly JournalEntry[]): Report {
  const opened = ofType(entries, 'opened')[0];
  const planned = ofType(entries, 'planned');
  const walked = walk(entries);
  const steps = walked.map(({ step }) => step);
  return {
    run: state.run ?? '',
    program: opened?.program ?? '',
    plan: state.planName,
    planFile: state.planFile,
    cluster: state.clusterId,
    outcome: state.outcome ?? 'unfinished',
    direction: state.direction,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
    tookMs: between(state.startedAt, state.endedAt),
    rollouts: planned.map(({ at, direction, because, steps: all, digest }) => {
      return { at, direction, because, stepCount: all.length, digest };
    }),
    steps,
    gates: ofType(entries, 'gate').map(({ step, at, verdict, tookMs, links }) => {
      return { step, at, verdict, tookMs, ...(links === undefined ? {} : { links }) };
    }),
    restarts: restartsOf(state.effects),
    handOvers: ofType(entries, 'done').flatMap(({ at, effects }) => {
      return effects.flatMap((each) =>
        each.kind === 'led' ? [{ from: each.from, to: each.to, at }] : [],
      );
    }),
    degradedMs: degradedTime(walked, planned, state.endedAt),
    files: filesOf(state.effects),
    settings: settingsOf(walked),
    backup: backupOf(state.effects),
    failures: failuresOf(entries),
    undone: steps
      .filter(({ direction, result }) => direction === 'rollback' && result === 'done')
      .filter(({ kind }) => kind !== 'check-links')
      .map((step) => step.say),
    accepted: [...new Set(planned.flatMap((entry) => entry.accepted))],
    notes: ofType(entries, 'noted').map((entry) => entry.what),
  };
}

interface Walked {
  readonly digest: string;
  readonly index: number;
  readonly plain: Step;
  readonly step: ReportStep;
}

/** Every step that was begun, in order, with the entry that ended it. */
function walk(entries: readonly JournalEntry[]): readonly Walked[] {
  const walked: Walked[] = [];
  let rollout: EntryOf<'planned'> | undefined;
  let behind = 0;
  for (const entry of entries) {
    if (entry.type === 'resumed') rollout = undefined;
    if (entry.type === 'planned') {
      behind = stepsBehind({ steps: rollout?.steps ?? [], stepsBehind: behind }, entry.steps);
      rollout = entry;
    }
    const plain = entry.type === 'intended' ? rollout?.steps[entry.index] : undefined;
    if (entry.type === 'intended' && rollout !== undefined && plain !== undefined) {
      const { digest, direction } = rollout;
      walked.push({
        digest,
        index: entry.index,
        plain,
        step: begun(entry, plain, direction, behind),
      });
    }
    const last = walked.at(-1);
    if ((entry.type === 'done' || entry.type === 'failed') && last?.step.id === entry.step) {
      const tookMs = between(last.step.begunAt, entry.at);
      const step = { ...last.step, result: entry.type, endedAt: entry.at, tookMs };
      walked[walked.length - 1] = { ...last, step };
    }
  }
  return walked;
}

function begun(
  entry: EntryOf<'intended'>,
  step: Step,
  direction: Direction,
  behind: number,
): ReportStep {
  return {
    id: step.id,
    number: behind + entry.index + 1,
    direction,
    kind: step.kind,
    say: say(step),
    result: 'maybe',
    begunAt: entry.at,
    endedAt: undefined,
    tookMs: undefined,
  };
}

function restartsOf(effects: readonly Effect[]): Report['restarts'] {
  const counts = new Map<string, number>();
  for (const effect of effects) {
    if (effect.kind === 'restarted')
      counts.set(effect.member, (counts.get(effect.member) ?? 0) + 1);
  }
  return [...counts].map(([member, count]) => ({ member, count }));
}

/** From the end of the step that opens a window to the end of the one that closes it, or to the end of the run. */
function degradedTime(
  walked: readonly Walked[],
  planned: readonly EntryOf<'planned'>[],
  endedAt: string,
): number | undefined {
  let sum = 0;
  for (const digest of new Set(walked.map((each) => each.digest))) {
    const known = planned.find((each) => each.digest === digest)?.windows;
    if (known === undefined) return undefined;
    const endOf = (index: number): string | undefined => {
      return walked.find((each) => each.digest === digest && each.index === index)?.step.endedAt;
    };
    for (const window of known) {
      const from = endOf(window.fromStep);
      if (from === undefined) continue;
      // A way back that was planned anew closes it by a step of its own; then this counts a little too much.
      const time = between(from, endOf(window.toStep) ?? nextRolloutAt(walked, digest) ?? endedAt);
      if (time === undefined) return undefined;
      sum += time;
    }
  }
  return sum;
}

/** When the first step of the rollout after this one began. */
function nextRolloutAt(walked: readonly Walked[], digest: string): string | undefined {
  const last = walked.findLastIndex((each) => each.digest === digest);
  return walked[last + 1]?.step.begunAt;
}

function filesOf(effects: readonly Effect[]): readonly ReportFile[] {
  const files = new Map<string, ReportFile>();
  for (const effect of effects) {
    if (effect.kind === 'file-installed' || effect.kind === 'file-removed') {
      const { member, path } = effect;
      const isThere = effect.kind === 'file-installed';
      const digest = isThere ? effect.digest : undefined;
      files.set(`${member} ${path}`, {
        member,
        path,
        what: isThere ? 'installed' : 'removed',
        digest,
      });
    }
    if (effect.kind === 'config-written') {
      const { member, backupPath: path, digest } = effect;
      files.set(`${member} ${path}`, { member, path, what: 'config-original', digest });
    }
  }
  return [...files.values()].sort((a, b) =>
    a.member < b.member ? -1 : a.member > b.member ? 1 : 0,
  );
}

/** The net of all settings written; an original put back takes its member out. */
function settingsOf(walked: readonly Walked[]): readonly ReportSettings[] {
  const members = new Map<string, Record<string, string | null>>();
  for (const { plain, step } of walked) {
    if (step.result !== 'done') continue;
    if (plain.kind !== 'configure-member' && plain.kind !== 'record-cluster') continue;
    if (plain.kind === 'configure-member' && plain.restoresOriginal) {
      members.delete(plain.member);
      continue;
    }
    const values = members.get(plain.member) ?? {};
    for (const { flag, to } of plain.changes) values[flag] = to ?? null;
    members.set(plain.member, values);
  }
  return [...members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([member, values]) => {
      const inOrder = OWNED_FLAGS.flatMap((flag) => {
        const value = values[flag];
        return value === undefined ? [] : [[flag, value] as const];
      });
      return { member, values: Object.fromEntries(inOrder) };
    });
}

function backupOf(effects: readonly Effect[]): Report['backup'] {
  const effect = effects.find((each) => each.kind === 'backed-up');
  if (effect?.kind !== 'backed-up') return undefined;
  const { path, sha256, sizeBytes } = effect;
  return { path, sha256, sizeBytes };
}

function failuresOf(entries: readonly JournalEntry[]): readonly ReportFailure[] {
  const found: ReportFailure[] = [];
  for (const entry of entries) {
    if (entry.type === 'failed')
      found.push({ at: entry.at, step: entry.step, failure: entry.failure });
    if (entry.type !== 'closed' || entry.failure === undefined) continue;
    const { at, failure } = entry;
    // A run that ends because a step failed says the same failure again.
    const isTold = found.some(
      (each) => each.failure.code === failure.code && each.failure.but === failure.but,
    );
    if (!isTold) found.push({ at, step: undefined, failure });
  }
  return found;
}

function ofType<T extends JournalEntry['type']>(
  entries: readonly JournalEntry[],
  type: T,
): readonly EntryOf<T>[] {
  return entries.filter((entry): entry is EntryOf<T> => entry.type === type);
}

function between(from: string, to: string): number | undefined {
  const [fromMs, toMs] = [parseIsoMs(from), parseIsoMs(to)];
  return fromMs === undefined || toMs === undefined ? undefined : toMs - fromMs;
}
