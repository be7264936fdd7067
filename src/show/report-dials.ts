/** Turns who could dial whom, step by step, into a table with a slider and the list of what changed. */

import { CELL_OK, type DialCells } from '../model/dial-cells.ts';
import type { Report, ReportDials } from '../model/report.ts';
import { type Html, type Section, html } from './html.ts';
import { brokenPairs, brokenText } from './matrix.ts';
import { pairTable } from './pair-table.ts';

/** Undefined for a single member, and for journals that do not have it. */
export function dialSection(report: Report): Section | undefined {
  const { dials, members } = report;
  const last = dials.at(-1);
  if (last === undefined || members.length < 2) return undefined;
  const body = html`<p>
      Rows dial, columns are dialled: what the proof predicts after each step, held against fresh
      probes by each links gate.
    </p>
    <div class="slider">
      <label for="dial-at">After which step</label>
      <input
        type="range"
        id="dial-at"
        min="0"
        max="${dials.length - 1}"
        step="1"
        value="${dials.length - 1}"
        aria-valuetext="${last.when}"
      />
      <output id="dial-when" for="dial-at" aria-live="polite">${last.when}</output>
    </div>
    ${matrix(members, last)}
    <h3>When it changed</h3>
    <ol class="changes">
      ${changes(dials)}
    </ol>`;
  return { id: 'dials', title: 'Who could dial whom', body };
}

function matrix(members: readonly string[], { cells }: ReportDials): Html {
  return pairTable({
    members,
    label: 'Who could dial whom, as a table',
    className: 'dials',
    cell: (pair) => cell(pair, cells),
  });
}

function cell(pair: string, cells: DialCells): Html {
  const answer = cells[pair];
  const kind = answer === undefined ? 'none' : answer === CELL_OK ? 'ok' : 'no';
  return html`<td class="${kind}" data-pair="${pair}">${answer ?? 'down'}</td>`;
}

/** Only the positions at which another set of pairs is broken than before. */
function changes(dials: readonly ReportDials[]): readonly Html[] {
  let before: string | undefined;
  return dials.flatMap(({ when, cells }) => {
    const broken = brokenPairs(cells);
    const total = Object.keys(cells).length;
    const text =
      broken.length === 0 ? `all ${String(total)} ordered pairs of up members` : brokenText(broken);
    if (text === before) return [];
    before = text;
    return [html`<li><span class="when">${when}</span> ${text}</li>`];
  });
}
