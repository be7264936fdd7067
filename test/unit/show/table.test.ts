/** Goal: columns stand under each other in any script. Method: tables whose widths are counted by hand. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padTo, tableLines, textWidth } from '../../../src/show/table.ts';

describe('a table', () => {
  it('is as wide in each column as its widest cell', () => {
    const rows = [
      ['member', 'id', 'x'],
      ['m1', '8e9e05c52164694d', 'y'],
    ];
    expect(tableLines(rows)).toEqual([
      'member  id                x',
      'm1      8e9e05c52164694d  y',
    ]);
  });

  it('counts an ideograph as two columns and a combining mark as none', () => {
    expect(textWidth('節点一')).toBe(6);
    expect(textWidth('ノード')).toBe(6);
    expect(textWidth('e\u0301tcd')).toBe(4);
    expect(textWidth('→ · ×')).toBe(5);
    expect(
      tableLines([
        ['節点', 'ok'],
        ['m1', 'ok'],
      ]),
    ).toEqual(['節点  ok', 'm1    ok']);
  });

  it('does not count colour', () => {
    const green = '\u001b[32mok\u001b[39m';
    expect(textWidth(green)).toBe(2);
    expect(padTo(green, 4)).toBe(`${green}  `);
  });

  it('leaves no blanks at the end of a line', () => {
    expect(
      tableLines(
        [
          ['a', ''],
          ['bbb', 'c'],
        ],
        '  ',
      ),
    ).toEqual(['  a', '  bbb  c']);
  });

  it('never cuts a cell, whatever stands in it', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '節', 'é', '-', '/'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { maxLength: 5 }), { maxLength: 6 }), (rows) => {
        const lines = tableLines(rows);
        expect(lines).toHaveLength(rows.length);
        for (const [index, row] of rows.entries()) {
          for (const each of row) expect(lines[index]).toContain(each);
        }
      }),
    );
  });
});
