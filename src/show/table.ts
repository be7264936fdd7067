/** Turns rows of cells into lines whose columns stand under each other, whatever script the cells are in. */

/** Between two columns. */
const GAP = '  ';

/**
 * One line per row, columns as wide as their widest cell. A row may be shorter than others, and its last
 * cell is not padded. Nothing is ever cut: an id, a URL or a path is only useful whole.
 */
export function tableLines(rows: readonly (readonly string[])[], indent = ''): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, textWidth(cell));
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => padTo(cell, widths[column] ?? 0));
    return `${indent}${cells.join(GAP)}`.trimEnd();
  });
}

/** Spaces behind the text until it is `width` columns wide. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

const COLOUR = /\u001b\[[0-9;]*m/gu;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Blocks that terminals draw two columns wide (Unicode East Asian Width W and F, and the emoji planes). */
const WIDE: readonly (readonly [from: number, to: number])[] = [
  [0x11_00, 0x11_5f],
  [0x2e_80, 0x30_3e],
  [0x30_41, 0xa4_cf],
  [0xa9_60, 0xa9_7f],
  [0xac_00, 0xd7_a3],
  [0xf9_00, 0xfa_ff],
  [0xfe_30, 0xfe_6f],
  [0xff_00, 0xff_60],
  [0xff_e0, 0xff_e6],
  [0x1_f3_00, 0x1_f6_4f],
  [0x1_f6_80, 0x1_f6_ff],
  [0x1_f9_00, 0x1_f9_ff],
  [0x2_00_00, 0x3_ff_fd],
];

/** Columns that a terminal needs for the text; colour sequences and combining marks need none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const sign of text.replace(COLOUR, '')) {
    if (NO_WIDTH.test(sign)) continue;
    const code = sign.codePointAt(0) ?? 0;
    width += WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
  }
  return width;
}
