/** Turns the value of ExecStart= or Environment= into words with their places, as systemd splits them. */

export interface UnitWord {
  /** Without quotes and escapes; specifiers and variables not yet put in. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface ExecLine {
  /** `-`, `@`, `:`, `+`, `!`, `!!`, `|` in front of the program. */
  readonly prefix: string;
  /** The program first; with `@` the name it goes by second. */
  readonly words: readonly UnitWord[];
}

const SPACE = ' \t\n\r';
/** cunescape_one (basic/escape.c). */
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '"': '"', "'": "'", s: ' ' },
};

/** Undefined: a quote is never closed, and systemd ignores the whole line. */
export function splitWords(value: string): readonly UnitWord[] | undefined {
  const words: UnitWord[] = [];
  let at = 0;
  for (;;) {
    while (at < value.length && SPACE.includes(value.charAt(at))) at += 1;
    if (at >= value.length) return words;
    const word = scanWord(value, at);
    if (word === undefined) return undefined;
    words.push(word);
    at = word.end;
  }
}

export function parseExec(value: string): ExecLine | undefined {
  const words = splitWords(value);
  const [first, ...rest] = words ?? [];
  if (first === undefined) return undefined;
  const prefix = /^[-@:+!|]*/.exec(first.text)?.[0] ?? '';
  const program = { ...first, text: first.text.slice(prefix.length) };
  return { prefix, words: [program, ...rest] };
}

function scanWord(value: string, start: number): UnitWord | undefined {
  let text = '';
  let quote = '';
  let at = start;
  while (at < value.length) {
    const c = value.charAt(at);
    if (quote === '' && SPACE.includes(c)) break;
    if (c === '\\' && at + 1 < value.length) {
      const { decoded, length } = unescaped(value, at);
      text += decoded;
      at += length;
    } else {
      if (quote === '' && (c === '"' || c === "'")) quote = c;
      else if (c === quote) quote = '';
      else text += c;
      at += 1;
    }
  }
  return quote === '' ? { text, start, end: at } : undefined;
}

/** What is no escape stays as it is, backslash and all (EXTRACT_CUNESCAPE_RELAX). */
function unescaped(value: string, at: number): { decoded: string; length: number } {
  const next = value.charAt(at + 1);
  const simple = ESCAPES[next];
  if (simple !== undefined) return { decoded: simple, length: 2 };
  const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(
    value.slice(at + 1, at + 10),
  );
  if (code === null) return { decoded: `\\${next}`, length: 2 };
  const [all, byte, short, long, octal] = code;
  const hex = byte ?? short ?? long;
  const point = hex === undefined ? parseInt(octal ?? '0', 8) : parseInt(hex, 16);
  const isCharacter = point > 0 && point <= 0x10_ffff;
  return isCharacter
    ? { decoded: String.fromCodePoint(point), length: all.length + 1 }
    : { decoded: `\\${next}`, length: 2 };
}

/** One word for ExecStart= that stands for exactly this text: no quote, specifier or variable in it works. */
export function unitWord(text: string): string {
  const doubled = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[\w./@%+=,:$[\]-]+$/.test(doubled)) return doubled;
  return `"${doubled.replace(/[\\"]/g, '\\$&')}"`;
}
