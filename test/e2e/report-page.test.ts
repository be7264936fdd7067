/**
 * Goal: the report is a page that anybody can read, anywhere, by any means. Method: the pages of two recorded runs
 * of real clusters, one done and one rolled back, in a real browser: alone, by keyboard, narrow, dark, on paper.
 */

import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { JournalEntry } from '../../src/model/journal.ts';
import { foldJournal } from '../../src/model/run-state.ts';
import { reportPage } from '../../src/show/report-page.ts';
import { reportOf } from '../../src/show/report.ts';
import type { Report } from '../../src/model/report.ts';
import { type OpenBrowser, focusableNames, openBrowser, palePlaces } from '../support/browser.ts';
import { CHECKOUT, textOf } from '../support/checkout.ts';

const RUNS = ['done', 'rolled-back'] as const;
/** A picture in the checkout; most of a page is white. */
const MOST_BYTES = 200_000;

let browser: OpenBrowser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
});

function recorded(name: string): Report {
  const lines = textOf(`fixtures/journals/report-${name}.jsonl`).trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as JournalEntry);
  const state = foldJournal(entries);
  if (!state.ok) throw new Error(state.error);
  return reportOf(state.value, entries);
}

describe.each(RUNS)('the page of a run that ended as %s', (name) => {
  const report = recorded(name);
  const text = reportPage(report);

  it('opens without a complaint, and asks for nothing but itself', async () => {
    const { page, complaints, asked } = await browser.open(text);
    expect(report.outcome).toBe(name);
    expect(await page.locator('h1').innerText()).toContain(name);
    const headings = await page.locator('h2').allInnerTexts();
    expect(headings).toEqual(expect.arrayContaining(['Summary', 'Timeline', 'Certificates']));
    expect(headings.includes('What went wrong')).toBe(name === 'rolled-back');
    expect(await page.locator('svg a rect').count()).toBe(report.steps.length);
    expect(complaints).toEqual([]);
    expect(asked).toEqual([page.url()]);
    await page.close();
  });

  it('is worked by keyboard: the slider shows each step, a bar leads to its row', async () => {
    const { page } = await browser.open(text);
    const slider = page.locator('#dial-at');
    await slider.focus();
    for (const [index, { when, cells }] of report.dials.entries()) {
      await page.keyboard.press(index === 0 ? 'Home' : 'ArrowRight');
      expect(await page.locator('#dial-when').innerText()).toBe(when);
      for (const [pair, answer] of Object.entries(cells)) {
        expect(await page.locator(`td[data-pair="${pair}"]`).innerText()).toBe(answer);
      }
    }
    const bar = page.locator('svg a').nth(4);
    await bar.focus();
    await page.keyboard.press('Enter');
    expect(page.url()).toContain('#step-4');
    expect(await page.locator('#step-4').isVisible()).toBe(true);
    await page.close();
  });

  it('tells a screen reader the name of whatever can be reached', async () => {
    const { page } = await browser.open(text);
    const names = await focusableNames(page);
    expect(names.length).toBeGreaterThan(report.steps.length);
    expect(names.filter((each) => each.name.trim() === '')).toEqual([]);
    expect(names.map(({ role }) => role)).toContain('slider');
    const first = report.steps[0]?.say ?? '';
    expect(names.some((each) => each.role === 'link' && each.name.includes(first))).toBe(true);
    await page.close();
  });

  it('fits a narrow screen, where only tables and pictures scroll', async () => {
    const { page, complaints } = await browser.open(text, { width: 360, height: 740 });
    const widths = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth';
    expect(await page.evaluate<boolean>(widths)).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('has contrast enough in %s', async (colorScheme) => {
    const { page } = await browser.open(text);
    await page.emulateMedia({ colorScheme });
    const paper = 'getComputedStyle(document.body).backgroundColor';
    const isWhite = (await page.evaluate<string>(paper)) === 'rgb(255, 255, 255)';
    expect(isWhite).toBe(colorScheme === 'light');
    expect(await palePlaces(page)).toEqual([]);
    await page.close();
  });

  it('prints without what only a screen can do', async () => {
    const { page } = await browser.open(text);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.locator('#dial-at').isVisible()).toBe(false);
    expect(await page.locator('.changes').isVisible()).toBe(true);
    const paper = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(paper).toBe('rgb(255, 255, 255)');
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.close();
  });

  it('has a small picture in fixtures/report (UPDATE_GOLDEN=1 takes it anew)', async () => {
    const { page } = await browser.open(text);
    const picture = await page.screenshot({ type: 'png' });
    await page.close();
    const file = path.join(CHECKOUT, 'fixtures', 'report', `${name}.png`);
    if (process.env.UPDATE_GOLDEN === '1') {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, picture);
    }
    // Fonts differ from machine to machine: what is compared is that there is one, of this size, and small.
    expect(sizeOf(picture)).toEqual({ width: 1000, height: 1100 });
    expect(statSync(file).size).toBeLessThan(MOST_BYTES);
  });
});

/** From a PNG's first chunk. */
function sizeOf(png: Buffer): { readonly width: number; readonly height: number } {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}
