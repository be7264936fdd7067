/** Turns what each links gate saw of every pair into tables: reached or not, by which source, and why. */

import type { LinkCell, LinkCells } from '../model/link-cell.ts';
import type { Report, ReportGate } from '../model/report.ts';
import { type Html, type Section, html } from './html.ts';
import { pairTable } from './pair-table.ts';
import { belongs } from './report-text.ts';
import { numberWords, verdictWord } from './report-words.ts';

/** Undefined where no gate asked for links, or the journal does not have what they saw. */
export function linkSection(report: Report): Section | undefined {
  const { gates, members, steps } = report;
  if (members.length < 2) return undefined;
  const told = steps.flatMap((step) => {
    const gate = gates.findLast((each) => belongs(each, step, steps));
    if (gate?.links === undefined) return [];
    return [{ gate, links: gate.links, when: `${numberWords(step)}: ${step.say}` }];
  });
  if (told.length === 0) return undefined;
  const tables = told.map(({ gate, links, when }, index) => {
    return details(members, gate, links, when, index === told.length - 1);
  });
  const body = html`<p>
      Rows dial, columns are dialled. Fresh probes of the dialing member (metrics) decide; a dial
      from its host and its log stand in where it shows none, and what a log says later overrules
      both.
    </p>
    ${tables}`;
  return { id: 'links', title: 'What the gates saw of the links', body };
}

/** Open where there is something to see: a pair that was not reached, or the last of all. */
function details(
  members: readonly string[],
  { verdict }: ReportGate,
  links: LinkCells,
  when: string,
  isLast: boolean,
): Html {
  const cells = Object.values(links);
  const reached = cells.filter(({ state }) => state === 'reached').length;
  const isOpen = isLast || reached < cells.length;
  // A gate passes with a pair that was not reached only where the proof has said so.
  const asPredicted = verdict.kind === 'pass' && reached < cells.length ? ', as predicted' : '';
  const head = html`<summary>
    Step ${when}: ${verdictWord(verdict)}, ${reached} of ${cells.length} pairs reached${asPredicted}
  </summary>`;
  const table = matrix(members, links, when, asPredicted);
  return isOpen
    ? html`<details open>${head}${table}</details>`
    : html`<details>${head}${table}</details>`;
}

function matrix(
  members: readonly string[],
  links: LinkCells,
  when: string,
  asPredicted: string,
): Html {
  return pairTable({
    members,
    label: `Links seen behind step ${when}, as a table`,
    className: 'dials seen',
    cell: (pair) => cell(links[pair], asPredicted),
  });
}

const WORDS: Readonly<Record<LinkCell['state'], readonly [kind: string, word: string]>> = {
  reached: ['ok', 'reached'],
  'not-reached': ['no', 'not reached'],
  unknown: ['none', 'unknown'],
};

/** A pair that the gate did not ask for has no cell. */
function cell(seen: LinkCell | undefined, asPredicted: string): Html {
  if (seen === undefined) return html`<td class="none">not asked</td>`;
  const [kind, word] = WORDS[seen.state];
  const source = seen.source === 'none' ? '' : `${seen.source}: `;
  return html`<td class="${kind}">
    ${word}${seen.state === 'not-reached' ? asPredicted : ''}
    <small>${source}${seen.because}</small>
  </td>`;
}
