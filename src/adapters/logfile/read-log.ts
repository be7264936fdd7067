/**
 * Turns a stream of bytes into the lines that its taker wants, fast: most lines of a log differ only in
 * their digits from one that was taken before, and need not be decoded to be skipped or counted.
 *
 *   shape    the line with every run of digits as one,
 *            and without the request that it quotes        known to tell nothing -> skipped
 *   variant  the line without its time and without ports   known to be counted   -> counted
 */

import { JournalExport } from './journal-export.ts';
import { NOTHING_SKIPPED, RequestFinder, shapeOf, variantOf } from './line-shape.ts';

/** What came of a line: nothing, something of its own, another log that begins with it, or one more of what `T` counts. */
export type Taken<T extends Counter> = 'nothing' | 'telling' | 'another' | T;

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
  /** The last line that was looked at was known, or taken, by its variant. */
  #wasVariant = false;
  #requests = new RequestFinder(Buffer.alloc(0));

  constructor(taker: LineTaker<T>) {
    this.#taker = taker;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#requests = new RequestFinder(bytes);
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
    this.#requests = new RequestFinder(this.#rest);
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
    // Faults come in rows: behind one that was counted the next most likely is one of them.
    const first = this.#wasVariant ? variantOf(bytes, start, stop) : undefined;
    if (first !== undefined && !wantsAll && this.#isCounted(first, start, stop)) return;
    this.#wasVariant = false;
    const request = wantsAll ? NOTHING_SKIPPED : this.#requests.in(start, stop);
    const shape = shapeOf(bytes, start, stop, request);
    if (!wantsAll && this.#dull.has(shape)) {
      this.#skippedCount += 1;
      return;
    }
    if (!wantsAll && this.#isCounted(shape, start, stop)) return;
    const variant = first ?? variantOf(bytes, start, stop);
    this.#wasVariant = true;
    if (!wantsAll && this.#isCounted(variant, start, stop)) return;
    this.#take(bytes, { start, end: stop, shape, variant });
  }

  /** One more of a kind that is known, to be told with the others. */
  #isCounted(kind: number, start: number, end: number): boolean {
    const known = this.#counted.get(kind);
    if (known === undefined) return false;
    known.count += 1;
    known.start = start;
    known.end = end;
    if (known.count === 1) this.#touched.add(known);
    return true;
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
    if (taken === 'telling') return;
    // Counters are of one log.
    if (taken === 'another') {
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
    // Several variants may count as one: the last of them all is to be told last.
    for (const pending of [...this.#touched].sort((a, b) => a.start - b.start)) {
      this.#taker.again(pending.counter, pending.count, textOf(bytes, pending.start, pending.end));
      pending.count = 0;
    }
    this.#touched.clear();
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, Math.min(end, start + LINE_BYTES));
}
