/** Turns what happened into journal entries: numbered, checked against the legal transitions, durable, told. */

import { assert } from '../base/assert.ts';
import { isoTime } from '../base/time.ts';
import type { Failure } from '../model/failure.ts';
import type { RunId } from '../model/ids.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalEntry } from '../model/journal.ts';
import { EMPTY_RUN, type RunState, foldEntry } from '../model/run-state.ts';
import type { Answer, Clock, EventSink, JournalStore } from '../ports.ts';

export interface JournalWriter {
  /** Durable when it resolves; an entry that cannot follow is a bug of ours. */
  write(body: JournalBody): Answer<undefined>;
  /** The fold of all entries so far. */
  state(): RunState;
}

export interface JournalWriterInput {
  readonly store: JournalStore;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly run: RunId;
  /** The fold of what stands in the store already. */
  readonly from?: RunState;
}

export function makeJournalWriter(input: JournalWriterInput): JournalWriter {
  let state = input.from ?? EMPTY_RUN;
  return {
    async write(body) {
      const entry: JournalEntry = {
        v: JOURNAL_VERSION,
        run: input.run,
        seq: state.nextSeq,
        at: isoTime(input.clock.nowMs()),
        ...body,
      };
      const next = foldEntry(state, entry);
      assert(next.ok, next.ok ? '' : `the journal cannot take this: ${next.error}`);
      const written = await input.store.append(entry);
      if (!written.ok) return written;
      state = next.value;
      input.events.emit(body);
      return written;
    },
    state: () => state,
  };
}

/** What stops a run at once, in the words of a run. */
export function unwritable(failure: Failure): Failure {
  return {
    ...failure,
    so: 'a run whose journal cannot be written stops at once, and can be resumed',
    remedy: 'make room for the state folder, then peershift resume',
  };
}
