/** Goal: one sees what each sample plan leads to. Method: its preview for a simulated cluster of its members, as a golden. */

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { declare } from '../../src/declare/declare.ts';
import { CHECKOUT, textOf } from '../support/checkout.ts';
import { expectGolden } from '../support/golden.ts';
import { samplePreview } from '../support/sample-plans.ts';

const SAMPLES = readdirSync(path.join(CHECKOUT, 'plans')).filter((name) => name.endsWith('.yaml'));
const FOLDERS = { baseDir: '/srv/plans', homeDir: '/home/op' };
/** A golden holds no more; the rest of a long one has a golden of its own. */
const LINES = 148;

describe('the preview of a sample plan', () => {
  it.each(SAMPLES)('%s is its golden', (name) => {
    const desired = declare(textOf(`plans/${name}`), `plans/${name}`, FOLDERS);
    if (!desired.ok) throw new Error(`${name} has mistakes`);
    const lines = samplePreview(desired.value).split('\n');
    expect(lines.at(-1)).toBe('nothing has been changed');
    for (let part = 0; part * LINES < lines.length; part += 1) {
      const ending = part === 0 ? '' : `-${String(part + 1)}`;
      const text = lines.slice(part * LINES, (part + 1) * LINES).join('\n');
      expectGolden(`plans/${name.replace('.yaml', '')}${ending}.txt`, text);
    }
  });
});
