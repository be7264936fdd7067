/** Turns the figures of migrations side by side into a picture: how long each took, and how long writes stood still. */

import { ROLLING } from '../support/exhaustive.ts';
import type { Figure } from './benches.ts';

const WIDTH = 900;
const NAMES = 150;
const BAR = 15;
const ROW = 24;
const TOP = 46;
const GAP = 60;
const PANEL = (WIDTH - NAMES - 2 * GAP) / 2;
const OURS = '#1b7f79';
const EVIDENCE = '#8fd0c7';
const FLOOR = '#8a8f98';
const OTHERS = '#c8682b';

/** Deterministic: the same figures give the same bytes. */
export function migrationPlot(figures: readonly Figure[]): string {
  const ways = [...new Set(figures.flatMap(({ of }) => (of === undefined ? [] : [of])))];
  const of = (way: string, name: string): number => {
    return figures.find((each) => each.of === way && each.name === name)?.value ?? 0;
  };
  const seconds = scaled(ways.map((way) => of(way, 'duration')));
  const stall = logScaled(ways.map((way) => of(way, 'longest stall')));
  const rows = ways.map((way, at) => {
    const y = TOP + at * ROW;
    const [took, evidence, still] = ['duration', 'of it evidence', 'longest stall'].map((name) => {
      return of(way, name);
    }) as [number, number, number];
    const left = NAMES;
    const right = NAMES + PANEL + GAP;
    return [
      text(NAMES - 8, y + 12, way, 'end'),
      bar(left, y, seconds(took), colourOf(way)),
      evidence === 0 ? '' : bar(left, y, seconds(Math.min(evidence, took)), EVIDENCE),
      text(left + seconds(took) + 5, y + 12, `${took.toFixed(took < 10 ? 1 : 0)} s`),
      bar(right, y, stall(still), colourOf(way)),
      text(right + stall(still) + 5, y + 12, stallText(still)),
    ].join('\n');
  });
  const height = TOP + ways.length * ROW + 34;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" font-family="sans-serif" font-size="12" role="img" aria-label="Duration and longest write stall of each way to https">
<rect width="100%" height="100%" fill="#ffffff"/>
${text(NAMES, 20, 'Duration (light: waiting for evidence)', 'start', true)}
${text(NAMES + PANEL + GAP, 20, 'Longest write stall (logarithmic)', 'start', true)}
${rows.join('\n')}
${legend(height - 14)}
</svg>
`;
}

/** Linear, from 0. */
function scaled(values: readonly number[]): (value: number) => number {
  const most = Math.max(...values, 1);
  return (value) => rounded((value / most) * PANEL);
}

/** From 10 ms on. */
function logScaled(values: readonly number[]): (value: number) => number {
  const decades = Math.log10(Math.max(...values, 100) / 10);
  return (value) => rounded((Math.log10(Math.max(value, 10) / 10) / decades) * PANEL);
}

function stallText(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function colourOf(way: string): string {
  if (way.startsWith('floor')) return FLOOR;
  return ROLLING.some((strategy) => strategy === way) ? OURS : OTHERS;
}

function bar(x: number, y: number, width: number, colour: string): string {
  return `<rect x="${String(x)}" y="${String(y)}" width="${String(width)}" height="${String(BAR)}" fill="${colour}"/>`;
}

function text(x: number, y: number, words: string, anchor = 'start', isBold = false): string {
  const weight = isBold ? ' font-weight="bold"' : '';
  return `<text x="${String(rounded(x))}" y="${String(y)}" text-anchor="${anchor}" fill="#222222"${weight}>${words}</text>`;
}

function legend(y: number): string {
  const parts: readonly (readonly [string, string])[] = [
    [FLOOR, 'bare rolling restarts with leader transfer'],
    [OURS, 'peershift'],
    [OTHERS, 'as people do it today'],
  ];
  return parts
    .map(([colour, words], at) => {
      const x = NAMES + at * 260;
      return `<rect x="${String(x)}" y="${String(y - 10)}" width="12" height="12" fill="${colour}"/>${text(x + 18, y, words)}`;
    })
    .join('\n');
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
