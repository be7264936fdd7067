/**
 * Goal: whatever stands in a journal, reading it never throws, and every beginning of a good one is good.
 * Method: journals of whole runs, cut, shuffled, doubled and garbled; a failing case prints its seed.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/model/journal.ts';
import { foldEntry, foldJournal } from '../../src/model/run-state.ts';
import { entriesOf, stateOf, wholeRun } from '../support/journals.ts';
import { provenFor } from '../support/rollouts.ts';
import { httpWorld } from '../support/worlds.ts';

const journals = [1, 2, 3].map((size) => {
  const desired = undefined;
  if (size < 3)
    return entriesOf(wholeRun(provenFor(httpWorld(3), desired, 'forward only'))).slice(0, size * 9);
  return entriesOf(wholeRun(provenFor(httpWorld(3), desired, 'forward only')));
});
const journal = fc.constantFrom(...journals);

/** One field of one entry replaced by anything that JSON can hold. */
const garbled = fc
  .record({
    entries: journal,
    at: fc.nat(),
    field: fc.constantFrom(
      'type',
      'seq',
      'run',
      'v',
      'step',
      'index',
      'steps',
      'effects',
      'outcome',
    ),
    value: fc.jsonValue(),
  })
  .map(({ entries, at, field, value }) => {
    const index = at % entries.length;
    return entries.map((entry, nth) => {
      return nth === index ? { ...entry, [field]: value } : entry;
    });
  });

describe('a journal', () => {
  it('folds in each of its beginnings', () => {
    fc.assert(
      fc.property(journal, fc.nat(), (entries, length) => {
        expect(foldJournal(entries.slice(0, length % (entries.length + 1))).ok).toBe(true);
      }),
    );
  });

  it('folds the same as a whole and in two parts', () => {
    fc.assert(
      fc.property(journal, fc.nat(), (entries, cut) => {
        const at = cut % (entries.length + 1);
        let state = stateOf(entries.slice(0, at));
        for (const entry of entries.slice(at)) {
          const next = foldEntry(state, entry);
          if (!next.ok) throw new Error(next.error);
          state = next.value;
        }
        expect(state).toEqual(stateOf(entries));
      }),
    );
  });

  it('survives its JSON', () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const read = entries.map((entry) => JSON.parse(JSON.stringify(entry)) as JournalEntry);
        expect(JSON.stringify(stateOf(read))).toBe(JSON.stringify(stateOf(entries)));
      }),
    );
  });

  it('in another order is refused, never thrown', () => {
    fc.assert(
      fc.property(
        journal.chain((entries) =>
          fc.shuffledSubarray([...entries], {
            minLength: entries.length,
            maxLength: entries.length,
          }),
        ),
        (entries) => {
          const isInOrder = entries.every((entry, index) => entry.seq === index + 1);
          expect(foldJournal(entries).ok).toBe(isInOrder);
        },
      ),
    );
  });

  it('with an entry doubled or left out is refused', () => {
    fc.assert(
      fc.property(journal, fc.nat(), fc.boolean(), (entries, at, isDoubled) => {
        const index = at % (entries.length - 1);
        const one = entries.slice(index, index + 1);
        const changed = [
          ...entries.slice(0, index),
          ...(isDoubled ? [...one, ...one] : []),
          ...entries.slice(index + 1),
        ];
        expect(foldJournal(changed).ok).toBe(false);
      }),
    );
  });

  it('with a garbled entry folds or is refused, and never throws', () => {
    fc.assert(
      fc.property(garbled, (entries) => {
        expect(typeof foldJournal(entries).ok).toBe('boolean');
      }),
      { numRuns: 1000 },
    );
  });
});
