/** Turns figures of several cluster sizes into a picture of how they grow, each beside its own first. */

import type { Figure } from './benches.ts';

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 50;
const RIGHT = 190;
const TOP = 40;
const BOTTOM = 40;
const COLOURS = ['#1b7f79', '#c8682b', '#4a5fb4', '#8a8f98'];

interface Curve {
  readonly name: string;
  /** By members. */
  readonly points: readonly (readonly [members: number, ratio: number])[];
}

/** `3 members` in a figure's name is its place; the rest of the name is its curve. Deterministic. */
export function growthPlot(figures: readonly Figure[]): string {
  const curves = curvesOf(figures);
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(([members]) => members)))];
  const most = Math.max(2, ...curves.flatMap(({ points }) => points.map(([, ratio]) => ratio)));
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const x = (members: number): number => {
    return rounded(LEFT + ((members - low) / (high - low)) * (WIDTH - LEFT - RIGHT));
  };
  const y = (ratio: number): number => {
    return rounded(HEIGHT - BOTTOM - (ratio / most) * (HEIGHT - TOP - BOTTOM));
  };
  const drawn = curves.map(({ name, points }, at) => {
    const colour = COLOURS[at % COLOURS.length] ?? '#000000';
    const line = points.map(([members, ratio]) => `${String(x(members))},${String(y(ratio))}`);
    const [members = high, ratio = 1] = points.at(-1) ?? [];
    const label = `${name} × ${ratio.toFixed(2)}`;
    return `<polyline points="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>
${text(x(members) + 8, y(ratio) + 4, label, colour)}`;
  });
  const ticks = sizes.map((members) => text(x(members) - 4, HEIGHT - 18, String(members)));
  const levels = Array.from({ length: Math.floor(most) + 1 }, (_, level) => {
    const at = String(y(level));
    return `<line x1="${String(LEFT)}" y1="${at}" x2="${String(WIDTH - RIGHT)}" y2="${at}" stroke="#dddddd"/>
${text(LEFT - 24, y(level) + 4, `× ${String(level)}`)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" font-family="sans-serif" font-size="12" role="img" aria-label="How time and memory grow with the members">
<rect width="100%" height="100%" fill="#ffffff"/>
${text(LEFT, 22, `Times what it takes with ${String(low)} members, by members`)}
${[...levels, ...ticks, ...drawn].join('\n')}
</svg>
`;
}

function curvesOf(figures: readonly Figure[]): readonly Curve[] {
  const byName = new Map<string, [number, number][]>();
  for (const { name, value } of figures) {
    const [words, members] = SIZE.exec(name) ?? [];
    if (words === undefined) continue;
    const curve = name.replace(words, '');
    byName.set(curve, [...(byName.get(curve) ?? []), [Number(members), value]]);
  }
  return [...byName].map(([name, points]) => {
    const first = points[0]?.[1] ?? 1;
    return { name, points: points.map(([members, value]) => [members, value / first] as const) };
  });
}

const SIZE = /(?:,? )?\b(\d+) members/u;

function text(x: number, y: number, words: string, colour = '#222222'): string {
  return `<text x="${String(rounded(x))}" y="${String(rounded(y))}" fill="${colour}">${words}</text>`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
