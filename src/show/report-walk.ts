/** Turns the entries of a journal into the steps that were begun, each with its times and how it ended. */

import { parseIsoMs } from '../base/time.ts';
import type { JournalEntry } from '../model/journal.ts';
import { say } from '../model/laws.ts';
import { stepsBehind } from '../model/numbering.ts';
import type { ReportStep, ReportWindow } from '../model/report.ts';
import type { Direction } from '../model/rollout.ts';
import { type Step, memberOfStep } from '../model/step.ts';

export type EntryOf<T extends JournalEntry['type']> = Extract<JournalEntry, { type: T }>;

export interface Walked {
  readonly digest: string;
  readonly index: number;
  readonly plain: Step;
  readonly step: ReportStep;
}

/** Every step that was begun, in order, with the entry that ended it. */
export function walk(entries: readonly JournalEntry[]): readonly Walked[] {
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
    phase: step.phase,
    member: memberOfStep(step),
    say: say(step),
    result: 'maybe',
    begunAt: entry.at,
    endedAt: undefined,
    tookMs: undefined,
  };
}

/**
 * From the end of the step that opens a window to the end of the one that closes it, or to the end of the
 * run; undefined where some rollout was planned without its windows.
 */
export function windowsOf(
  walked: readonly Walked[],
  planned: readonly EntryOf<'planned'>[],
  endedAt: string,
): readonly ReportWindow[] | undefined {
  const windows: ReportWindow[] = [];
  for (const digest of new Set(walked.map((each) => each.digest))) {
    const known = planned.find((each) => each.digest === digest)?.windows;
    if (known === undefined) return undefined;
    const endOf = (index: number): string | undefined => {
      return walked.find((each) => each.digest === digest && each.index === index)?.step.endedAt;
    };
    for (const { fromStep, toStep, brokenPairs, because } of known) {
      const from = endOf(fromStep);
      if (from === undefined) continue;
      // A way back that was planned anew closes it by a step of its own; then this counts a little too much.
      const to = endOf(toStep) ?? nextRolloutAt(walked, digest) ?? endedAt;
      windows.push({ from, to, brokenPairs, because });
    }
  }
  return windows;
}

/** When the first step of the rollout after this one began. */
function nextRolloutAt(walked: readonly Walked[], digest: string): string | undefined {
  const last = walked.findLastIndex((each) => each.digest === digest);
  return walked[last + 1]?.step.begunAt;
}

export function ofType<T extends JournalEntry['type']>(
  entries: readonly JournalEntry[],
  type: T,
): readonly EntryOf<T>[] {
  return entries.filter((entry): entry is EntryOf<T> => entry.type === type);
}

/** Milliseconds; undefined when one of the times cannot be read. */
export function between(from: string, to: string): number | undefined {
  const [fromMs, toMs] = [parseIsoMs(from), parseIsoMs(to)];
  return fromMs === undefined || toMs === undefined ? undefined : toMs - fromMs;
}
