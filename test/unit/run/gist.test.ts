/** Goal: a wait is told once, not at every look. Method: texts as the gates make them. */

import { describe, expect, it } from 'vitest';
import { gistOf } from '../../../src/run/gist.ts';

describe('the gist of what is waited for', () => {
  it('is the same while only its time grows', () => {
    const waits = (now: string): string => `quiet logs for 8.0 s (now ${now})`;
    expect(gistOf(waits('950 ms'))).toBe(gistOf(waits('1.2 s')));
    expect(gistOf(waits('59 s'))).toBe(gistOf(waits('1 min 02 s')));
  });

  it('is another when something else is waited for', () => {
    expect(gistOf('a fresh probe of 2 of 6 links (m1 to m2, m2 to m1)')).not.toBe(
      gistOf('a fresh probe of 1 of 6 links (m1 to m2)'),
    );
  });
});
