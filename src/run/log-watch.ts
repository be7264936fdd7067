/** Turns the members' logs, as they grow, into a bounded list of sightings, each with the time at which we read it. */

import type { MemberName } from '../model/ids.ts';
import { NO_LOG, type Noise, type Sighting, noiseOf } from '../model/log-each.ts';
import { parseLogLine } from '../model/log-line.ts';
import { type LogFinding, classify } from '../model/signatures.ts';
import type { World } from '../model/world.ts';
import type { Clock, LogCursor, LogSource, MemberDoors } from '../ports.ts';

export interface LogWatchDoors {
  readonly members: ReadonlyMap<MemberName, Pick<MemberDoors, 'log'>>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface LogWatch {
  /**
   * Reads the end of each log once; what it is full of then is noise, unless the world of that time explains
   * it. A run that is taken up again gives the noise of its own beginning: by now its changes may have made some.
   */
  baseline(start: World, known?: readonly Noise[]): Promise<void>;
  /** Reads what was written since the last call. Before any baseline: starts at the end of each log. */
  collect(): Promise<void>;
  findingsSince(sinceMs: number): readonly Sighting[];
  /** Clients that were turned away, where the version tells them from peers (late 3.5, and 3.6). */
  clientsRefusedSince(sinceMs: number): readonly ClientRefusal[];
  noise(): readonly Noise[];
  unreadable(): ReadonlyMap<MemberName, string>;
  /** The member's process was ended and its log has been read to the end: what starts it may cut the file. */
  ended(member: MemberName): void;
  /** Members of whose log there was more than one call reads. */
  behind(): readonly MemberName[];
  /** Findings that were let go because there were too many. */
  droppedCount(): number;
  /** The last line of that code in the member's log, from its beginning; a long one is cut at its end. */
  quote(member: MemberName, code: string): string | undefined;
}

export interface ClientRefusal {
  readonly member: MemberName;
  readonly readAtMs: number;
  readonly remoteIp: string | undefined;
  readonly essence: string;
}

/** Some two thousand lines: minutes of a quiet member, or one restart with all that it stirs up. */
const BASELINE_BYTES = 256 * 1024;
/** A LogSource gives about 1 MiB a call: what is written between two looks is far less than this. */
const READS_PER_COLLECT = 8;
/** Equal findings that are read together are one: a run of an hour keeps a few hundred. */
const SIGHTINGS_KEPT = 4000;
/** Enough for the Go error and the address; a zap line with a stack trace is 2 KiB. */
const QUOTE_CHARACTERS = 300;
/** The baseline's stretch where its lines carry no time: long, so that its rates count for little. */
const UNTIMED_SPAN_MS = 3_600_000;

/** Enough for all that a start may have written into a log of its own. */
const NEW_LOG_BYTES = 8 * 1024 * 1024;

interface Reading {
  cursor: LogCursor | undefined;
  unreadableBecause: string | undefined;
  isBehind: boolean;
  /** It was read to the end of a process: where the file was cut since, nothing is missing. */
  mayBeginAnew: boolean;
}

export function makeLogWatch(doors: LogWatchDoors): LogWatch {
  const readings = new Map<MemberName, Reading>(
    [...doors.members].map(([name, { log }]) => {
      const unreadableBecause = log === undefined ? NO_LOG : undefined;
      return [name, { cursor: undefined, unreadableBecause, isBehind: false, mayBeginAnew: false }];
    }),
  );
  const book = makeBook(doors.clock);
  let noise: readonly Noise[] = [];

  /** All members at once; those without a log are left out. */
  const onEach = async (
    work: (name: MemberName, log: LogSource, reading: Reading) => Promise<void>,
  ): Promise<void> => {
    const works = [...readings].map(async ([name, reading]) => {
      const log = doors.members.get(name)?.log;
      if (log !== undefined) await work(name, log, reading);
    });
    await Promise.all(works);
  };

  return {
    async baseline(start, known) {
      const seen: Sighting[] = [];
      const spans = new Map<MemberName, number>();
      await onEach(async (name, log, reading) => {
        await seek(log, reading, BASELINE_BYTES);
        await readOn(log, reading, (lines) => {
          spans.set(name, (spans.get(name) ?? 0) + spanMs(lines));
          seen.push(...book.sight(name, lines));
        });
      });
      noise = known ?? noiseOf(seen, start, spans);
    },
    async collect() {
      await onEach(async (name, log, reading) => {
        if (reading.cursor === undefined) await seek(log, reading);
        else {
          await readOn(log, reading, (lines) => {
            book.keep(book.sight(name, lines));
          });
        }
      });
    },
    findingsSince: (sinceMs) => book.kept().filter(({ readAtMs }) => readAtMs >= sinceMs),
    clientsRefusedSince: (sinceMs) => {
      return book.refusals().filter(({ readAtMs }) => readAtMs >= sinceMs);
    },
    noise: () => noise,
    unreadable: () =>
      new Map(
        [...readings].flatMap(([name, { unreadableBecause }]) => {
          return unreadableBecause === undefined ? [] : [[name, unreadableBecause] as const];
        }),
      ),
    ended: (member) => {
      const reading = readings.get(member);
      if (reading?.unreadableBecause === undefined && reading?.isBehind === false)
        reading.mayBeginAnew = true;
    },
    behind: () => [...readings].flatMap(([name, { isBehind }]) => (isBehind ? [name] : [])),
    droppedCount: () => book.droppedCount(),
    quote: (member, code) => book.quote(member, code),
  };
}

interface Book {
  /** What these lines say, equal findings as one. */
  sight(member: MemberName, lines: readonly string[]): readonly Sighting[];
  /** Remembers them, and lets the oldest go when there are too many. */
  keep(more: readonly Sighting[]): void;
  kept(): readonly Sighting[];
  refusals(): readonly ClientRefusal[];
  droppedCount(): number;
  quote(member: MemberName, code: string): string | undefined;
}

function makeBook(clock: Pick<Clock, 'nowMs'>): Book {
  const quotes = new Map<string, string>();
  const read = makeReader();
  const refusals: ClientRefusal[] = [];
  let sightings: readonly Sighting[] = [];
  let [order, dropped] = [0, 0];
  return {
    sight(member, lines) {
      const readAtMs = clock.nowMs();
      const found = new Map<string, Sighting>();
      for (const line of lines) {
        const refusal = line.includes(CLIENT_ENDPOINT) ? refusalOf(line) : undefined;
        if (refusal !== undefined) refusals.push({ member, readAtMs, ...refusal });
        if (refusals.length > SIGHTINGS_KEPT) refusals.shift();
        const finding = read(line);
        if (finding === undefined) continue;
        order += 1;
        quotes.set(`${member} ${finding.code}`, shown(line));
        const key = keyOf(finding);
        const count = (found.get(key)?.count ?? 0) + 1;
        found.set(key, { member, finding, count, readAtMs, order });
      }
      return [...found.values()];
    },
    keep(more) {
      const all = [...sightings, ...more];
      const excess = Math.max(0, all.length - SIGHTINGS_KEPT);
      dropped += all.slice(0, excess).reduce((sum, { count }) => sum + count, 0);
      sightings = all.slice(excess);
    },
    kept: () => sightings,
    refusals: () => refusals,
    droppedCount: () => dropped,
    quote: (member, code) => quotes.get(`${member} ${code}`),
  };
}

const CLIENT_ENDPOINT = 'rejected connection on client endpoint';
/** What a client did that is refused; one that goes before the handshake is over did nothing. */
const TURNED_AWAY =
  /first record does not look like|oversized record|didn't provide a certificate|unknown authority|remote error: tls/u;

function refusalOf(line: string): Pick<ClientRefusal, 'remoteIp' | 'essence'> | undefined {
  const parsed = parseLogLine(line);
  const essence = parsed?.error ?? '';
  return TURNED_AWAY.test(essence) ? { remoteIp: parsed?.remoteAddress?.ip, essence } : undefined;
}

function shown(line: string): string {
  return line.length > QUOTE_CHARACTERS ? `${line.slice(0, QUOTE_CHARACTERS)} ...` : line;
}

/** Puts the cursor that many bytes before the end. */
async function seek(log: LogSource, reading: Reading, backBytes = 0): Promise<void> {
  const end = await log.end(backBytes);
  reading.unreadableBecause = end.ok ? undefined : end.error.but;
  if (end.ok) reading.cursor = end.value;
}

/** All lines since the cursor, in at most so many reads; a failed read leaves the cursor where it was. */
async function readOn(
  log: LogSource,
  reading: Reading,
  onLines: (lines: readonly string[]) => void,
): Promise<void> {
  for (let reads = 0; reads < READS_PER_COLLECT && reading.cursor !== undefined; reads += 1) {
    const next = await log.since(reading.cursor);
    if (!next.ok && next.error.code === 'LOG_LINES_LOST' && reading.mayBeginAnew) {
      reading.mayBeginAnew = false;
      await seek(log, reading, NEW_LOG_BYTES);
      continue;
    }
    reading.unreadableBecause = next.ok ? undefined : next.error.but;
    if (!next.ok) return;
    reading.cursor = next.value.cursor;
    reading.isBehind = next.value.hasMore;
    // Who goes on in the same file has not cut it.
    if (next.value.lines.length > 0) reading.mayBeginAnew = false;
    onLines(next.value.lines);
    if (!next.value.hasMore) return;
  }
}

/**
 * Reads a line as evidence. Most lines differ from an earlier one in their digits alone, or, where they are
 * evidence, in time and port alone: those are not parsed again.
 */
function makeReader(): (line: string) => LogFinding | undefined {
  const dull = new Set<string>();
  const known = new Map<string, LogFinding>();
  return (line) => {
    const shape = line.length > SHAPE_CHARACTERS ? undefined : line.replaceAll(/\d+/g, '0');
    if (shape !== undefined && dull.has(shape)) return undefined;
    const variant = shape === undefined ? undefined : line.replace(TIME, '').replaceAll(PORT, ':');
    const before = variant === undefined ? undefined : known.get(variant);
    if (before !== undefined) return before;
    const parsed = parseLogLine(line);
    const finding = parsed === undefined ? undefined : classify(parsed);
    if (dull.size + known.size >= SHAPES_KEPT) {
      dull.clear();
      known.clear();
    }
    if (finding === undefined && shape !== undefined) dull.add(shape);
    if (finding !== undefined && variant !== undefined) known.set(variant, finding);
    return finding;
  };
}

/** etcd's own time: capnslog's at the start, zap's behind the level. */
const TIME = /^\d{4}-\d\d-\d\d \S+ |(?<=^\{"level":"\w+",)"ts":"[^"]*",/u;
/** Behind an address of either kind; the groups of IPv6 stay. */
const PORT = /(?<=\]|\.\d{1,3}):\d+/gu;
/** Longer lines have whole requests in them, and no two are alike. */
const SHAPE_CHARACTERS = 1000;
/** A log has some hundreds of kinds. */
const SHAPES_KEPT = 2000;

/** Findings that a judge cannot tell apart. */
function keyOf({ code, remoteIp, remotePeerId }: LogFinding): string {
  return [code, remoteIp ?? '', remotePeerId ?? ''].join(' ');
}

/** The time that passes from line to line, by their own clock; where that was set back, nothing passes. */
function spanMs(lines: readonly string[]): number {
  let [span, lastMs] = [0, undefined as number | undefined];
  for (const line of lines) {
    const ms = Date.parse(parseLogLine(line)?.timeText?.replace(' ', 'T') ?? '');
    if (Number.isNaN(ms)) continue;
    if (lastMs !== undefined) span += Math.max(0, ms - lastMs);
    lastMs = ms;
  }
  return lastMs === undefined ? UNTIMED_SPAN_MS : span;
}
