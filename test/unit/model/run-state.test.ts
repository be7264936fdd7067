/** Goal: a journal folds into where its run stands, and a history that no run can have is refused. */

import { describe, expect, it } from 'vitest';
import { memberName, runId, stepId } from '../../../src/model/ids.ts';
import {
  type JournalBody,
  type JournalEntry,
  type JournalState,
  LEGAL_NEXT,
} from '../../../src/model/journal.ts';
import {
  EMPTY_RUN,
  backupPathOf,
  foldEntry,
  foldJournal,
  installedFiles,
  writtenDigests,
} from '../../../src/model/run-state.ts';
import { failureWith } from '../../support/fake-doors.ts';
import {
  beginning,
  entriesOf,
  planned,
  stateOf,
  stepBodies,
  wholeRun,
} from '../../support/journals.ts';
import { provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const proven = provenFor(httpWorld(3), undefined, 'forward only');
const { steps } = proven.rollout;
const [first] = steps;
const id = first?.id ?? stepId('none');
const failure = failureWith('STEP_FAILED', 'it failed');

const OPENED = beginning(proven).slice(0, 1);
const READY = beginning(proven);
const ACTING: readonly JournalBody[] = [...READY, { type: 'intended', step: id, index: 0 }];

/** A history that ends in the state. */
const HISTORIES: Readonly<Record<JournalState, readonly JournalBody[]>> = {
  none: [],
  opened: OPENED,
  ready: READY,
  acting: ACTING,
  failed: [...ACTING, { type: 'failed', step: id, failure }],
  closed: [...READY, { type: 'closed', outcome: 'paused', failure: undefined }],
  final: [...READY, { type: 'closed', outcome: 'done', failure: undefined }],
};

const BODIES: Readonly<Record<JournalBody['type'], JournalBody>> = {
  opened: OPENED[0] ?? { type: 'unlocked' },
  resumed: { type: 'resumed', direction: 'rollback', openIntent: undefined },
  locked: { type: 'locked', key: '/lock', leaseId: '1', createRevision: '2' },
  planned: planned(proven, 'again'),
  intended: { type: 'intended', step: id, index: 0 },
  done: { type: 'done', step: id, effects: [] },
  failed: { type: 'failed', step: id, failure },
  gate: { type: 'gate', step: id, verdict: { kind: 'pass', evidence: 'good' }, tookMs: 1 },
  noted: { type: 'noted', what: 'a file was changed' },
  watched: { type: 'watched', samples: [] },
  canary: {
    type: 'canary',
    told: {
      does: ['writes'],
      members: [],
      writes: 0,
      lost: 0,
      longestGapMs: 0,
      longestGapAt: undefined,
      keepalives: 0,
      failedKeepalives: 0,
      expired: 0,
    },
  },
  unlocked: { type: 'unlocked' },
  closed: { type: 'closed', outcome: 'paused', failure: undefined },
};

const ALL = (Object.keys(HISTORIES) as JournalState[]).flatMap((state) =>
  (Object.keys(BODIES) as JournalBody['type'][]).map((type) => ({
    state,
    type,
    verb: LEGAL_NEXT[state].includes(type) ? 'may' : 'cannot',
  })),
);

function changed(entry: JournalEntry | undefined, changes: Partial<JournalEntry>): JournalEntry {
  return { ...entry, ...changes } as JournalEntry;
}

describe('an entry', () => {
  it.each(ALL)('$type $verb follow in state $state', ({ state, type, verb }) => {
    const history = HISTORIES[state];
    const before = stateOf(entriesOf(history));
    expect(before.state).toBe(state);
    const next = foldJournal(entriesOf([...history, BODIES[type]]));
    expect(next.ok).toBe(verb === 'may');
    if (next.ok) return;
    expect(next.error).toBe(
      `entry ${String(history.length + 1)} (${type}) cannot follow in state ${state}`,
    );
  });

  it.each([
    ['another format version', { v: 2 as never }, 'has format version 2, this program reads 1'],
    ['a gap in its numbers', { seq: 9 }, 'should have number 4'],
    ['the run of somebody else', { run: runId('other') }, 'belongs to run other'],
  ])('with %s is refused', (_what, changes, error) => {
    const entries = entriesOf([...READY, BODIES.noted]);
    const last = changed(entries.at(-1), changes);
    expect(foldEntry(stateOf(entries.slice(0, -1)), last)).toMatchObject({
      ok: false,
      error: expect.stringContaining(error) as unknown,
    });
  });

  it('intends only the step that stands at its number', () => {
    const wrong: JournalBody = { type: 'intended', step: id, index: 3 };
    expect(foldJournal(entriesOf([...READY, wrong]))).toMatchObject({
      ok: false,
      error: `entry 4 (intended): step ${id} is not number 3 of the rollout`,
    });
  });

  it.each(['done', 'failed'] as const)('%s needs the intent of the same step', (type) => {
    const wrong = { ...BODIES[type], step: stepId('other/m1') } as JournalBody;
    expect(foldJournal(entriesOf([...ACTING, wrong]))).toMatchObject({
      ok: false,
      error: `entry 5 (${type}): step other/m1 was not intended`,
    });
  });
});

describe('the table of what may follow', () => {
  const from = (type: JournalBody['type']): readonly string[] =>
    (Object.keys(HISTORIES) as JournalState[]).filter((state) => LEGAL_NEXT[state].includes(type));

  it('lets a hand move only behind a plan, and be recorded only behind its intent', () => {
    expect(from('intended')).toEqual(['ready']);
    expect(from('done')).toEqual(['acting']);
    expect(from('failed')).toEqual(['acting']);
    expect(from('gate')).toEqual(['ready']);
  });

  it('opens a journal once, and lets any run be taken up again', () => {
    expect(from('opened')).toEqual(['none']);
    expect(from('resumed')).toEqual(['opened', 'ready', 'acting', 'failed', 'closed', 'final']);
  });

  it('plans nothing in the middle of an act or behind the end', () => {
    expect(from('planned')).toEqual(['opened', 'ready', 'failed']);
  });
});

describe('a fold', () => {
  it('goes on counting over the rest of a rollout that is planned again, and not over a resume', () => {
    const rest = { ...planned(proven, 'made'), steps: steps.slice(1) } as JournalBody;
    expect(stateOf(entriesOf([...READY, rest])).stepsBehind).toBe(1);
    expect(stateOf(entriesOf([...READY, rest, rest])).stepsBehind).toBe(1);
    const closed: JournalBody = { type: 'closed', outcome: 'paused', failure: undefined };
    const bodies = [...READY, closed, BODIES.resumed, rest];
    expect(stateOf(entriesOf(bodies)).stepsBehind).toBe(0);
  });

  it('of nothing is a run that has not begun', () => {
    expect(stateOf([])).toEqual(EMPTY_RUN);
  });

  it('of a whole run knows its steps, its gates and its outcome', () => {
    const state = stateOf(entriesOf(wholeRun(proven)));
    expect(state).toMatchObject({ state: 'final', outcome: 'done', lock: undefined });
    expect(state.doneSteps).toEqual(steps.map((step) => step.id));
    expect(state.gates).toHaveLength(steps.filter((step) => step.after !== undefined).length);
    expect(state.openIntent).toBeUndefined();
  });

  it('of an intent that was not recorded as done is a maybe', () => {
    expect(stateOf(entriesOf(ACTING)).openIntent).toBe(id);
    const resumed = stateOf(entriesOf([...ACTING, BODIES.resumed]));
    expect(resumed).toMatchObject({ state: 'opened', openIntent: id, direction: 'rollback' });
  });

  it('knows whom the run has stopped or started, or may have', () => {
    const index = steps.findIndex((step) => step.kind === 'restart-member');
    const restart = steps[index]?.id ?? id;
    const bodies = [
      ...READY,
      ...steps.slice(0, index).flatMap((_step, at) => stepBodies(steps, at)),
      { type: 'intended', step: restart, index } as const,
    ];
    expect(stateOf(entriesOf(bodies)).handled).toEqual([memberName('m2')]);
  });

  it('remembers who did not start again, until it did', () => {
    const index = steps.findIndex((step) => step.kind === 'restart-member');
    const restart = steps[index]?.id ?? id;
    const down = failureWith('START_FAILED', 'its process ended');
    const bodies: readonly JournalBody[] = [
      ...READY,
      { type: 'intended', step: restart, index },
      { type: 'failed', step: restart, failure: down },
    ];
    expect(stateOf(entriesOf(bodies)).failedStarts).toEqual(['m2']);
    const later = [...bodies, planned(proven, 'again'), ...stepBodies(steps, index)];
    expect(stateOf(entriesOf(later)).failedStarts).toEqual([]);
  });

  it('keeps what a failed step had done, and what an open intent is seen to have done', () => {
    const effect = {
      kind: 'file-installed',
      member: memberName('m1'),
      path: '/etc/etcd/pki/ca.pem',
      digest: 'f1',
    } as const;
    const failed: JournalBody = { type: 'failed', step: id, failure, effects: [effect] };
    const found: JournalBody = {
      type: 'resumed',
      direction: 'forward',
      openIntent: id,
      effects: [effect],
    };
    for (const body of [failed, found]) {
      const state = stateOf(entriesOf([...ACTING, body]));
      expect([...installedFiles(state, memberName('m1'))]).toEqual([
        ['/etc/etcd/pki/ca.pem', 'f1'],
      ]);
    }
  });

  it('knows the first original of a config file, every digest written, and the files still there', () => {
    const state = stateOf(entriesOf(wholeRun(proven)));
    const m2 = memberName('m2');
    expect(backupPathOf(state, m2)).toBe('/etc/default/etcd.peershift-20261122T054119-k3f9');
    expect(writtenDigests(state, m2).length).toBeGreaterThan(0);
    expect(installedFiles(state, m2).size).toBe(3);
    const removed = { kind: 'file-removed', member: m2, path: '/etc/etcd/pki/peer.pem' } as const;
    const fewer = { ...state, effects: [...state.effects, removed] };
    expect(installedFiles(fewer, m2).size).toBe(2);
    expect(backupPathOf(EMPTY_RUN, m2)).toBeUndefined();
  });
});
