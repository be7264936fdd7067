/** Turns a line of bytes into numbers that are equal for lines of one kind, without decoding it. */

const [SPACE, QUOTE, DASH, DOT, ZERO, NINE, COLON] = [32, 34, 45, 46, 48, 57, 58];
const [BACKSLASH, BRACKET, BRACE] = [92, 93, 123];
const TS = Buffer.from('"ts":"');
/** zap writes level and time first. */
const HEAD_BYTES = 24;
const [SEED_A, SEED_B, PRIME_A, PRIME_B] = [0x811c9dc5, 0x050c5d1f, 0x01000193, 0x01000197];
/** Before the text of a request that was slow: of zap, and of capnslog. */
const REQUESTS = [Buffer.from('"request":"'), Buffer.from('request "')];

/** A stretch of bytes that is left out; `from` is -1 where none is. */
export interface Skipped {
  readonly from: number;
  readonly to: number;
}

export const NOTHING_SKIPPED: Skipped = { from: -1, to: -1 };

/** Finds the requests that lines quote in whole: no two of them have the same keys. Lines are asked for in order. */
export class RequestFinder {
  readonly #bytes: Buffer;
  /** Of each marker the first place that is not before the line asked for last; -1: none is left. */
  readonly #next: number[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#next = REQUESTS.map((marker) => bytes.indexOf(marker));
  }

  in(start: number, end: number): Skipped {
    for (const [index, marker] of REQUESTS.entries()) {
      let at = this.#next[index] ?? -1;
      if (at >= 0 && at < start) {
        at = this.#bytes.indexOf(marker, start);
        this.#next[index] = at;
      }
      if (at < 0 || at >= end) continue;
      const from = at + marker.length;
      return { from, to: this.#endOf(from, end) };
    }
    return NOTHING_SKIPPED;
  }

  /** The quote that is not escaped, or the end of the line. */
  #endOf(from: number, end: number): number {
    const bytes = this.#bytes;
    for (let at = bytes.indexOf(QUOTE, from); at >= 0 && at < end;) {
      let slashes = 0;
      while (bytes[at - 1 - slashes] === BACKSLASH) slashes += 1;
      if (slashes % 2 === 0) return at;
      at = bytes.indexOf(QUOTE, at + 1);
    }
    return end;
  }
}

/**
 * A number for the line with each run of digits as one: FNV-1a twice, from two seeds, of which 53 bits
 * fit a number. Two shapes of a log meeting in one number: once in some hundred million logs.
 */
export function shapeOf(bytes: Buffer, start: number, end: number, skipped: Skipped): number {
  let [a, b, isDigit] = [SEED_A, SEED_B, false];
  for (let at = start; at < end; at += 1) {
    if (at === skipped.from) at = skipped.to;
    if (at >= end) break;
    let byte = bytes[at] ?? 0;
    if (byte >= ZERO && byte <= NINE) {
      if (isDigit) continue;
      isDigit = true;
      byte = ZERO;
    } else isDigit = false;
    a = Math.imul(a ^ byte, PRIME_A);
    b = Math.imul(b ^ byte, PRIME_B);
  }
  return joined(a, b);
}

/** A number for the line from its message on, with the port behind an address (`10.0.0.1:5`, `[fd00::1]:5`) left out. */
export function variantOf(bytes: Buffer, start: number, end: number): number {
  let [a, b, skips, isBehindDot, before] = [SEED_A, SEED_B, false, false, 0];
  for (let at = messageAt(bytes, start, end); at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    const isDigit = byte >= ZERO && byte <= NINE;
    if (skips && isDigit) continue;
    skips = byte === COLON && (isBehindDot || before === BRACKET);
    isBehindDot = byte === DOT || (isBehindDot && isDigit);
    before = byte;
    a = Math.imul(a ^ byte, PRIME_A);
    b = Math.imul(b ^ byte, PRIME_B);
  }
  return joined(a, b);
}

/** Behind the time: `2026-11-22 05:41:19.123456 `, or `{"level":"warn","ts":"...",`. */
function messageAt(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] === BRACE) {
    const quote = bytes.indexOf(TS, start);
    if (quote < 0 || quote > start + HEAD_BYTES) return start;
    return Math.min(end, bytes.indexOf(QUOTE, quote + TS.length) + 1);
  }
  const isCapnslog = bytes[start + 4] === DASH && bytes[start + 10] === SPACE;
  return isCapnslog && bytes[start + 26] === SPACE ? start + 26 : start;
}

function joined(a: number, b: number): number {
  return (a >>> 0) * 0x20_0000 + ((b >>> 0) & 0x1f_ffff);
}
