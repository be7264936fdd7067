/**
 * Goal: the statechart of a run cannot skip what makes it safe. Method: every reachable state of the
 * chart for a short rollout with two groups, every answer of every hand, and STOP everywhere; then
 * random scripts whose journal must be one that a run can have.
 */

import fc from 'fast-check';
import { getAdjacencyMap } from 'xstate/graph';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/model/failure.ts';
import type { Verdict } from '../../src/model/gate.ts';
import type { JournalBody, JournalEntry } from '../../src/model/journal.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import type { Step } from '../../src/model/step.ts';
import { foldJournal } from '../../src/model/run-state.ts';
import {
  type Answer,
  type Context,
  MAX_REPLANS,
  type MachineInput,
  type MachineOutput,
  type RunActors,
} from '../../src/run/machine-types.ts';
import { makeJournalWriter } from '../../src/run/journal-writer.ts';
import { runMachine, startMachine } from '../../src/run/machine.ts';
import { FakeClock, failureWith } from '../support/fake-doors.ts';
import { RUN, beginning } from '../support/journals.ts';
import { provenFor } from '../support/rollouts.ts';
import { NOW_MS, httpWorld } from '../support/worlds.ts';

const whole = provenFor(httpWorld(3), undefined, 'forward only');

/** Two groups and what stands between them; the worlds are of no matter to the chart. */
const proven = cut(['issue/all', 'install/m1', 'advertise/m2', 'configure/m2', 'restart/m2']);
/** After the certificates are made. */
const afterIssue = ['install/m1', 'advertise/m2', 'configure/m2', 'restart/m2'];
const onward = cut(afterIssue);
const back = { ...onward, rollout: { ...onward.rollout, direction: 'rollback' as const } };

function cut(ids: readonly string[]): ProvenRollout {
  const steps = whole.rollout.steps.filter(({ id }) => ids.includes(id));
  expect(steps).toHaveLength(ids.length);
  return { ...whole, rollout: { ...whole.rollout, steps } };
}

const OURS = failureWith('STEP_FAILED', 'it failed');
const FOREIGN = failureWith('MEMBER_DOWN', 'm3 is down');
const PASS: Verdict = { kind: 'pass', evidence: 'all good' };

function gated(verdict: Verdict): Answer {
  const failure = verdict.kind === 'pass' ? undefined : OURS;
  return { kind: 'good', gated: { verdict, failure, tookMs: 1, links: undefined } };
}

const GOOD: Answer = { kind: 'good' };
const BAD_OURS: Answer = { kind: 'bad', fault: 'ours', failure: OURS };
const BAD_FOREIGN: Answer = { kind: 'bad', fault: 'foreign', failure: FOREIGN };

type HandName = keyof RunActors;

/** Every answer that a hand may give. */
const ANSWERS: Readonly<Record<HandName, readonly Answer[]>> = {
  acquire: [GOOD, BAD_OURS],
  recordPlan: [GOOD, BAD_OURS],
  look: [
    GOOD,
    { kind: 'moved', because: 'another leads', failure: failureWith('STALE_WORLD', 'moved') },
    BAD_OURS,
    BAD_FOREIGN,
  ],
  intend: [GOOD, BAD_OURS],
  perform: [GOOD, BAD_OURS, BAD_FOREIGN],
  recordDone: [GOOD, BAD_OURS],
  recordFailed: [GOOD, BAD_OURS],
  gate: [
    gated(PASS),
    gated({ kind: 'fail', because: 'a dead link', fault: 'ours' }),
    gated({ kind: 'fail', because: 'm3 is down', fault: 'foreign' }),
  ],
  recordGate: [GOOD, BAD_OURS],
  planAgain: [{ kind: 'good', proven: onward }, BAD_OURS],
  close: [GOOD, BAD_OURS],
};

const HAND_OF: Readonly<Record<string, HandName>> = Object.fromEntries(
  Object.entries(runMachine.config.states ?? {}).flatMap(([state, config]) => {
    const invoke = config.invoke as { readonly src: HandName } | undefined;
    return invoke === undefined ? [] : [[state, invoke.src] as const];
  }),
);

interface Seen {
  readonly value: string;
  readonly context: Context;
}

interface Edge {
  readonly from: Seen;
  readonly to: Seen;
  readonly event: { readonly type: string; readonly output?: Answer };
}

interface Transition {
  readonly state: Seen;
  readonly event: Edge['event'];
}

const INPUT: MachineInput = {
  proven,
  onFailure: 'rollback',
  pauses: {},
  because: 'the plan file',
  hasTouched: false,
};

