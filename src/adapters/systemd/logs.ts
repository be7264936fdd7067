/** Turns a unit's journal into whole lines since a cursor, or into why they cannot be had. */

import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, Host, LogCursor, LogLines, LogSource } from '../../ports.ts';
import { type Entry, FIELDS, parseEntry } from './entries.ts';
import { type Unit, etcdProcess, readUnit, unfitness, unitFullName } from './unit.ts';

/** journald may be writing its files anew; a long journal is searched by bisection, not read. */
const READ_DEADLINE_MS = 30_000;
/** What one call reads: some two thousand entries. */
const CHUNK_BYTES = 1024 * 1024;
/** An entry of etcd with its fields, about; how many entries stand for so many bytes. */
const ENTRY_BYTES = 160;
const TAIL_CHARACTERS = 300;
/** `$1` bounds the output; a journalctl that head has cut off ends with 141, and that is no trouble. */
const BOUNDED = 'limit=$1; shift; { "$@" || echo "exit $?" >&2; } | head -c "$limit"';
/** The first line alone. */
const FIRST_LINE = '{ "$@" || echo "exit $?" >&2; } | head -n 1';
/** journalctl's own words when it may see nothing, or only this user's entries. */
const NO_PERMISSION = /insufficient permissions|not seeing messages from other users/;
const JOURNALS: readonly string[] = ['journal', 'journal+console', 'syslog', 'syslog+console'];

/** Times are no part of it: a clock that is set back must not hide what is written then. */
interface Position {
  /** The last entry that was given out; empty when the unit had none. */
  readonly cursor: string;
  /** Only without a cursor: the newest entry of anybody; what comes behind it is new. Empty: an empty journal. */
  readonly behind: string;
  /** Entries up to this one are history: what is missing there judges nothing. Empty: none are. */
  readonly historyEnd: string;
  readonly bootId: string;
}

/**
 * A cursor's own entry is read once more and must be the same: where it is gone (vacuumed, or a
 * journal that does not outlive a reboot), lines may be missing, and that is a failure for good: only a
 * new `end` gets over it. The same holds where journald's rate limit threw lines away.
 *
 * Known gap: the last lines of a process that dies at once may reach journald when it cannot look up
 * the unit any more; those are in nobody's `journalctl -u`.
 */
export function systemdLog(host: Host, unit: string): LogSource {
  const name = unitFullName(unit);
  return {
    end: async (backBytes = 0) => {
      const journal = await openJournal(host, name);
      return journal.ok ? await endOf(journal.value, backBytes) : journal;
    },
    since: async (cursor) => {
      const journal = await openJournal(host, name);
      return journal.ok ? await since(journal.value, positionOf(cursor)) : journal;
    },
  };
}

interface Journal {
  readonly host: Host;
  readonly unit: string;
  readonly argv: readonly string[];
}

/** Refused where the lines of this unit's etcd go elsewhere: an empty journal would look quiet. */
async function openJournal(host: Host, name: string): Answer<Journal> {
  const unit = await readUnit(host, name);
  const refuse = (but: string): Result<never, Failure> => err(failure(host, name, but));
  if (!unit.known) return refuse(unit.reason);
  const unfit = unit.value.loadState === 'masked' ? undefined : unfitness(unit.value, name);
  if (unfit !== undefined && unit.value.loadState !== 'loaded') return refuse(unfit.but);
  const { standardError, logNamespace, id } = unit.value;
  if (standardError !== '' && !JOURNALS.includes(standardError)) {
    return refuse(`the unit sends its output to ${standardError}, not to the journal`);
  }
  const file = await ownLogFile(host, unit.value);
  if (file !== undefined) return refuse(`etcd writes its log to ${file}, not to the journal`);
  const namespace = logNamespace === '' ? [] : [`--namespace=${logNamespace}`];
  const argv = ['journalctl', '--no-pager', ...namespace, '-u', id, '-o', 'json'];
  return ok({ host, unit: id, argv });
}

/** `--log-outputs` (3.4 and later): `default`, `stderr`, `stdout`, `systemd/journal`, or files. */
async function ownLogFile(host: Host, unit: Unit): Promise<string | undefined> {
  const process = await etcdProcess(host, unit);
  if (process === undefined) return undefined;
  const flag = process.argv.findIndex((word) => /^--?log-outputs?(?:=|$)/.test(word));
  const word = process.argv[flag] ?? '';
  const given = word.includes('=')
    ? word.slice(word.indexOf('=') + 1)
    : flag < 0
      ? process.environment['ETCD_LOG_OUTPUTS']
      : process.argv[flag + 1];
  const outputs = (given ?? 'default').split(',').filter((output) => output !== '');
  const reachesJournal = outputs.some(
    (output) => !output.includes('/') || output === 'systemd/journal',
  );
  return reachesJournal || outputs.length === 0 ? undefined : outputs.join(', ');
}

async function endOf(journal: Journal, backBytes: number): Answer<LogCursor> {
  const last = await firstEntry(journal, [...journal.argv, '-n', '1']);
  if (!last.ok) return last;
  if (last.value === undefined) return await beforeAnyEntry(journal);
  const count = Math.ceil(backBytes / ENTRY_BYTES) + 1;
  const start =
    backBytes > 0 ? await firstEntry(journal, [...journal.argv, '-n', String(count)]) : last;
  if (!start.ok) return start;
  const { cursor, bootId } = start.value ?? last.value;
  const historyEnd = cursor === last.value.cursor ? '' : last.value.cursor;
  return ok(cursorOf({ cursor, bootId, behind: '', historyEnd }));
}

