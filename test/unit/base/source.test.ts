/** Goal: an offset and its place in an editor agree. Method: every offset of a text, counted by hand. */

import { describe, expect, it } from 'vitest';

import { lineStarts, positionAt } from '../../../src/base/source.ts';

describe('positionAt', () => {
  it('counts lines and columns from 1, a line feed as the end of its own line', () => {
    const text = 'ab\n\ncd';
    const starts = lineStarts(text);
    const places = Array.from({ length: text.length + 1 }, (_, offset) =>
      positionAt(starts, offset),
    );
    expect(places.map(({ line, col }) => `${String(line)}:${String(col)}`)).toEqual([
      ...['1:1', '1:2', '1:3', '2:1', '3:1', '3:2', '3:3'],
    ]);
  });

  it('has one place in an empty text', () => {
    expect(positionAt(lineStarts(''), 0)).toEqual({ line: 1, col: 1 });
  });
});