/** Every state with every answer; the count of new plans is kept small so that the map is finite. */
function allEdges(): readonly Edge[] {
  const map = getAdjacencyMap(runMachine, {
    input: INPUT,
    limit: 200_000,
    events: ((snapshot: { value: unknown; context: Context }) => {
      const value = String(snapshot.value);
      const hand = HAND_OF[value];
      const answers = hand === undefined ? [] : ANSWERS[hand];
      const { replans } = snapshot.context;
      const isTold = (answer: Answer): boolean => {
        if (value === 'looking') return answer.kind !== 'moved' || replans === 0;
        return value !== 'planning' || answer.kind !== 'good' || replans < 3;
      };
      return [
        ...answers
          .filter(isTold)
          .map((output) => ({ type: `xstate.done.actor.0.run.${value}`, output })),
        { type: 'STOP' },
      ];
    }) as never,
    serializeState: (state: unknown) => {
      const { value, context } = state as Seen;
      // What is said to people makes no state of its own.
      const kept = {
        ...context,
        proven: context.proven.rollout.steps.length,
        failure: context.failure?.code,
        gated: context.gated?.verdict,
        effects: 0,
        because: '',
      };
      return JSON.stringify([value, kept]);
    },
  });
  return Object.values(map).flatMap(({ state, transitions }) => {
    const found = Object.values(transitions as Readonly<Record<string, Transition>>);
    const from = state as Seen;
    return found.map(({ event, state: to }) => ({ from, to, event }));
  });
}

const edges = allEdges();

function stepOf({ context }: Seen): Step | undefined {
  return context.proven.rollout.steps[context.index];
}

describe('the chart', () => {
  it('reaches each of its states', () => {
    const reached = new Set(edges.flatMap(({ from, to }) => [from.value, to.value]));
    // Passed through at once, so a snapshot never rests there.
    const resting = Object.entries(runMachine.config.states ?? {})
      .filter(([, config]) => config.always === undefined)
      .map(([state]) => state);
    expect([...reached].sort()).toEqual(resting.sort());
    expect(edges.length).toBeGreaterThan(500);
  });

  it('goes to the next step only after the last one is recorded as done, and its gate has passed', () => {
    const steps = edges.filter(({ from, to }) => to.context.index > from.context.index);
    expect(steps.length).toBeGreaterThan(0);
    for (const { from, to } of steps) {
      expect(to.context.index).toBe(from.context.index + 1);
      const isGated = stepOf(from)?.after !== undefined;
      expect(from.value).toBe(isGated ? 'recordingGate' : 'recordingDone');
      if (isGated) expect(from.context.gated?.verdict.kind).toBe('pass');
    }
  });

  it('moves a hand only after its intent is durable, and only at what was just looked at', () => {
    for (const { from, to, event } of edges) {
      if (to.value === 'performing' && from.value !== 'performing') {
        expect(from.value).toBe('intending');
        expect(event.output?.kind).toBe('good');
      }
      if (to.value === 'intending' && from.value !== 'intending') {
        expect(from.value).toBe('looking');
      }
    }
  });

  it('begins a plan anew only after it was planned, proven and recorded', () => {
    for (const { from, to } of edges) {
      if (from.context.proven !== to.context.proven) expect(from.value).toBe('planning');
      if (from.value === 'planning' && to.value !== 'planning') {
        expect(['recordingPlan', 'closing']).toContain(to.value);
      }
    }
  });

  it('stops at once when the journal cannot be written', () => {
    const recording = ['recordPlan', 'intend', 'recordDone', 'recordFailed', 'recordGate'];
    const lost = edges.filter(({ from, event }) => {
      return recording.includes(HAND_OF[from.value] ?? '') && event.output?.kind === 'bad';
    });
    expect(lost.length).toBeGreaterThan(0);
    for (const { to } of lost) {
      expect(to.value).toBe('closing');
      expect(to.context.outcome).toBe('paused');
    }
  });

  it('is refused, not rolled back, as long as nothing was touched', () => {
    for (const { to } of edges) {
      if (to.value === 'closing' && to.context.outcome === 'refused') {
        expect(to.context.hasTouched).toBe(false);
      }
      if (to.context.direction === 'rollback' && to.context.proven === proven) {
        expect(to.context.hasTouched).toBe(true);
      }
    }
  });
});

interface Script {
  readonly answer: (hand: HandName, context: Context, nth: number) => Answer;
  readonly onHand?: (
    hand: HandName,
    context: Context,
    stop: (how: 'STOP' | 'PAUSE') => void,
  ) => void;
}

