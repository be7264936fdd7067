/** Goal: the picture has every step and gate of the rollout, in order. Method: a golden, and the SVG read back. */

import { describe, expect, it } from 'vitest';
import { mermaidOf, svgOf } from '../../../src/show/graph.ts';
import { previewJson } from '../../../src/show/preview.ts';
import { expectGolden } from '../../support/golden.ts';
import { observedOf } from '../../support/observed.ts';
import { desiredFor, provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const world = httpWorld();
const data = previewJson({
  proven: provenFor(world),
  observed: observedOf(world),
  desired: desiredFor(world),
  warnings: [],
  observedAgoMs: 0,
  settings: [],
});

describe('the graph of a rollout', () => {
  it('as Mermaid reads as its golden', () => {
    expectGolden('show/graph.mmd', mermaidOf(data));
  });

  it('as Mermaid has one node a step and one arrow between two, and lets no text end a string', () => {
    const text = mermaidOf(data);
    for (const { number } of data.steps) {
      expect(text.match(new RegExp(`^    s${String(number)}[(\\[]`, 'gmu'))).toHaveLength(1);
    }
    expect(text.match(/ -->/gu)).toHaveLength(data.steps.length);
    const [first] = data.steps;
    if (first === undefined) throw new Error('a rollout has steps');
    const odd = { ...data, steps: [{ ...first, say: 'say "no" to <b> #1' }] };
    expect(mermaidOf(odd)).toContain('say #quot;no#quot; to #lt;b> #35;1');
  });

  it('as SVG has a box for each step with its words, and nothing that acts or is loaded', () => {
    const svg = svgOf(data).replaceAll(/\s+/gu, ' ');
    expect(svg.match(/<rect class="(?:step|down)"/gu)).toHaveLength(data.steps.length);
    const restarts = data.restarts.reduce((sum, { steps }) => sum + steps.length, 0);
    expect(svg.match(/<rect class="down"/gu)).toHaveLength(restarts);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/u);
    expect(svg).not.toMatch(/<script|href|@import|url\(/u);
    const tags = [...svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/gu)];
    const depth = tags.reduce((sum, [, close, , alone]) => sum + (close ? -1 : alone ? 0 : 1), 0);
    expect(depth).toBe(0);
  });

  it('of nothing to do is empty and still a picture', () => {
    const empty = { ...data, steps: [], restarts: [] };
    expect(mermaidOf(empty)).toBe('flowchart TB');
    expect(svgOf(empty)).toContain('</svg>');
  });
});
