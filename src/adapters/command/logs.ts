/** Turns a log file that grows, is renamed, or is cut to nothing into whole lines since a cursor. */

import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, Host, LogCursor, LogLines, LogSource } from '../../ports.ts';
import { rotatedFiles } from './rotated.ts';

/** What one call reads: at etcd's busiest a few seconds of log. */
const CHUNK_BYTES = 1024 * 1024;
/** etcd prints such lines only with whole requests in them; their head tells what they are. */
const LINE_BYTES = 64 * 1024;
/** Enough of the lines before the cursor to know them again: two lines carry two times of day. */
const TRACE_BYTES = 256;
const NEWLINE = 10;

/** Where we stand: everything before `offset` was given out. */
interface Position {
  readonly path: string;
  /** Empty: the file was not there, or we have not looked at it yet. */
  readonly identity: string;
  readonly offset: number;
  /** SHA-256 of the (at most 256) bytes before the offset: a copied and cut file is known by it. */
  readonly trace: string;
  /** 1: the rest of an over-long line, up to the next newline, is to be left out. */
  readonly skipsLine: number;
}

interface Chunk {
  readonly bytes: Uint8Array;
  /** Where in `bytes` the new part begins; what stands before it is the trace. */
  readonly start: number;
  readonly sizeBytes: number;
  readonly identity: string;
}

/**
 * Rotation is followed, by rename or by copy and cut, into the file that holds what was not read yet and from
 * there on to the newest; a process that keeps its old file open goes on writing there. Where no file holds the
 * lines before the cursor any more (cut, taken away, compressed), lines may be missing: LOG_LINES_LOST for
 * good, and only a new `end` gets over it.
 *
 * Known gap: what is written between the copy and the cut of a rotation is in neither file.
 */
export function fileLog(host: Host, path: string): LogSource {
  return {
    end: (backBytes = 0) => (backBytes > 0 ? before(host, path, backBytes) : endOf(host, path)),
    since: (cursor) => since(host, path, positionOf(cursor, path)),
  };
}

async function endOf(host: Host, path: string): Answer<LogCursor> {
  const size = await host.readRange(path, 0, 0);
  if (!size.ok) return size;
  if (size.value === undefined) return ok(cursorOf(startOf(path)));
  const from = Math.max(0, size.value.sizeBytes - LINE_BYTES - TRACE_BYTES);
  const tail = await host.readRange(path, from, LINE_BYTES + TRACE_BYTES);
  if (!tail.ok) return tail;
  if (tail.value === undefined) return ok(cursorOf(startOf(path)));
  const { bytes, identity } = tail.value;
  // An unfinished last line belongs to what comes after the cursor.
  const lastNewline = bytes.lastIndexOf(NEWLINE);
  const isInsideLine = lastNewline < 0 && from > 0;
  const end = isInsideLine ? bytes.length : lastNewline + 1;
  const skipsLine = isInsideLine ? 1 : 0;
  const trace = traceOf(bytes, end);
  return ok(cursorOf({ path, identity, offset: from + end, trace, skipsLine }));
}

/** At most so many bytes before the end, at the next line's start. */
async function before(host: Host, path: string, backBytes: number): Answer<LogCursor> {
  const size = await host.readRange(path, 0, 0);
  if (!size.ok) return size;
  const offset = (size.value?.sizeBytes ?? 0) - backBytes;
  if (offset <= 0) {
    return ok(cursorOf({ ...startOf(path), identity: size.value?.identity ?? '' }));
  }
  const from = Math.max(0, offset - TRACE_BYTES);
  const head = await host.readRange(path, from, offset - from);
  if (!head.ok) return head;
  if (head.value === undefined) return ok(cursorOf(startOf(path)));
  const { bytes, identity } = head.value;
  const skipsLine = bytes.at(-1) === NEWLINE ? 0 : 1;
  return ok(cursorOf({ path, identity, offset, trace: traceOf(bytes, bytes.length), skipsLine }));
}

async function since(host: Host, path: string, position: Position): Answer<LogLines> {
  const chunk = await chunkAt(host, position);
  if (!chunk.ok) return chunk;
  if (chunk.value !== undefined && isSameFile(chunk.value, position)) {
    return await linesOrNext(host, path, position, chunk.value);
  }
  return position.identity === '' ? fromStart(host, path) : inRotated(host, path, position);
}

/** There was no file when the cursor was made. */
async function fromStart(host: Host, path: string): Answer<LogLines> {
  const fresh = startOf(path);
  const first = await chunkAt(host, fresh);
  if (!first.ok) return first;
  if (first.value === undefined) return ok({ lines: [], cursor: cursorOf(fresh), hasMore: false });
  return ok(linesOf(first.value, { ...fresh, identity: first.value.identity }));
}

/** Another file stands at the path, or none: one of those beside it is the one that was read. */
async function inRotated(host: Host, path: string, position: Position): Answer<LogLines> {
  const files = await rotatedFiles(host, path);
  if (!files.ok) return files;
  for (const file of [...files.value.filter(({ isCompressed }) => !isCompressed)].reverse()) {
    const rotated = { ...position, path: file.path };
    const chunk = await chunkAt(host, rotated);
    if (!chunk.ok) return chunk;
    if (chunk.value === undefined || !isSameFile(chunk.value, rotated)) continue;
    return await linesOrNext(host, path, rotated, chunk.value);
  }
  const newest = files.value.at(-1);
  const but =
    newest?.isCompressed === true
      ? `${newest.path} is compressed, and what stood in it was not read to its end`
      : `${path} was cut or replaced, and no file beside it holds the lines that were read last`;
  return err(linesLost(host, path, but));
}