/** The chart with hands that answer by a script and write the journal that the driver would write. */
async function play(
  script: Script,
  input: Partial<MachineInput> = {},
): Promise<{
  readonly output: MachineOutput;
  readonly hands: readonly string[];
  readonly entries: readonly JournalEntry[];
}> {
  const entries: JournalEntry[] = [];
  const hands: string[] = [];
  const journal = makeJournalWriter({
    store: {
      append: (entry) => {
        entries.push(entry);
        return Promise.resolve({ ok: true, value: undefined });
      },
    },
    events: { emit: () => undefined },
    clock: new FakeClock(NOW_MS),
    run: RUN,
  });
  const [opened] = beginning(proven);
  if (opened !== undefined) await journal.write(opened);
  let stop: (how: 'STOP' | 'PAUSE') => void = () => undefined;
  const hand =
    (name: HandName) =>
    async (context: Context): Promise<Answer> => {
      hands.push(`${name} ${String(context.index)}`);
      script.onHand?.(name, context, stop);
      const answer = script.answer(name, context, hands.length);
      const body = bodyOf(name, context, answer);
      if (body !== undefined && answer.kind === 'good') await journal.write(body);
      return answer;
    };
  const names = Object.keys(ANSWERS) as HandName[];
  const actors = Object.fromEntries(
    names.map((name) => [name, hand(name)]),
  ) as unknown as RunActors;
  const running = startMachine(actors, { ...INPUT, ...input });
  stop = running.stop;
  return { output: await running.ended, hands, entries };
}

function bodyOf(name: HandName, context: Context, answer: Answer): JournalBody | undefined {
  const { steps, direction } = context.proven.rollout;
  const step = steps[context.index];
  if (name === 'recordPlan') {
    return {
      type: 'planned',
      direction,
      because: context.because,
      steps,
      digest: 'd',
      accepted: [],
    };
  }
  if (name === 'close') {
    return { type: 'closed', outcome: context.outcome, failure: context.failure };
  }
  if (step === undefined) return undefined;
  const { id } = step;
  if (name === 'intend') return { type: 'intended', step: id, index: context.index };
  if (name === 'recordDone') return { type: 'done', step: id, effects: [] };
  if (name === 'recordFailed') {
    return { type: 'failed', step: id, failure: context.failure ?? answer.failure ?? OURS };
  }
  if (name !== 'recordGate') return undefined;
  return { type: 'gate', step: id, verdict: context.gated?.verdict ?? PASS, tookMs: 1 };
}

function goodAnswer(hand: HandName): Answer {
  if (hand === 'gate') return gated(PASS);
  return hand === 'planAgain' ? { kind: 'good', proven: onward } : GOOD;
}

describe('a run that is asked to stop', () => {
  const places = edges
    .map(({ from }) => from)
    .filter(({ value, context }) => value in HAND_OF && context.direction === 'forward')
    .map(({ value, context }) => `${HAND_OF[value] ?? ''} ${String(context.index)}`);
  const each = [...new Set(places)].sort();

  it.each(each)(
    'at hand %s: finishes the group in hand and begins no other step',
    async (place) => {
      let askedAt: Context | undefined;
      const { output, hands } = await play({
        answer: goodAnswer,
        onHand: (hand, context, stop) => {
          const isIt = `${hand} ${String(context.index)}` === place;
          if (!isIt || askedAt !== undefined || hand === 'acquire') return;
          askedAt = context;
          stop('STOP');
        },
      });
      if (askedAt === undefined) return;
      const steps = askedAt.proven.rollout.steps;
      const last = hands.filter((hand) => hand.startsWith('perform')).at(-1);
      const performed = last === undefined ? undefined : steps[Number(last.split(' ')[1])];
      const isOpen = performed?.id === 'advertise/m2' || performed?.id === 'configure/m2';
      expect(isOpen).toBe(false);
      expect(['interrupted', 'done']).toContain(output.outcome);
      if (output.outcome === 'done') expect(hands).toContain('perform 3');
    },
  );

  it('inside a group whose plan was made anew: the first group of the new plan ends it', async () => {
    const rest = cut(['configure/m2', 'restart/m2', 'install/m1']);
    const ordered = ['configure/m2', 'restart/m2', 'install/m1'].flatMap((id) =>
      rest.rollout.steps.filter((step) => step.id === id),
    );
    const again = { ...rest, rollout: { ...rest.rollout, steps: ordered } };
    let hasMoved = false;
    const { output, hands } = await play(
      {
        answer: (hand, context) => {
          const step = context.proven.rollout.steps[context.index];
          if (hand === 'planAgain') return { kind: 'good', proven: again };
          if (hand !== 'look' || step?.id !== 'configure/m2' || hasMoved) return goodAnswer(hand);
          hasMoved = true;
          return { kind: 'moved', because: 'another leads' };
        },
        onHand: (hand, _context, stop) => {
          if (hand === 'planAgain') stop('STOP');
        },
      },
      { proven: onward },
    );
    expect(output.outcome).toBe('interrupted');
    expect(
      hands.slice(hands.indexOf('planAgain 2')).filter((each) => each.includes('perform')),
    ).toEqual(['perform 0', 'perform 1']);
  });

  it('by PAUSE: the outcome is paused', async () => {
    const { output } = await play({
      answer: goodAnswer,
      onHand: (hand, _context, stop) => {
        if (hand === 'recordPlan') stop('PAUSE');
      },
    });
    expect(output.outcome).toBe('paused');
  });
});

