/** Goal: whoever watches a run sees where it stands, what it waits for and how long. Method: a run's own events, with a clock. */

import { describe, expect, it } from 'vitest';
import { dialsThrough } from '../../../src/model/dial-cells.ts';
import type { PeershiftEvent } from '../../../src/model/event.ts';
import { memberName } from '../../../src/model/ids.ts';
import { estimateMs, liveLines } from '../../../src/show/live-lines.ts';
import { type Live, NOT_YET, liveAfter } from '../../../src/show/live.ts';
import type { Paint } from '../../../src/show/paint.ts';
import { expectGolden } from '../../support/golden.ts';
import { beginning, planned, stepBodies, wholeRun } from '../../support/journals.ts';
import { provenBack, provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const proven = provenFor(httpWorld());
const { steps } = proven.rollout;
const restart = steps.findIndex((step) => step.kind === 'restart-member');
const STEP = steps[restart];
if (STEP === undefined) throw new Error('some member is restarted');
const SCREEN = { columns: 100, rows: 40 };

/** A second for each event, from 0 on. */
function seen(events: readonly PeershiftEvent[], from: Live = NOT_YET, fromMs = 0): Live {
  return events.reduce((live, event, index) => liveAfter(live, event, fromMs + index * 1000), from);
}

const upTo = (index: number): readonly PeershiftEvent[] => [
  ...beginning(proven),
  ...steps.slice(0, index).flatMap((_step, at) => stepBodies(steps, at)),
];

const LOOKED: PeershiftEvent = {
  type: 'gate-looked',
  step: STEP.id,
  waitsFor: '4/6 peer links up on fresh probes; quiet logs for 8.0 s (now 3.1 s)',
  elapsedMs: 3100,
  timeoutMs: 60_000,
  unseen: ['m1>m2', 'm2>m3'],
};

/** Accents that can be read. */
const MARKS: Paint = {
  bold: (text) => text,
  dim: (text) => `<${text}>`,
  red: (text) => `-${text}-`,
  green: (text) => `+${text}+`,
  yellow: (text) => `?${text}?`,
  cyan: (text) => text,
};

describe('the live view', () => {
  it('shows the step in hand, the gate with its countdown, and the dials, as in its golden', () => {
    const intended: PeershiftEvent = { type: 'intended', step: STEP.id, index: restart };
    const inHand = seen([...upTo(restart), intended]);
    const nowMs = upTo(restart).length * 1000;
    const done = seen([{ type: 'done', step: STEP.id, effects: [] }], inHand, nowMs + 2000);
    const gating = seen([LOOKED], done, nowMs + 5100);
    const sample = { at: '', perSecond: 213.4, leader: memberName('m1'), stillMs: 240 };
    const watched = seen([{ type: 'writes', ...sample }], gating, nowMs + 5200);
    const asked = seen([{ type: 'stopping', signal: 'q' }], watched, nowMs + 5300);
    const screens = [
      liveLines(seen(beginning(proven)), 2500, SCREEN),
      liveLines(inHand, nowMs + 1500, SCREEN),
      liveLines(watched, nowMs + 6000, SCREEN),
      liveLines(asked, nowMs + 21_000, { columns: 60, rows: 40 }),
    ];
    expectGolden('show/live.txt', screens.map((lines) => lines.join('\n')).join('\n\n'));
  });

  it('colours each cell as it is seen: moving, predicted, shown good, broken as declared', () => {
    const intended: PeershiftEvent = { type: 'intended', step: STEP.id, index: restart };
    const inHand = seen([...upTo(restart), intended]);
    const rowsOf = (live: Live) =>
      liveLines(live, 0, SCREEN, MARKS).filter((line) => / {2}m\d /u.test(line));
    expect(rowsOf(inHand).join('\n')).toContain('<…>');
    const done = seen([{ type: 'done', step: STEP.id, effects: [] }, LOOKED], inHand, 0);
    const text = rowsOf(done).join('\n');
    expect(text.match(/\?[a-z-]+\?\?/gu)).toHaveLength(2);
    expect(text).toContain('+ok+');
    expect(text).toContain('-no-trust-');
    const passed = seen(stepBodies(steps, restart).slice(2), done, 0);
    expect(rowsOf(passed).join('\n')).not.toContain('??');
  });

  it('has nothing to show before a plan, and nothing any more when the run is closed', () => {
    expect(liveLines(NOT_YET, 0, SCREEN)).toEqual([]);
    expect(liveLines(seen(wholeRun(proven)), 0, SCREEN)).toEqual([]);
  });

  it('leaves the dials out where the screen is low, and never takes more than it has', () => {
    const live = seen([...upTo(restart), { type: 'intended', step: STEP.id, index: restart }]);
    expect(liveLines(live, 0, SCREEN).join('\n')).toContain('from \\ to');
    const low = liveLines(live, 0, { columns: 100, rows: 12 });
    expect(low.join('\n')).not.toContain('from \\ to');
    for (const columns of [60, 80, 120, 200]) {
      const widths = liveLines(live, 0, { columns, rows: 40 }).map((line) => line.length);
      expect(Math.max(...widths)).toBeLessThan(columns);
    }
  });

  it('estimates what is left by the pace of this run, and less after every step', () => {
    const { paces } = seen(wholeRun(proven));
    const left = steps.map((_step, index) => estimateMs({ ...seen(upTo(index)), paces }, 0));
    expect([...left].sort((a, b) => b - a)).toEqual(left);
    expect(new Set(left).size).toBe(steps.length);
    expect(estimateMs(seen(upTo(steps.length)), 0)).toBe(0);
    const slow = stepBodies(steps, restart).map((body) => {
      return body.type === 'gate' ? { ...body, tookMs: 30_000 } : body;
    });
    const quick = estimateMs(seen(upTo(restart + 1)), 0);
    expect(estimateMs(seen(slow, seen(upTo(restart))), 0)).toBeGreaterThan(quick);
  });

  it('goes on counting and keeps its phases when the rest is planned again, and turns on the way back', () => {
    const again = {
      ...planned(proven, 'again'),
      steps: steps.slice(1),
      dials: dialsThrough(proven.worlds.slice(1)),
    };
    const rest = seen([again], seen(upTo(1)));
    expect(liveLines(rest, 0, SCREEN).join('\n')).toContain(
      `2 of ${String(steps.length)} · next: `,
    );
    const back = provenBack(httpWorld(), proven.worlds[restart + 1] ?? httpWorld());
    const turned = seen([planned(back, 'STEP_FAILED')], seen(upTo(restart)));
    const text = liveLines(turned, 0, SCREEN).join('\n');
    expect(text).toContain('on the way back: ▸ ');
    expect(text).toContain(`1 of ${String(back.rollout.steps.length)} · next: `);
  });
});
