/**
 * Goal: the page has all that the journal has, and nothing in it can act or tell a secret. Method: journals of
 * whole, failed and cut runs; the page is read as text here, and in a browser in test/e2e.
 */

import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/model/failure.ts';
import type { JournalBody, JournalEntry } from '../../../src/model/journal.ts';
import type { Report } from '../../../src/model/report.ts';
import { reportPage as wholePage } from '../../../src/show/report-page.ts';
import { reportOf } from '../../../src/show/report.ts';
import { textOf } from '../../support/checkout.ts';
import { beginning, entriesOf, stateOf, stepBodies, wholeRun } from '../../support/journals.ts';
import { provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const proven = provenFor(httpWorld());
const { steps } = proven.rollout;
const FAILURE: Failure = {
  code: 'STEP_FAILED',
  where: 'step 8 of 23',
  would: 'write 8 settings of m2',
  but: 'the unit has ETCD_ROOT_PASSWORD=hunter2 and <script>alert(1)</script>',
  so: 'm2 is advertised as https',
  remedy: 'make the file writable',
};

const whole = reported(entriesOf(wholeRun(proven)));

/** White space between tags is nobody's concern. */
function reportPage(report: Report): string {
  return wholePage(report)
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/(?<=>) | (?=<)/gu, '');
}

function reported(entries: readonly JournalEntry[]): Report {
  return reportOf(stateOf(entries), entries);
}

/** The first step failed, and nothing was done about it. */
function failing(): readonly JournalBody[] {
  const [first] = steps;
  if (first === undefined) throw new Error('a rollout has steps');
  return [
    ...beginning(proven),
    { type: 'intended', step: first.id, index: 0 },
    { type: 'failed', step: first.id, failure: FAILURE },
    { type: 'closed', outcome: 'paused', failure: FAILURE },
  ];
}

