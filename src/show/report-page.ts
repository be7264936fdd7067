/** Turns a report into one HTML page that asks nothing of any server: style, script and pictures are in it. */

import { durationText } from '../base/duration.ts';
import { canaryText } from '../model/canary.ts';
import type { Report } from '../model/report.ts';
import { type Html, type Section, html, jsonFor, trusted } from './html.ts';
import { dialSection } from './report-dials.ts';
import { linkSection } from './report-links.ts';
import { outcomeWords } from './report-words.ts';
import { SCRIPT } from './report-script.ts';
import {
  certificateSection,
  failureSection,
  fileSection,
  logSection,
  proofSection,
  stepSection,
} from './report-sections.ts';
import { STYLE } from './report-style.ts';
import { timelineSection } from './timeline.ts';
import { backupText } from './words.ts';

/** Nothing is loaded; inline style and script are the page's own. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** The whole page. */
export function reportPage(report: Report): string {
  const sections = [
    failureSection(report),
    timelineSection(report),
    dialSection(report),
    linkSection(report),
    stepSection(report),
    logSection(report),
    certificateSection(report),
    fileSection(report),
    proofSection(report),
  ].filter((section): section is Section => section !== undefined);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${report.plan}: ${report.outcome} - peershift</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header>
          <p class="program">${report.program} report</p>
          <h1>${report.plan} <span class="badge ${report.outcome}">${report.outcome}</span></h1>
          <p>${outcomeWords(report)}</p>
          <nav aria-label="Sections">
            <ul>
              ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
            </ul>
          </nav>
        </header>
        <main id="main">
          <section aria-labelledby="summary">
            <h2 id="summary">Summary</h2>
            ${summary(report)}
          </section>
          ${sections.map(
            ({ id, title, body }) =>
              html`<section aria-labelledby="${id}">
                <h2 id="${id}">${title}</h2>
                ${body}
              </section> `,
          )}
        </main>
        <footer>
          <p>Made from the journal of run ${report.run}. This page asks nothing of any server.</p>
        </footer>
        <script type="application/json" id="dial-data">
          ${jsonFor(report.dials)}
        </script>
        <script>
          ${trusted(SCRIPT)};
        </script>
      </body>
    </html>`;
  return `${page.html}\n`;
}

function summary(report: Report): Html {
  const { writes, backup, degradedMs, tookMs } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['Run', report.run],
    ['Plan file', report.planFile],
    ['Cluster', `${report.cluster}: ${report.members.join(', ')}`],
    ['Time', `${report.startedAt} to ${report.endedAt}`],
    ['Took', tookMs === undefined ? 'unknown' : durationText(tookMs)],
    ['Steps', stepsText(report)],
    ['Restarts', restartsText(report)],
    ['Leader', leaderText(report)],
    [
      'Degraded',
      degradedMs === undefined
        ? 'unknown'
        : `${durationText(degradedMs)} with some dials failing as declared`,
    ],
    ['Writes', writes === undefined ? 'not watched (--watch-writes)' : writesText(writes)],
    ...(report.canary === undefined ? [] : [['Canary', canaryText(report.canary)] as const]),
    ['Backup', backup === undefined ? 'none' : backupText(backup)],
    [
      'Accepted',
      report.accepted.length === 0 ? 'no breach of any rule' : report.accepted.join(', '),
    ],
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function stepsText({ steps }: Report): string {
  const count = (result: string): number => steps.filter((step) => step.result === result).length;
  const parts = [
    `${String(count('done'))} done`,
    ...(count('failed') === 0 ? [] : [`${String(count('failed'))} failed`]),
    ...(count('maybe') === 0 ? [] : [`${String(count('maybe'))} begun, end unknown`]),
  ];
  return parts.join(', ');
}

function restartsText({ restarts }: Report): string {
  const texts = restarts.map(({ member, count }) => `${member} ${String(count)} ×`);
  return texts.length === 0 ? 'none' : texts.join(' · ');
}

function leaderText({ handOvers }: Report): string {
  const texts = handOvers.map(({ from, to }) => `${from} → ${to}`);
  return texts.length === 0 ? 'was not handed over' : `handed over ${texts.join(' · ')}`;
}

function writesText({
  samples,
  longestStillMs,
  longestStillAt,
}: NonNullable<Report['writes']>): string {
  const most = Math.max(...samples.map((sample) => sample.perSecond));
  const still = `the store stood still for ${durationText(longestStillMs)} at the longest`;
  const when = longestStillAt === undefined ? '' : ` (from ${longestStillAt})`;
  return `up to ${String(Math.round(most))} changes/s; ${still}${when}`;
}
