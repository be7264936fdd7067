/** Goal: the report is what happened, by the journal alone. Method: journals of whole, failed and cut runs. */

import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/model/failure.ts';
import type { JournalBody } from '../../../src/model/journal.ts';
import type { Direction } from '../../../src/model/rollout.ts';
import type { Report } from '../../../src/model/report.ts';
import { reportJson, reportText } from '../../../src/show/report-text.ts';
import { reportOf } from '../../../src/show/report.ts';
import { expectGolden } from '../../support/golden.ts';
import {
  beginning,
  entriesOf,
  planned,
  stateOf,
  stepBodies,
  wholeRun,
} from '../../support/journals.ts';
import { provenBack, provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const proven = provenFor(httpWorld());
const { steps } = proven.rollout;
const advertise = steps.findIndex((step) => step.kind === 'advertise-peer');
const FAILURE: Failure = {
  code: 'STEP_FAILED',
  where: 'step 8 of 23',
  would: 'write 8 settings of m2',
  but: '/etc/default/etcd is on a read-only file system',
  so: 'm2 is advertised as https and still speaks http; m1 and m3 have quorum',
  remedy: 'make the file writable, then peershift resume',
};

const bodiesBack = failedAndBack();

function reported(bodies: readonly JournalBody[]): Report {
  const entries = entriesOf(bodies);
  return reportOf(stateOf(entries), entries);
}

describe('the report', () => {
  it('of a straight run reads as its golden', () => {
    expectGolden('show/report-done.txt', reportText(reported(wholeRun(proven))));
  });

  it('of a run that failed and went back reads as its golden', () => {
    expectGolden('show/report-back.txt', reportText(reported(bodiesBack)));
  });

  it('has every step with its times, and the run as a whole', () => {
    const report = reported(wholeRun(proven));
    expect(report.steps.map((step) => step.id)).toEqual(steps.map((step) => step.id));
    expect(report.steps.every((step) => step.result === 'done' && step.tookMs === 1000)).toBe(true);
    expect(report.tookMs).toBe((wholeRun(proven).length - 1) * 1000);
    expect(report.outcome).toBe('done');
  });

  it('numbers the rest of a rollout that was planned again as the preview did', () => {
    const rest = steps.slice(1);
    const again = { ...planned(proven, 'the certificates are made'), steps: rest } as JournalBody;
    const bodies = [
      ...beginning(proven),
      ...stepBodies(steps, 0),
      again,
      ...rest.flatMap((_step, index) => stepBodies(rest, index)),
    ];
    const numbers = reported(bodies).steps.map((step) => step.number);
    expect(numbers).toEqual(steps.map((_step, index) => index + 1));
  });

  it('counts restarts and names hand-overs, files, backup and final settings', () => {
    const report = reported(wholeRun(proven));
    const restarts = steps.filter((step) => step.kind === 'restart-member');
    expect(report.restarts.reduce((sum, { count }) => sum + count, 0)).toBe(restarts.length);
    expect(report.handOvers.length).toBe(
      steps.filter((step) => step.kind === 'transfer-leader').length,
    );
    expect(report.backup?.path).toBe('state/backup.db');
    expect(report.files.filter(({ what }) => what === 'installed')).toHaveLength(9);
    expect(report.settings.map(({ member }) => member)).toEqual(['m1', 'm2', 'm3']);
    for (const { values } of report.settings) {
      expect(values['listen-peer-urls']).toMatch(/^https:/u);
      expect(values['initial-cluster']).not.toContain('http:');
    }
  });

  it('measures degraded time from the step that opens a window to the one that closes it', () => {
    const entries = entriesOf(wholeRun(proven));
    const endOf = (index: number): number => {
      return entries.findIndex((entry) => entry.type === 'done' && entry.step === steps[index]?.id);
    };
    const expected = proven.proof.windows.reduce((sum, { fromStep, toStep }) => {
      return sum + (endOf(toStep) - endOf(fromStep)) * 1000;
    }, 0);
    expect(expected).toBeGreaterThan(0);
    expect(reported(wholeRun(proven)).degradedMs).toBe(expected);
  });

  it('does not guess degraded time where the windows are not known', () => {
    expect(reported(withoutWindows(wholeRun(proven), 'forward')).degradedMs).toBeUndefined();
    expect(reported(withoutWindows(bodiesBack, 'rollback')).degradedMs).toBeUndefined();
    expect(reported(bodiesBack).degradedMs).toBeGreaterThan(0);
  });

  it('lists what was undone, and leaves no settings to carry over for a member put back', () => {
    const report = reported(bodiesBack);
    expect(report.outcome).toBe('rolled-back');
    expect(report.undone[0]).toBe('advertise http://10.0.0.2:2380 for m2');
    expect(report.settings).toEqual([]);
  });

  it('tells a failure once, though the journal has it at the step and at the end', () => {
    const closing: JournalBody = { type: 'closed', outcome: 'needs-person', failure: FAILURE };
    const bodies = [...failing(), closing];
    expect(reported(bodies).failures.map(({ failure }) => failure.code)).toEqual(['STEP_FAILED']);
  });

  it.each(entriesOf(wholeRun(proven)).map((_entry, length) => length))(
    'can be made of the first %i entries of a journal',
    (length) => {
      const report = reported(wholeRun(proven).slice(0, length));
      expect(report.outcome).toBe('unfinished');
      expect(report.steps.filter((step) => step.result === 'maybe').length).toBeLessThanOrEqual(1);
      expect(reportText(report)).toContain('unfinished');
    },
  );

  it('is plain data for machines', () => {
    const report = reported(bodiesBack);
    expect(JSON.parse(JSON.stringify(reportJson(report)))).toMatchObject({
      outcome: 'rolled-back',
      failures: [{ failure: { code: 'STEP_FAILED' } }],
    });
  });
});

/** As an older program wrote it. */
function withoutWindows(bodies: readonly JournalBody[], of: Direction): readonly JournalBody[] {
  return bodies.map((body) => {
    if (body.type !== 'planned' || body.direction !== of) return body;
    return Object.fromEntries(
      Object.entries(body).filter(([name]) => name !== 'windows'),
    ) as unknown as JournalBody;
  });
}

/** All steps up to the first advertised URL are done; the next one fails. */
function failing(): readonly JournalBody[] {
  const failed = steps[advertise + 1];
  if (failed === undefined) throw new Error('a step follows the first update');
  return [
    ...beginning(proven),
    ...steps.slice(0, advertise + 1).flatMap((_step, index) => stepBodies(steps, index)),
    { type: 'intended', step: failed.id, index: advertise + 1 },
    { type: 'failed', step: failed.id, failure: FAILURE },
  ];
}

function failedAndBack(): readonly JournalBody[] {
  const back = provenBack(httpWorld(), proven.worlds[advertise + 1] ?? httpWorld());
  return [
    ...failing(),
    planned(back, 'STEP_FAILED: /etc/default/etcd is on a read-only file system'),
    ...back.rollout.steps.flatMap((_step, index) => stepBodies(back.rollout.steps, index)),
    { type: 'unlocked' },
    { type: 'closed', outcome: 'rolled-back', failure: undefined },
  ];
}