describe('a world that keeps moving', () => {
  it('is planned for anew a bounded number of times, and then the run says so', async () => {
    const { output, hands } = await play({
      answer: (hand) =>
        hand === 'look'
          ? { kind: 'moved', because: 'm1 leads', failure: failureWith('STALE_WORLD', 'm1 leads') }
          : goodAnswer(hand),
    });
    expect(hands.filter((hand) => hand.startsWith('planAgain'))).toHaveLength(MAX_REPLANS);
    expect(output).toMatchObject({ outcome: 'paused', failure: { code: 'STALE_WORLD' } });
  });
});

describe('certificates that are made and never found', () => {
  it('are not made for ever', async () => {
    const { hands } = await play({
      answer: (hand) => (hand === 'planAgain' ? { kind: 'good', proven } : goodAnswer(hand)),
    });
    const plans = hands.filter((hand) => hand.startsWith('planAgain'));
    expect(plans).toHaveLength(MAX_REPLANS);
  });
});

describe('a failure of ours', () => {
  const failing: Script['answer'] = (hand, context) => {
    const step = context.proven.rollout.steps[context.index];
    const fails =
      hand === 'perform' && step?.id === 'restart/m2' && context.direction === 'forward';
    if (fails) return BAD_OURS;
    if (hand !== 'planAgain') return goodAnswer(hand);
    return { kind: 'good', proven: context.direction === 'forward' ? onward : back };
  };

  it('turns the run back, once, and the way back ends it', async () => {
    const { output, entries } = await play({ answer: failing });
    expect(output).toMatchObject({ outcome: 'rolled-back', failure: { code: 'STEP_FAILED' } });
    const plans = entries.flatMap((entry) => (entry.type === 'planned' ? [entry.direction] : []));
    expect(plans).toEqual(['forward', 'forward', 'rollback']);
  });

  it('pauses where the plan file says so, and keeps its reason', async () => {
    const { output } = await play({ answer: failing }, { onFailure: 'pause' });
    expect(output).toMatchObject({ outcome: 'paused', failure: { code: 'STEP_FAILED' } });
  });

  it('on the way back pauses: nobody turns twice', async () => {
    const { output } = await play({
      answer: (hand, context) =>
        hand === 'perform' && context.index === 2 ? BAD_OURS : failing(hand, context, 0),
    });
    expect(output.outcome).toBe('paused');
  });

  it('with no way back proven: both reasons reach the person', async () => {
    const none: Failure = failureWith('UNSAFE_ROLLOUT', 'm1 and m2 would be cut');
    const { output } = await play({
      answer: (hand, context) => {
        const isBack = hand === 'planAgain' && context.direction === 'rollback';
        return isBack ? { kind: 'bad', failure: none } : failing(hand, context, 0);
      },
    });
    expect(output.outcome).toBe('paused');
    expect(output.failure?.code).toBe('STEP_FAILED');
    expect(output.failure?.so).toContain('m1 and m2 would be cut');
  });
});

describe('the journal of any run', () => {
  it('is one that a run can have, whatever the hands answer and whenever it is stopped', async () => {
    const choices = fc.array(fc.nat({ max: 11 }), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(choices, fc.nat({ max: 60 }), async (picks, stopAt) => {
        let nth = 0;
        const { output, entries, hands } = await play({
          answer: (hand) => {
            const answers = ANSWERS[hand];
            const pick = picks[nth % picks.length] ?? 0;
            nth += 1;
            // Mostly good: a script that fails at once tells little.
            return (pick < 8 ? answers[0] : answers[pick % answers.length]) ?? GOOD;
          },
          onHand: (_hand, _context, stop) => {
            if (nth === stopAt) stop('STOP');
          },
        });
        const state = foldJournal(entries);
        expect(state.ok).toBe(true);
        expect(hands.at(-1)?.startsWith('close')).toBe(true);
        expect(output.outcome).not.toBe('needs-person');
      }),
      { numRuns: 300 },
    );
  });
});
