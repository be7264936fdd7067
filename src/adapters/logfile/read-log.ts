/**
 * Turns a stream of bytes into the lines that its taker wants, fast: most lines of a log differ only in
 * their digits from one that was taken before, and need not be decoded to be skipped or counted.
 *
 *   shape    the line with every run of digits as one      known to tell nothing -> skipped
 *   variant  the line without its time and without ports   known to be counted   -> counted
 */

import { JournalExport } from './journal-export.ts';

/** What came of a line: nothing, something of its own, or one more of what `T` counts. */
export type Taken<T extends Counter> = 'nothing' | 'telling' | T;

export interface Counter {
  /** Whatever the digits: the line names no other side. */
  readonly isAnonymous: boolean;
}

export interface LineTaker<T extends Counter> {
  take(line: string): Taken<T>;
  again(counter: T, count: number, lastLine: string): void;
  /** While true, every line is wanted. */
  wantsAll(): boolean;
  /** The last line of a stretch, taken or not, and how many of its lines told nothing and were skipped. */
  reached(line: string, skippedCount: number): void;
}

/** etcd prints longer lines only with whole requests in them; their head tells what they are. */
const LINE_BYTES = 64 * 1024;
/** Lines differ by words, addresses and IDs: a log has hundreds of kinds. More would be a log of random text. */
const KINDS_KEPT = 50_000;
/** Enough of a log to tell in which form it is kept. */
const FORM_BYTES = 64;
const NEWLINE = 10;
const EQUALS = 61;
const [SPACE, QUOTE, DASH, DOT, ZERO, NINE, COLON] = [32, 34, 45, 46, 48, 57, 58];
const [BRACKET, BRACE] = [93, 123];
const TS = Buffer.from('"ts":"');
/** zap writes level and time first. */
const HEAD_BYTES = 24;
const [SEED_A, SEED_B, PRIME_A, PRIME_B] = [0x811c9dc5, 0x050c5d1f, 0x01000193, 0x01000197];

/** Resolves when all was read; the stream's own error goes through. */
export async function readLog<T extends Counter>(
  chunks: AsyncIterable<Uint8Array>,
  taker: LineTaker<T>,
): Promise<void> {
  const lines = new LineReader(taker);
  let journal: JournalExport | undefined;
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (head !== undefined) {
      head = Buffer.concat([head, bytes]);
      if (head.length < FORM_BYTES && !head.includes(NEWLINE)) continue;
      bytes = head;
      head = undefined;
      if (isJournalExport(bytes)) {
        journal = new JournalExport((line) => {
          taker.take(line);
        });
      }
    }
    if (journal === undefined) lines.push(bytes);
    else journal.push(bytes);
  }
  if (head !== undefined) lines.push(head);
  journal?.end();
  lines.end();
}

/** `journalctl -o export` begins with `__CURSOR=`, whatever it exports. */
function isJournalExport(bytes: Buffer): boolean {
  const head = bytes.subarray(0, FORM_BYTES);
  return head.includes(EQUALS) && /^(?:__[A-Z_]+|[A-Z][A-Z_]+)=/u.test(head.toString('latin1'));
}

/** Lines of one variant since the last flush: how many, and where the last one stands. */
interface Pending<T> {
  readonly counter: T;
  count: number;
  start: number;
  end: number;
}

class LineReader<T extends Counter> {
  readonly #taker: LineTaker<T>;
  readonly #dull = new Set<number>();
  readonly #counted = new Map<number, Pending<T>>();
  readonly #touched = new Set<Pending<T>>();
  #rest: Buffer = Buffer.alloc(0);
  /** Inside an over-long line whose head was taken. */
  #skips = false;
  #skippedCount = 0;

  constructor(taker: LineTaker<T>) {
    this.#taker = taker;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let [at, last] = [0, 0];
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      if (this.#skips) this.#skips = false;
      else this.#line(bytes, at, end);
      last = at;
      at = end + 1;
    }
    this.#flush(bytes);
    if (at > 0) this.#taker.reached(textOf(bytes, last, at - 1), this.#skippedCount);
    if (at > 0) this.#skippedCount = 0;
    this.#keep(bytes, at);
  }

  end(): void {
    if (this.#rest.length > 0 && !this.#skips) this.#line(this.#rest, 0, this.#rest.length);
    this.#flush(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  /** The start of a line whose end has not come; a copy, so that the chunk can go. */
  #keep(bytes: Buffer, at: number): void {
    const isLong = bytes.length - at > LINE_BYTES;
    if (isLong && !this.#skips) this.#line(bytes, at, at + LINE_BYTES);
    this.#flush(bytes);
    if (isLong) this.#skips = true;
    this.#rest = this.#skips ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }

  #line(bytes: Buffer, start: number, end: number): void {
    if (end === start) return;
    const stop = Math.min(end, start + LINE_BYTES);
    const wantsAll = this.#taker.wantsAll();
    const shape = shapeOf(bytes, start, stop);
    if (!wantsAll && this.#dull.has(shape)) {
      this.#skippedCount += 1;
      return;
    }
    const anonymous = wantsAll ? undefined : this.#counted.get(shape);
    const variant = anonymous === undefined ? variantOf(bytes, start, stop) : shape;
    const known = wantsAll ? undefined : (anonymous ?? this.#counted.get(variant));
    if (known !== undefined) {
      known.count += 1;
      known.start = start;
      known.end = stop;
      if (known.count === 1) this.#touched.add(known);
      return;
    }
    this.#take(bytes, { start, end: stop, shape, variant });
  }

  #take(
    bytes: Buffer,
    line: {
      readonly start: number;
      readonly end: number;
      readonly shape: number;
      readonly variant: number;
    },
  ): void {
    const taken = this.#taker.take(textOf(bytes, line.start, line.end));
    if (taken === 'nothing') {
      if (this.#dull.size < KINDS_KEPT) this.#dull.add(line.shape);
      return;
    }
    // Whatever told something may have begun another member's log: counters are of one log.
    if (taken === 'telling') {
      this.#flush(bytes);
      this.#counted.clear();
      return;
    }
    if (this.#counted.size >= KINDS_KEPT) {
      this.#flush(bytes);
      this.#counted.clear();
    }
    this.#counted.set(taken.isAnonymous ? line.shape : line.variant, {
      counter: taken,
      count: 0,
      start: 0,
      end: 0,
    });
  }

  /** Before the bytes go, so that the last line of each can still be read. */
  #flush(bytes: Buffer): void {
    for (const pending of this.#touched) {
      this.#taker.again(pending.counter, pending.count, textOf(bytes, pending.start, pending.end));
      pending.count = 0;
    }
    this.#touched.clear();
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, Math.min(end, start + LINE_BYTES));
}

/**
 * A number for the line with each run of digits as one: FNV-1a twice, from two seeds, of which 53 bits
 * fit a number. Two shapes of a log meeting in one number: once in some hundred million logs.
 */
function shapeOf(bytes: Buffer, start: number, end: number): number {
  let [a, b, isDigit] = [SEED_A, SEED_B, false];
  for (let at = start; at < end; at += 1) {
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
function variantOf(bytes: Buffer, start: number, end: number): number {
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