/** The unit has said nothing yet: whatever it says after the newest entry of anybody is new. */
async function beforeAnyEntry(journal: Journal): Answer<LogCursor> {
  const argv = ['journalctl', '--no-pager', '-o', 'json', '-n', '1'];
  const newest = await firstEntry(journal, argv);
  if (!newest.ok) return newest;
  const { cursor: behind = '', bootId = '' } = newest.value ?? {};
  return ok(cursorOf({ cursor: '', behind, historyEnd: '', bootId }));
}

async function firstEntry(journal: Journal, argv: readonly string[]): Answer<Entry | undefined> {
  const words = ['sh', '-c', FIRST_LINE, 'sh', ...argv, `--output-fields=_SYSTEMD_UNIT`];
  const read = await output(journal, words);
  return read.ok ? ok(parseEntry(read.value.trim(), journal.unit)) : read;
}

async function since(journal: Journal, from: Position): Answer<LogLines> {
  const argv = [...journal.argv, '--all', ...placeOf(from), `--output-fields=${FIELDS}`];
  const read = await output(journal, ['sh', '-c', BOUNDED, 'sh', String(CHUNK_BYTES), ...argv]);
  if (!read.ok) return read;
  const isCut = Buffer.byteLength(read.value) >= CHUNK_BYTES;
  const texts = read.value.split('\n');
  // What stands behind the last newline is nothing, or the piece of an entry.
  texts.pop();
  const entries = texts.flatMap((text) => parseEntry(text, journal.unit) ?? []);
  return linesOf(journal, from, entries, isCut);
}

function placeOf({ cursor, behind }: Position): readonly string[] {
  if (cursor !== '') return [`--cursor=${cursor}`];
  return behind === '' ? [] : [`--after-cursor=${behind}`];
}

function linesOf(
  { host, unit }: Journal,
  from: Position,
  entries: readonly Entry[],
  isCut: boolean,
): Result<LogLines, Failure> {
  const refuse = (but: string): Result<never, Failure> => err(failure(host, unit, but));
  const [first] = entries;
  if (first === undefined && isCut) return refuse('one of its entries is too long to be read');
  if (from.cursor !== '' && first?.cursor !== from.cursor) return refuse(gapText(from, first));
  const fresh = from.cursor === '' ? entries : entries.slice(1);
  const historyAt = fresh.findIndex(({ cursor }) => cursor === from.historyEnd);
  const isAllHistory = from.historyEnd !== '' && historyAt < 0 && isCut;
  const judged = isAllHistory ? [] : fresh.slice(historyAt + 1);
  const lost = judged.find((each) => each.lost !== undefined);
  if (lost?.lost !== undefined) return refuse(lost.lost);
  if (isCut && fresh.length === 0) return refuse('one of its entries is too long to be read');
  const last = fresh.at(-1);
  const historyEnd = isAllHistory || last === undefined ? from.historyEnd : '';
  const cursor =
    last === undefined ? from : { ...from, cursor: last.cursor, bootId: last.bootId, historyEnd };
  return ok({
    lines: fresh.flatMap(({ line }) => line?.split('\n') ?? []),
    cursor: cursorOf(cursor),
    hasMore: isCut,
  });
}

function gapText(from: Position, first: Entry | undefined): string {
  if (first !== undefined && first.bootId !== from.bootId) {
    return 'the host was booted again and its journal kept nothing from before: lines may be missing';
  }
  return 'the journal no longer has the entry that was read last (vacuumed, or lost at a reboot): lines may be missing';
}

/** What came on stdout; trouble is told on stderr, since the pipe hides the exit. */
async function output({ host, unit }: Journal, argv: readonly string[]): Answer<string> {
  const run = await host.exec(argv, { deadlineMs: READ_DEADLINE_MS });
  if (!run.ok) return run;
  const { stdout, stderr } = run.value;
  const refuse = (but: string): Result<never, Failure> => err(failure(host, unit, but));
  if (NO_PERMISSION.test(stderr)) {
    return refuse(
      'this user may not read the journal (it takes root or the group systemd-journal)',
    );
  }
  const exit = /^exit (?!141$)\d+$/m.exec(stderr);
  if (exit === null) return ok(stdout);
  return refuse(`journalctl failed: ${stderr.trim().slice(-TAIL_CHARACTERS)}`);
}

function failure(host: Host, unit: string, but: string): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `the journal of ${unit} on ${host.label}`,
    would: 'read what etcd logged',
    but,
    so: 'the log cannot speak for or against a step',
    remedy: `make journalctl -u ${unit} show all of etcd's lines to the user of peershift`,
  };
}

function cursorOf(position: Position): LogCursor {
  return { ...position };
}

/** A cursor comes out of a journal: what is missing in it means the beginning of the log. */
function positionOf(cursor: LogCursor): Position {
  const text = (key: string): string => (typeof cursor[key] === 'string' ? cursor[key] : '');
  return {
    cursor: text('cursor'),
    behind: text('behind'),
    historyEnd: text('historyEnd'),
    bootId: text('bootId'),
  };
}
