/** Goal: a quote is a line, from its beginning. Method: outputs by hand. */

import { describe, expect, it } from 'vitest';

import { lastLines } from '../../../src/base/last-lines.ts';

describe('the last lines of an output', () => {
  it('are whole, as many as fit', () => {
    expect(lastLines('one\ntwo\n\n  three \n', 100)).toEqual(['one', 'two', 'three']);
    expect(lastLines('one is too long\ntwo\nthree\n', 10)).toEqual(['two', 'three']);
    expect(lastLines('', 10)).toEqual([]);
  });

  it('hold the last one however long it is, from its beginning', () => {
    const fatal = `C | etcdmain: open /peer.pem: no such file ${'x'.repeat(400)}`;
    const [only, ...more] = lastLines(`before\n${fatal}\n`, 100);
    expect(more).toEqual([]);
    expect(only).toMatch(/^C \| etcdmain: open .* \.\.\.$/u);
    expect(only).toHaveLength(304);
  });
});
