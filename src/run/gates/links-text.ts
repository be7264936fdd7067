/** Turns the cells of an observed dial matrix into the words of the links gate. */

import { type LinkCell, type LinkSource, NOT_COUNTED_YET } from '../../model/link-cell.ts';

/** More pairs than this say less. */
const SHOWN_PAIRS = 6;

type Cells = ReadonlyMap<string, LinkCell>;

/** How many links are up, and by which source where it was not the members' own probes. */
export function cellsText(cells: Cells): string {
  const good = [...cells.values()].filter(({ state }) => state === 'reached').length;
  const figure = `${String(good)}/${String(cells.size)} peer links up`;
  const others = (['dial', 'log'] as const).flatMap((source) => {
    const pairs = [...cells].filter(([, cell]) => cell.source === source).map(([pair]) => pair);
    return pairs.length === 0 ? [] : [`${listText(pairs)} ${BY[source]}`];
  });
  if (others.length === 0) return `${figure} on fresh probes, as predicted`;
  return `${figure}, as predicted (${others.join('; ')}; any other on fresh probes)`;
}

const BY: Readonly<Record<Extract<LinkSource, 'dial' | 'log'>, string>> = {
  dial: "by dials from the dialing member's host",
  log: 'not, by the logs',
};

export function waitingText(cells: Cells): string {
  const open = [...cells].filter(([, { state }]) => state === 'unknown');
  const shown = listText(open.map(([pair]) => pair));
  // Without metrics it takes more than patience: the reason says what.
  const reasons = new Set(
    open.map(([, { because }]) => because).filter((each) => each !== NOT_COUNTED_YET),
  );
  const why = reasons.size === 0 ? '' : `: ${[...reasons].slice(0, SHOWN_PAIRS).join('; ')}`;
  return `a fresh probe of ${String(open.length)} of ${String(cells.size)} links (${shown})${why}`;
}

function listText(pairs: readonly string[]): string {
  return pairs.slice(0, SHOWN_PAIRS).map(pairText).join(', ');
}

export function pairText(pair: string): string {
  return pair.replace('>', ' to ');
}
