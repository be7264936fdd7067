/** Turns who can dial whom into a small table, and broken pairs into a few words. */

import { CELL_OK, type DialCells } from '../model/dial-cells.ts';
import { type Paint, PLAIN } from './paint.ts';
import { tableLines } from './table.ts';
import { andList } from './words.ts';

const CELL_SELF = '·';
/** One of the two is down. */
const CELL_NONE = '-';

/** Rows dial, columns are dialled. `title` stands in the corner. */
export function matrixLines(
  title: string,
  names: readonly string[],
  cells: DialCells,
  paint: Paint = PLAIN,
): readonly string[] {
  const cell = (from: string, to: string): string => {
    if (from === to) return CELL_SELF;
    const text = cells[`${from}>${to}`] ?? CELL_NONE;
    return text === CELL_OK ? paint.green(text) : text === CELL_NONE ? text : paint.red(text);
  };
  const head = [title, ...names];
  return tableLines([head, ...names.map((from) => [from, ...names.map((to) => cell(from, to))])]);
}

/** How many ordered pairs of up members dial, of how many. */
export function linkCount(cells: DialCells): { readonly up: number; readonly total: number } {
  const all = Object.values(cells);
  return { up: all.filter((cell) => cell === CELL_OK).length, total: all.length };
}

export function brokenPairs(cells: DialCells): readonly string[] {
  return Object.keys(cells).filter((pair) => cells[pair] !== CELL_OK);
}

/** `m1 and m3 cannot dial m2; m2 cannot dial m1`: as few phrases as sources or targets allow. */
export function brokenText(pairs: readonly string[]): string {
  const ends = pairs.map((pair) => {
    const at = pair.indexOf('>');
    return { pair, from: pair.slice(0, Math.max(at, 0)), to: pair.slice(at + 1) };
  });
  const plain = ends.filter(({ from }) => from === '').map(({ pair }) => pair);
  const known = ends.filter(({ from }) => from !== '');
  const byTarget = phrases(
    known.map(({ from, to }) => [to, from]),
    (to, from) => [from, to],
  );
  const bySource = phrases(
    known.map(({ from, to }) => [from, to]),
    (from, to) => [from, to],
  );
  const shortest = bySource.length < byTarget.length ? bySource : byTarget;
  return [...shortest, ...plain].join('; ');
}

/** Groups by the first end, then joins groups whose other ends are the same. */
function phrases(
  ends: readonly (readonly [key: string, other: string])[],
  order: (keys: string, others: string) => readonly [from: string, to: string],
): readonly string[] {
  const others = new Map<string, string[]>();
  for (const [key, other] of ends) others.set(key, [...(others.get(key) ?? []), other]);
  const keys = new Map<string, string[]>();
  for (const [key, list] of others) {
    const same = andList([...list].sort());
    keys.set(same, [...(keys.get(same) ?? []), key]);
  }
  return [...keys].map(([same, list]) => {
    const [from, to] = order(andList([...list].sort()), same);
    return `${from} cannot dial ${to}`;
  });
}
