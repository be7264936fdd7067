/** Turns what an engine keeps of a container's output into whole lines since a cursor, across a replacement. */

import { err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, LogCursor, LogLines, LogSource } from '../../ports.ts';
import { type Container, isUp } from './container.ts';
import { type Engine, inspect } from './engine.ts';

/** A container's log may be read from a disk that is at its limit. */
const READ_DEADLINE_MS = 30_000;
/** What one call reads. */
const CHUNK_BYTES = 1024 * 1024;
/** A line of etcd with its time of day, about; how many lines stand for so many bytes. */
const LINE_BYTES = 160;
/** etcd prints such lines only with whole requests in them; their head tells what they are. */
const LINE_CHARACTERS = 64 * 1024;
const TAIL_CHARACTERS = 300;
/** No more lines than this have one time of the engine, which is in nanoseconds. */
const AT_ONCE = 64;
/** Both outputs in the order of the engine; `$1` bounds them, and a reader that head cuts off ends with 141. */
const BOUNDED = 'limit=$1; shift; { "$@" 2>&1 || echo "exit $?" >&2; } | head -c "$limit"';

interface Position {
  /** Of the container; empty: the one that has the name, from its first line on. */
  readonly id: string;
  /** The engine's time of the last line that was given out; empty: none was. */
  readonly at: string;
  /** How many lines of that very time were given out. */
  readonly count: number;
  /** 1: that container had stopped when it was read to its end. */
  readonly isOver: number;
}

interface Line {
  readonly at: string;
  readonly text: string;
}

/**
 * The last line that was given out is read once more and must be there: where it is gone (`max-size` has
 * rotated it away), lines may be missing: LOG_LINES_LOST for good, and only a new `end` gets over it. A container that was
 * replaced is read to its end before the one that has its name now.
 */
export function containerLog(engine: Engine, name: string): LogSource {
  return {
    end: async (backBytes = 0) => await endOf(engine, name, backBytes),
    since: async (cursor) => await since(engine, name, positionOf(cursor)),
  };
}

async function endOf(engine: Engine, name: string, backBytes: number): Answer<LogCursor> {
  const now = await inspect(engine, name);
  if (!now.ok) return now;
  if (now.value === undefined) return ok(cursorOf(startOf('')));
  const { id } = now.value;
  const count = Math.ceil(backBytes / LINE_BYTES) + 1;
  const read = await output(engine, name, ['--tail', String(Math.max(count, AT_ONCE)), id]);
  if (!read.ok) return read;
  const lines = backBytes > 0 ? linesOf(read.value).slice(-count) : linesOf(read.value);
  const at = (backBytes > 0 ? lines[0] : lines.at(-1))?.at;
  if (at === undefined) return ok(cursorOf(startOf(id)));
  const same = backBytes > 0 ? 1 : lines.filter((line) => line.at === at).length;
  return ok(cursorOf({ id, at, count: same, isOver: 0 }));
}

async function since(engine: Engine, name: string, from: Position): Answer<LogLines> {
  const [now, read] = await Promise.all([
    inspect(engine, name),
    from.id === '' ? ok(undefined) : inspect(engine, from.id),
  ]);
  if (!now.ok) return now;
  if (!read.ok) return read;
  const follower = now.value?.id;
  const isReplaced = follower !== undefined && follower !== from.id;
  if (read.value === undefined) {
    if (from.id !== '' && from.isOver === 0) {
      return err(
        lost(engine, name, 'the container that was read is gone, and not all of it was read'),
      );
    }
    const cursor = cursorOf(follower === undefined ? from : startOf(follower));
    return ok({ lines: [], cursor, hasMore: follower !== undefined });
  }
  const lines = await linesSince(engine, name, from, read.value);
  if (!lines.ok || lines.value.hasMore || !isReplaced || isUp(read.value)) return lines;
  return ok({ ...lines.value, cursor: cursorOf(startOf(follower)), hasMore: true });
}

