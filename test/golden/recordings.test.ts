/**
 * Goal: what a person saw at the terminal of a real run can be read again. Method: journals of real runs, one done, one
 * whose gate failed, and one that was paused and taken up again, told by the code of today.
 */

import { describe, expect, it } from 'vitest';

import type { JournalEntry } from '../../src/model/journal.ts';
import { foldJournal } from '../../src/model/run-state.ts';
import { failureText } from '../../src/show/failure-text.ts';
import { type KnownSteps, knownAfter, progressLine } from '../../src/show/progress.ts';
import { hanging } from '../../src/show/wrap.ts';
import { textOf } from '../support/checkout.ts';
import { expectGolden } from '../support/golden.ts';

const COLUMNS = 120;

/** Each command as it was typed, and the entry that is the first of its process. */
const RECORDED: Readonly<Record<string, readonly string[]>> = {
  done: ['peershift run plan.yaml --yes --watch-writes'],
  resumed: [
    'peershift run plan.yaml --yes --accept-downtime --pause-after 3',
    'peershift resume plan.yaml --yes --accept-downtime',
  ],
  'rolled-back': ['peershift run plan.yaml --yes --watch-writes'],
};

function entriesOf(name: string): readonly JournalEntry[] {
  const lines = textOf(`fixtures/journals/report-${name}.jsonl`).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as JournalEntry);
}

function recording(name: string): string {
  const entries = entriesOf(name);
  const commands = [...(RECORDED[name] ?? [])];
  let known: KnownSteps = { steps: [] };
  const lines = entries.flatMap((entry) => {
    const isFirst = entry.type === 'opened' || entry.type === 'resumed';
    const typed = isFirst ? [`$ ${commands.shift() ?? ''}`] : [];
    // A run that is taken up again shows a preview of its own, whose steps count from 1.
    known = knownAfter(entry.type === 'resumed' ? { steps: [] } : known, entry);
    const line = progressLine(entry, known);
    const told = line === undefined ? [] : hanging(`${entry.at.slice(11, 19)}  `, line, COLUMNS);
    const failure = entry.type === 'closed' ? entry.failure : undefined;
    return [...typed, ...told, ...(failure === undefined ? [] : [failureText(failure, 'failed')])];
  });
  return lines.join('\n');
}

describe('a recorded run', () => {
  it.each(Object.keys(RECORDED))('that was %s reads as its golden', (name) => {
    const state = foldJournal(entriesOf(name));
    expect(state.ok).toBe(true);
    expectGolden(`recordings/${name}.txt`, recording(name));
  });
});