describe('the page of a run', () => {
  const page = reportPage(whole);

  it('asks nothing of any server', () => {
    expect(page).not.toMatch(/\bsrc=|<link|@import|url\(|\bfetch\(|XMLHttpRequest/u);
    const links = [...page.matchAll(/href="([^"]*)"/gu)].map(([, href]) => href ?? '');
    expect(links.length).toBeGreaterThan(steps.length);
    expect(links.filter((href) => !href.startsWith('#'))).toEqual([]);
    expect(page).toContain("default-src 'none'");
  });

  it('leads each link to a place that is there', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/gu)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/gu)].map(([, id]) => id);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
  });

  it('has a bar and a row for every step, a bar for every gate, and a lane for each member', () => {
    for (const [index, step] of whole.steps.entries()) {
      expect(page).toContain(
        `<a href="#step-${String(index)}" aria-label="step ${String(index + 1)}, ${step.say}`,
      );
      expect(page).toContain(`<tr id="step-${String(index)}">`);
    }
    const gates = page.match(/<g role="img" aria-label="gate after step/gu);
    expect(gates).toHaveLength(whole.gates.length);
    for (const name of whole.members) expect(page).toContain(`>${name} down</text`);
    const restarts = whole.restarts.reduce((sum, { count }) => sum + count, 0);
    expect(page.match(/<rect class="down"/gu)).toHaveLength(restarts);
    expect(page.match(/<rect class="window"/gu)).toHaveLength(whole.windows.length);
  });

  it('names each leader from when it leads', () => {
    const leaders = [...page.matchAll(/aria-label="(m\d) leads from/gu)].map(([, name]) => name);
    expect(leaders).toEqual(['m1', ...whole.handOvers.map(({ to }) => to)]);
  });

  it('has who could dial whom before the first step and after each one', () => {
    expect(whole.dials).toHaveLength(steps.length + 1);
    expect(whole.dials[0]?.when).toBe('before step 1');
    expect(page).toContain(`max="${String(steps.length)}"`);
    expect(page).toContain('id="dial-data"');
    expect(page.match(/<td class="ok" data-pair="/gu)).toHaveLength(6);
  });

  it('has certificates with the day on which they end, the proof and what it assumes', () => {
    expect(page.match(/<td>leaf<\/td>/gu)).toHaveLength(3);
    expect(page).toMatch(/<td>\d{4}-\d\d-\d\d, \d+ days after the run<\/td>/u);
    expect(page).toContain(`${String(proven.proof.rules.length)} rules held in`);
    expect(proven.proof.assumptions.length).toBeGreaterThan(0);
    for (const text of proven.proof.assumptions) expect(page).toContain(escaped(text));
  });

  it('of a journal that knows neither dials nor proofs leaves them out', () => {
    const old = entriesOf(wholeRun(proven)).map((entry) => {
      const kept = Object.entries(entry).filter(([name]) => !LATER.includes(name));
      return Object.fromEntries(kept) as unknown as JournalEntry;
    });
    const shown = reportPage(reported(old));
    expect(shown).not.toMatch(/id="dial-at"|id="proof"/u);
    expect(shown).toContain('id="timeline"');
  });

  it('shows what a text holds, and lets none of it act or tell a secret', () => {
    const shown = reportPage(reported(entriesOf(failing())));
    expect(shown).toContain('STEP_FAILED · step 8 of 23');
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('<script>alert');
    expect(shown).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('shows log lines with what they were taken for', () => {
    const lines = [
      { member: 'm2', essence: 'bad certificate "x"', judgement: 'unexpected', count: 12 },
    ];
    const entries = entriesOf(wholeRun(proven)).map((entry) => {
      return entry.type === 'gate' ? ({ ...entry, lines } as unknown as JournalEntry) : entry;
    });
    const shown = reportPage(reported(entries));
    expect(shown).toContain('bad certificate &quot;x&quot;');
    expect(shown).toContain('nothing explains it');
  });

  it('shows what configuration files became, line by line', () => {
    const diff = ['--- m1:/etc/default/etcd', '@@ -1,1 +1,1 @@', '-A=http', '+A=https'];
    const entries = entriesOf(wholeRun(proven)).map((entry) => {
      const diffs = [{ member: 'm1', path: '/etc/default/etcd', diff }];
      return entry.type === 'opened' ? ({ ...entry, diffs } as unknown as JournalEntry) : entry;
    });
    const shown = reportPage(reported(entries));
    expect(shown).toContain('<span class="cut">-A=http</span>');
    expect(shown).toContain('<span class="add">+A=https</span>');
  });

  it('shows the writes that were watched, and the longest time without any', () => {
    const at = '2026-11-22T05:41:25.000Z';
    const samples = [
      { at: '2026-11-22T05:41:24.000Z', perSecond: 210, leader: 'm1', stillMs: 20 },
      { at, perSecond: 90, leader: 'm1', stillMs: 640 },
    ];
    const bodies = wholeRun(proven).flatMap((body): readonly JournalBody[] => {
      const watched = { type: 'watched', samples } as unknown as JournalBody;
      return body.type === 'closed' ? [body] : body.type === 'unlocked' ? [watched, body] : [body];
    });
    const shown = reportPage(reported(entriesOf(bodies)));
    expect(shown).toContain('up to 210 changes/s; the store stood still for 640 ms at the longest');
    expect(shown).toContain('(from 2026-11-22T05:41:24.360Z)');
    expect(shown).toMatch(/<path class="writes"[^>]* d="M/u);
    expect(page).toContain('not watched');
  });

  it.each(wholeRun(proven).map((_body, length) => length))(
    'can be made of the first %i entries of a journal',
    (length) => {
      const shown = reportPage(reported(entriesOf(wholeRun(proven).slice(0, length))));
      expect(shown).toContain('unfinished');
      const text = shown.replaceAll(/<script>.*?<\/script>/gu, '');
      expect(text).not.toMatch(/NaN|undefined|Infinity/u);
    },
  );
});

describe('what the gates saw of the links', () => {
  const kept = textOf('fixtures/journals/report-rolled-back.jsonl').trim().split('\n');
  const entries = kept.map((line) => JSON.parse(line) as JournalEntry);
  const page = reportPage(reported(entries));
  const part = /id="links".*?<\/section>/u.exec(page)?.[0] ?? '';

  it('is told pair by pair, with the source and the reason', () => {
    expect(part).toContain('<td class="no">not reached<small>metrics: not reached by fresh probes');
    expect(part).toContain('<td class="no">not reached, as predicted<small>metrics: not reached');
    expect(part).toContain('restart m1: passed, 2 of 4 pairs reached, as predicted</summary>');
    expect(part).toContain('<td class="ok">reached<small>metrics: a fresh probe got through');
    expect(part).toMatch(/<details open><summary>Step 11: restart m2: failed, \d of \d pairs/u);
  });

  it('is left out where no gate has seen any', () => {
    expect(reportPage(whole)).not.toContain('id="links"');
  });
});

const LATER = ['dials', 'proof', 'leader'];

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#39;');
}

describe('a step of a run that was cut short', () => {
  it('is begun with its end unknown', () => {
    const bodies = [...beginning(proven), ...stepBodies(steps, 0).slice(0, 1)];
    expect(reportPage(reported(entriesOf(bodies)))).toContain('begun, end unknown');
  });
});