async function linesSince(
  engine: Engine,
  name: string,
  from: Position,
  container: Container,
): Answer<LogLines> {
  const since = from.at === '' ? [] : ['--since', justBefore(from.at)];
  const read = await output(engine, name, [...since, from.id]);
  if (!read.ok) return read;
  const isCut = Buffer.byteLength(read.value) >= CHUNK_BYTES;
  // What stands behind the last newline of a cut output is a piece of a line.
  const whole = isCut ? read.value.slice(0, read.value.lastIndexOf('\n') + 1) : read.value;
  const all = linesOf(whole);
  const seen = all.filter(({ at }) => from.at !== '' && at === from.at);
  if (from.at !== '' && seen.length < from.count) {
    return err(
      lost(engine, name, 'the engine no longer has the line that was read last (rotated away)'),
    );
  }
  const fresh = all.filter(({ at }) => from.at === '' || at > from.at);
  const more = seen.slice(from.count);
  const lines = [...more, ...fresh];
  if (isCut && lines.length === 0)
    return err(lost(engine, name, 'one of its lines is too long to be read'));
  const last = lines.at(-1)?.at ?? from.at;
  const count =
    last === from.at ? from.count + more.length : lines.filter(({ at }) => at === last).length;
  const isOver = !isCut && !isUp(container) ? 1 : 0;
  return ok({
    lines: lines.map(({ text }) => text),
    cursor: cursorOf({ id: from.id, at: last, count, isOver }),
    hasMore: isCut,
  });
}

/** podman leaves out the lines of the time itself, and reads times to the microsecond from a journal. */
function justBefore(at: string): string {
  return new Date(Date.parse(at) - 2).toISOString();
}

/** `2026-01-02T03:04:05.123456789Z text`: times as they stand, brought to one length so that they compare. */
function linesOf(text: string): readonly Line[] {
  return text.split('\n').flatMap((line): readonly Line[] => {
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d) ?([^]*)$/.exec(
      line,
    );
    if (match === null) return [];
    const [, seconds = '', fraction = '', zone = 'Z', rest = ''] = match;
    const isUtc = zone === 'Z' || zone === '+00:00';
    const utc = isUtc ? seconds : new Date(`${seconds}${zone}`).toISOString().slice(0, 19);
    const at = `${utc}.${fraction.padEnd(9, '0').slice(0, 9)}Z`;
    return [{ at, text: rest.slice(0, LINE_CHARACTERS).trimEnd() }];
  });
}

async function output(engine: Engine, name: string, words: readonly string[]): Answer<string> {
  const argv = [engine.binary, 'logs', '--timestamps', ...words];
  const run = await engine.host.exec(['sh', '-c', BOUNDED, 'sh', String(CHUNK_BYTES), ...argv], {
    deadlineMs: READ_DEADLINE_MS,
  });
  if (!run.ok) return run;
  const { stdout, stderr } = run.value;
  const exit = /^exit (?!141$)\d+$/m.exec(stderr);
  if (exit === null) return ok(stdout);
  const said = `${stdout.slice(-TAIL_CHARACTERS)} ${stderr}`.trim().replaceAll(/\s+/g, ' ');
  return err({
    code: 'HOST_COMMAND_FAILED',
    where: `the log of container ${name} on ${engine.host.label}`,
    would: 'read what etcd logged',
    but: `${engine.binary} logs failed: ${said}`,
    so: 'the log cannot speak for or against a step',
    remedy: `make ${engine.binary} logs ${name} show etcd's lines (a log driver that can be read)`,
  });
}

function lost(engine: Engine, name: string, but: string): Failure {
  return {
    code: 'LOG_LINES_LOST',
    where: `the log of container ${name} on ${engine.host.label}`,
    would: 'read every line that etcd logged',
    but,
    so: 'a line that speaks against a step may be missing',
    remedy:
      'give the container more room for its log (--log-opt max-size, max-file), then peershift resume',
  };
}

function startOf(id: string): Position {
  return { id, at: '', count: 0, isOver: 0 };
}

function positionOf(cursor: LogCursor): Position {
  const { id, at, count, isOver } = cursor;
  return {
    id: String(id ?? ''),
    at: String(at ?? ''),
    count: Number(count ?? 0),
    isOver: Number(isOver ?? 0),
  };
}

function cursorOf({ id, at, count, isOver }: Position): LogCursor {
  return { id, at, count, isOver };
}
