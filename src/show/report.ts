/** Turns a journal and its fold into the report of the run. */

import { durationText } from '../base/duration.ts';
import { joinedCanaries } from '../model/canary.ts';
import type { Effect, JournalEntry } from '../model/journal.ts';
import type {
  Report,
  ReportFailure,
  ReportFile,
  ReportSettings,
  ReportWindow,
} from '../model/report.ts';
import type { RunState } from '../model/run-state.ts';
import { CLIENT_FLAGS, OWNED_FLAGS } from '../model/settings.ts';
import { certificatesOf, dialsOf, writesOf } from './report-parts.ts';
import { type Walked, between, ofType, walk, windowsOf } from './report-walk.ts';

/** Where a rollout was planned without its windows, the degraded time is undefined, never guessed. */
export function reportOf(state: RunState, entries: readonly JournalEntry[]): Report {
  const opened = ofType(entries, 'opened')[0];
  const planned = ofType(entries, 'planned');
  const walked = walk(entries);
  const steps = walked.map(({ step }) => step);
  const windows = windowsOf(walked, planned, state.endedAt);
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
    members: (opened?.start ?? []).map(({ name }) => name),
    rollouts: planned.map(({ at, direction, because, steps: all, digest, leader, proof }) => {
      return { at, direction, because, stepCount: all.length, digest, leader, proof };
    }),
    steps,
    gates: ofType(entries, 'gate').map(({ step, at, verdict, tookMs, links, lines = [] }) => {
      const seen = links === undefined ? {} : { links };
      return { step, at, verdict, tookMs, lines, ...seen };
    }),
    restarts: restartsOf(state.effects),
    handOvers: ofType(entries, 'done').flatMap(({ at, effects }) => {
      return effects.flatMap((each) =>
        each.kind === 'led' ? [{ from: each.from, to: each.to, at }] : [],
      );
    }),
    degradedMs: degradedTime(windows),
    windows: windows ?? [],
    dials: dialsOf(walked, planned),
    writes: writesOf(entries),
    canary: joinedCanaries(ofType(entries, 'canary').map(({ told }) => told)),
    diffs: opened?.diffs ?? [],
    certificates: certificatesOf(walked, state.effects),
    files: filesOf(state.effects),
    settings: settingsOf(walked),
    backup: backupOf(state.effects),
    failures: failuresOf(entries),
    undone: steps
      .filter(({ direction, result }) => direction === 'rollback' && result === 'done')
      .filter(({ kind }) => kind !== 'check-links')
      .map((step) => step.say),
    accepted: [...new Set(planned.flatMap((entry) => entry.accepted))],
    notes: [...ofType(entries, 'noted').map((entry) => entry.what), ...standstills(state.effects)],
  };
}

function standstills(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'stood-still'
      ? [`all members were down together: nobody served for ${durationText(effect.ms)} (measured)`]
      : [],
  );
}

function restartsOf(effects: readonly Effect[]): Report['restarts'] {
  const counts = new Map<string, number>();
  for (const effect of effects) {
    if (effect.kind === 'restarted')
      counts.set(effect.member, (counts.get(effect.member) ?? 0) + 1);
  }
  return [...counts].map(([member, count]) => ({ member, count }));
}

function degradedTime(windows: readonly ReportWindow[] | undefined): number | undefined {
  const times = windows?.map(({ from, to }) => between(from, to));
  return times?.reduce(
    (sum, ms) => (sum === undefined || ms === undefined ? undefined : sum + ms),
    0,
  );
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
      const inOrder = [...OWNED_FLAGS, ...CLIENT_FLAGS].flatMap((flag) => {
        const value = values[flag];
        return value === undefined ? [] : [[flag, value] as const];
      });
      return { member, values: Object.fromEntries(inOrder) };
    });
}

function backupOf(effects: readonly Effect[]): Report['backup'] {
  const effect = effects.find((each) => each.kind === 'backed-up');
  if (effect?.kind !== 'backed-up') return undefined;
  const { path, sha256, sizeBytes, shown } = effect;
  return { path, sha256, sizeBytes, ...(shown === undefined ? {} : { shown }) };
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
    // A gate's failure is told at the end of the run, and was seen long before.
    const gate = entries.findLast((each) => each.type === 'gate' && each.verdict.kind === 'fail');
    const seenAt = failure.code.startsWith('GATE_') ? gate?.at : undefined;
    if (!isTold) found.push({ at: seenAt ?? at, step: undefined, failure });
  }
  return found;
}
