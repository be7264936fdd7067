/** Goal: no text makes declare throw or point outside. Method: the complete plan file, cut and stirred. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { declare } from '../../../src/declare/declare.ts';
import { planProblemsText } from '../../../src/show/squiggle.ts';
import { COMPLETE, FOLDERS, MINIMAL } from './plan-files.ts';

const PIECES = [
  ...['{', '}', '[', ']', ':', ': ', ',', '"', "'", '|', '>', '&a ', '*a', '!t ', '- ', '? ', '#'],
  ...['\n', '\t', '\r', '\u0000', '\uFEFF', '%YAML 1.1\n', '---\n', '...\n', '<<: ', '__proto__: '],
  ...[
    'null',
    'true',
    '1.10',
    '0x1f',
    '.inf',
    '~',
    'constructor: 1\n',
    '表',
    '🦀',
    '\uD800',
    'e\u0301',
  ],
];

interface Edit {
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
}

const edits = fc.array(
  fc.record<Edit>({
    at: fc.nat(COMPLETE.length),
    removed: fc.oneof(fc.constant(0), fc.nat(40)),
    inserted: fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 12 })),
  }),
  { maxLength: 8 },
);

function edited(text: string, changes: readonly Edit[]): string {
  return changes.reduce(
    (now, { at, removed, inserted }) => now.slice(0, at) + inserted + now.slice(at + removed),
    text,
  );
}

/** The lines as a person counts them; a byte order mark is no letter. */
function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/u, '').split('\n');
}

/** Each run reads a whole plan file, about 10 ms; a busy machine is several times slower. */
const PATIENCE = { timeout: 30_000 };

describe('a plan file that was changed at random', PATIENCE, () => {
  it('gives a spec, or problems that stand inside of the file and can be shown', () => {
    const text = fc.tuple(fc.constantFrom(COMPLETE, MINIMAL), edits);
    fc.assert(
      fc.property(text, ([start, changes]) => {
        const mutated = edited(start, changes);
        const result = declare(mutated, 'plan.yaml', FOLDERS);
        if (result.ok) return;
        const lines = linesOf(mutated);
        expect(result.error.length).toBeGreaterThan(0);
        for (const { line, col, message } of result.error) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(col).toBeGreaterThanOrEqual(1);
          expect(col).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
          expect(message).not.toBe('');
        }
        expect(planProblemsText(mutated, result.error)).toContain('plan.yaml:');
      }),
      { numRuns: 100 },
    );
  });

  it('gives a spec, or problems, for any YAML value at all', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(12), (value, place) => {
        const whole = JSON.parse(JSON.stringify(MINIMAL_VALUE)) as Record<string, unknown>;
        whole[KEYS[place % KEYS.length] ?? 'name'] = value;
        const result = declare(JSON.stringify(whole), 'plan.yaml', FOLDERS);
        if (!result.ok) expect(result.error.every(({ line }) => line === 1)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

const MINIMAL_VALUE = {
  version: 1,
  name: 'prod',
  cluster: { endpoints: ['http://10.0.0.1:2379'] },
  members: [{ name: 'm1' }],
};

const KEYS = [
  ...['version', 'name', 'strategy', 'cluster', 'pki', 'defaults', 'members', 'order'],
  ...['accept', 'gates', 'hooks', 'onFailure', 'backup'],
];
