/** Turns members and what is known of each ordered pair into a table: rows dial, columns are dialled. */

import { type Html, html } from './html.ts';

export interface PairTable {
  readonly members: readonly string[];
  /** For people who cannot see it. */
  readonly label: string;
  readonly className: string;
  /** A whole `td`; never asked for a member and itself. */
  readonly cell: (pair: string) => Html;
}

export function pairTable({ members, label, className, cell }: PairTable): Html {
  const rows = members.map((from) => {
    return html`<tr>
      <th scope="row">${from}</th>
      ${members.map((to) => (from === to ? html`<td class="self">·</td>` : cell(`${from}>${to}`)))}
    </tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table class="${className}">
      <thead>
        <tr>
          <th scope="col">from \\ to</th>
          ${members.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
