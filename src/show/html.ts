/** Turns texts and numbers into HTML in which nothing of them can be taken for markup, and no secret stands. */

import { redact } from './redact.ts';
import { withoutControls } from './wrap.ts';

export interface Html {
  readonly html: string;
}

/** A part of a page, with the id of its heading. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

type Piece = Html | string | number | undefined | readonly Piece[];

/** A template whose pieces are escaped, unless they are HTML already; lists are joined, undefined is nothing. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const parts = strings.map((text, index) => text + text_(pieces[index]));
  return { html: parts.join('') };
}

/** Text that is written by ourselves alone: styles, scripts. */
export function trusted(text: string): Html {
  return { html: text };
}

/** Data for a script: JSON in which no tag can begin or end. */
export function jsonFor(value: unknown): Html {
  return { html: redact(JSON.stringify(value)).replaceAll('<', '\\u003c') };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text_(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'number') return String(piece);
  if (typeof piece === 'string') {
    return redact(withoutControls(piece)).replace(/[&<>"']/g, (each) => ESCAPES[each] ?? each);
  }
  return 'html' in piece ? piece.html : piece.map(text_).join('');
}