/** Lines of this file; when it is a rotated one that gives nothing more, the next newer one's turn comes. */
async function linesOrNext(
  host: Host,
  path: string,
  position: Position,
  chunk: Chunk,
): Promise<Result<LogLines, Failure>> {
  const lines = linesOf(chunk, { ...position, identity: chunk.identity });
  if (position.path === path || lines.hasMore) return ok(lines);
  const next = await newerThan(host, path, position.path);
  if (!next.ok) return next;
  if (next.value === undefined || next.value.identity === chunk.identity) return ok(lines);
  if (lines.lines.length > 0) return ok({ ...lines, hasMore: true });
  // Nobody will finish the old file's last line any more.
  const rest = cut(chunk.bytes.subarray(chunk.start));
  const last = rest === '' || position.skipsLine === 1 ? [] : [rest];
  const cursor = { ...startOf(next.value.path), identity: next.value.identity };
  return ok({ lines: last, cursor: cursorOf(cursor), hasMore: true });
}

/** The file that was begun when this one was put aside; undefined while it is not there, or empty. */
async function newerThan(
  host: Host,
  path: string,
  rotated: string,
): Promise<Result<{ readonly path: string; readonly identity: string } | undefined, Failure>> {
  const files = await rotatedFiles(host, path);
  if (!files.ok) return files;
  const at = files.value.findIndex((file) => file.path === rotated);
  // Just now it has got another name: the next call finds it by that.
  if (at < 0) return ok(undefined);
  const newer = files.value.slice(at + 1);
  for (const file of [...newer, { path, isCompressed: false }]) {
    if (file.isCompressed) {
      return err(linesLost(host, path, `${file.path} is compressed, and none of it was read`));
    }
    const next = await host.readRange(file.path, 0, 0);
    if (!next.ok) return next;
    if (next.value === undefined || next.value.sizeBytes === 0) continue;
    return ok({ path: file.path, identity: next.value.identity });
  }
  return ok(undefined);
}

function linesLost(host: Host, path: string, but: string): Failure {
  return {
    code: 'LOG_LINES_LOST',
    where: `the log file ${path} on ${host.label}`,
    would: 'read what etcd logged since the last look',
    but: `${but}: lines may be missing`,
    so: 'the log cannot speak for or against a step',
    remedy:
      'peershift resume reads on from the end of the log; while a run is at work, rotate logs without compressing them',
  };
}

function linesOf(chunk: Chunk, position: Position): LogLines {
  const { bytes, start } = chunk;
  const isFull = bytes.length - start >= CHUNK_BYTES;
  const lines: string[] = [];
  let at = start;
  let skips = position.skipsLine === 1;
  for (let end = bytes.indexOf(NEWLINE, at); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
    if (!skips) lines.push(cut(bytes.subarray(at, end)));
    skips = false;
    at = end + 1;
  }
  if (at === start && isFull) {
    if (!skips) lines.push(cut(bytes.subarray(at)));
    skips = true;
    at = bytes.length;
  }
  const offset = position.offset + at - start;
  const after = { ...position, offset, trace: traceOf(bytes, at), skipsLine: skips ? 1 : 0 };
  return { lines, cursor: cursorOf(after), hasMore: isFull && offset < chunk.sizeBytes };
}

/** One read gives the trace and what follows it, so that no rotation can come between the two. */
async function chunkAt(host: Host, position: Position): Answer<Chunk | undefined> {
  const from = Math.max(0, position.offset - TRACE_BYTES);
  const start = position.offset - from;
  const range = await host.readRange(position.path, from, start + CHUNK_BYTES);
  if (!range.ok) return range;
  return ok(range.value === undefined ? undefined : { ...range.value, start });
}

/**
 * The bytes before the offset decide; where there are none, the identity does. So a copy is the same
 * file, and a file that was cut and has grown again over the old offset is not.
 */
function isSameFile(chunk: Chunk, position: Position): boolean {
  if (position.offset === 0) return chunk.identity === position.identity;
  return chunk.bytes.length >= chunk.start && traceOf(chunk.bytes, chunk.start) === position.trace;
}

function traceOf(bytes: Uint8Array, end: number): string {
  return sha256(bytes.subarray(Math.max(0, end - TRACE_BYTES), end));
}

function cut(line: Uint8Array): string {
  const text = Buffer.from(line.subarray(0, LINE_BYTES)).toString('utf8');
  return line.length > LINE_BYTES ? `${text} ...` : text.replace(/\r$/, '');
}

function startOf(path: string): Position {
  return { path, identity: '', offset: 0, trace: sha256(''), skipsLine: 0 };
}

function cursorOf(position: Position): LogCursor {
  return { ...position };
}

/** A cursor comes out of a journal: what is missing in it means the start of the file. */
function positionOf(cursor: LogCursor, path: string): Position {
  const text = (key: string, fallback: string): string =>
    typeof cursor[key] === 'string' ? cursor[key] : fallback;
  const count = (key: string): number => (typeof cursor[key] === 'number' ? cursor[key] : 0);
  return {
    path: text('path', path),
    identity: text('identity', ''),
    offset: count('offset'),
    trace: text('trace', sha256('')),
    skipsLine: count('skipsLine'),
  };
}
