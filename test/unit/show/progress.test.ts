/** Goal: a run can be followed by reading. Method: the whole journal of a run as a golden, odd events by hand. */

import { describe, expect, it } from 'vitest';
import type { PeershiftEvent } from '../../../src/model/event.ts';
import type { Failure } from '../../../src/model/failure.ts';
import { stepId } from '../../../src/model/ids.ts';
import type { RunOutcome } from '../../../src/model/journal.ts';
import type { Step } from '../../../src/model/step.ts';
import { knownAfter, progressLine } from '../../../src/show/progress.ts';
import { expectGolden } from '../../support/golden.ts';
import { planned, stepBodies, wholeRun } from '../../support/journals.ts';
import { provenBack, provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const proven = provenFor(httpWorld());
const { steps } = proven.rollout;
const restart = steps.findIndex((step) => step.kind === 'restart-member');
const RESTART = steps[restart]?.id ?? stepId('none');
const FAILURE: Failure = {
  code: 'START_FAILED',
  where: 'member m2',
  would: 'restart m2',
  but: 'm2 did not serve within 600 s',
  so: 'm1 and m3 have quorum; m2 is down',
  remedy: 'read the log of m2',
};

const lineOf = (event: PeershiftEvent): string | undefined => progressLine(event, { steps });

describe('progress', () => {
  it('keeps the numbers of the preview when the rest of the rollout is planned again', () => {
    const first = planned(proven, 'the plan file');
    const again = (left: readonly Step[]): PeershiftEvent => {
      return { ...planned(proven, 'the certificates are made'), steps: left } as PeershiftEvent;
    };
    const rest = again(steps.slice(1));
    let known = knownAfter({ steps: [] }, first);
    known = knownAfter(known, rest);
    const [total, left] = [String(steps.length), String(steps.length - 1)];
    expect(progressLine(rest, known)).toContain(`planned: the last ${left} steps, all proven`);
    const event: PeershiftEvent = { type: 'intended', step: RESTART, index: restart - 1 };
    expect(progressLine(event, known)).toContain(`step ${String(restart + 1)} of ${total} begins`);
    known = knownAfter(known, again(steps.slice(3)));
    expect(progressLine(event, known)).toContain(`step ${String(restart + 1)} of ${total} begins`);
    known = knownAfter(known, again([...steps.slice(5), ...steps.slice(0, 1)]));
    expect(progressLine(event, known)).toContain(`step ${String(restart - 4)} of `);
  });

  it('of a straight run reads as its golden', () => {
    const lines = wholeRun(proven).flatMap((body) => lineOf(body) ?? []);
    expectGolden('show/progress.txt', lines.join('\n'));
  });

  it('of a failure and the way back reads as its golden', () => {
    const back = provenBack(httpWorld(), proven.worlds[restart + 1] ?? httpWorld());
    const events: readonly PeershiftEvent[] = [
      { type: 'intended', step: RESTART, index: restart },
      { type: 'looking', where: 'the cluster and its hosts' },
      {
        type: 'gate-waits',
        step: RESTART,
        waitsFor: '5/6 peer links up; m3 to m2 is not',
        elapsedMs: 5100,
      },
      {
        type: 'gate',
        step: RESTART,
        verdict: { kind: 'hold', waitsFor: 'm3 is slow', fault: 'foreign' },
        tookMs: 60_000,
      },
      {
        type: 'gate',
        step: RESTART,
        verdict: { kind: 'fail', because: 'bad certificate from m3', fault: 'ours' },
        tookMs: 9000,
      },
      { type: 'failed', step: RESTART, failure: FAILURE },
      { type: 'warning', text: 'the hook onFailure ended with 1' },
      { type: 'noted', what: 'leadership moved from m2 to m3 by an election' },
      planned(back, 'START_FAILED'),
      ...stepBodies(back.rollout.steps, 0),
      { type: 'stopping', signal: 'SIGINT' },
      { type: 'resumed', direction: 'rollback', openIntent: back.rollout.steps[0]?.id },
      { type: 'resumed', direction: 'forward', openIntent: undefined },
      { type: 'unlocked' },
    ];
    let known = { steps };
    const lines = events.flatMap((event) => {
      if (event.type === 'planned') known = { steps: [...event.steps] };
      return progressLine(event, known) ?? [];
    });
    const outcomes: readonly RunOutcome[] = [
      ...(['done', 'rolled-back', 'refused'] as const),
      ...(['needs-person', 'paused', 'interrupted'] as const),
    ];
    const ends = outcomes.map((outcome) => lineOf({ type: 'closed', outcome, failure: FAILURE }));
    expectGolden('show/progress-back.txt', [...lines, ...ends].join('\n'));
  });

  it('numbers a step by its place among the known ones, and names an unknown one by its id', () => {
    expect(lineOf({ type: 'intended', step: RESTART, index: restart })).toBe(
      `step ${String(restart + 1)} of ${String(steps.length)} begins: restart m2`,
    );
    const other = { type: 'done', step: stepId('restart/m9'), effects: [] } as const;
    expect(lineOf(other)).toBe('step restart/m9 done: restart/m9');
  });

  it('says nothing of the results of commands', () => {
    const results: readonly PeershiftEvent[] = [
      { type: 'preview', preview: {} },
      { type: 'status', status: {} },
      { type: 'finding', finding: {} },
      { type: 'report', report: {} },
      { type: 'lab', lab: {} },
      { type: 'failure', failure: FAILURE },
      { type: 'outcome', exit: 0, code: 'OK', run: undefined },
    ];
    expect(results.map(lineOf)).toEqual(results.map(() => undefined));
  });

  it('keeps every event on one line that cannot steer a terminal', () => {
    const line = lineOf({ type: 'warning', text: 'first\nsecond\u001b[2J' });
    expect(line).toBe(String.raw`warning: first second\x1b[2J`);
  });
});
