/** Turns the log files that the kubelet keeps for a pod into whole lines since a cursor, over its restarts. */

import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, Host, LogCursor, LogLines, LogSource } from '../../ports.ts';
import { containerLines } from './cri-lines.ts';

export interface PodLogs {
  /** Of the kubelet: /var/log/pods. */
  readonly root: string;
  /** As the manifest has it; undefined: it cannot be read now. */
  readonly pod: () => Promise<PodOfLog | undefined>;
}

interface PodOfLog {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
}

/** What one call reads: at etcd's busiest a few seconds of log. */
const CHUNK_BYTES = 1024 * 1024;
const LIST_DEADLINE_MS = 10_000;
const TAIL_CHARACTERS = 300;
const NEWLINE = 10;

/** Each change of a manifest makes a new pod, with a folder of its own: `<namespace>_<pod>-<node>_<uid>/<container>/`. */
const LIST = [
  'cd -- "$1" || exit 1',
  'for f in "$2"_"$3"-*_*/"$4"/*.log*; do',
  '  case $f in *.gz | *.tmp) continue ;; esac',
  '  [ ! -f "$f" ] || stat -L -c \'%.3Y %d:%i %s %n\' -- "$f"',
  'done; :',
].join('\n');

interface LogFile {
  readonly changedAt: number;
  readonly identity: string;
  readonly sizeBytes: number;
  readonly path: string;
}

interface Position {
  /** Empty: there was no file. The name of a file may change in its folder, and its inode be given to another pod's. */
  readonly folder: string;
  readonly identity: string;
  readonly offset: number;
}

/**
 * The files of a pod follow each other by when they were last written to. The kubelet takes those of a pod away
 * with it, at its leisure: where the one that was read is gone, lines behind the cursor may be missing
 * (LOG_LINES_LOST for good, and only a new `end` gets over it).
 */
export function podLog(host: Host, logs: PodLogs): LogSource {
  return {
    end: (backBytes = 0) => end(host, logs, backBytes),
    since: (cursor) => since(host, logs, positionOf(cursor)),
  };
}

async function end(host: Host, logs: PodLogs, backBytes: number): Answer<LogCursor> {
  const files = await filesOf(host, logs);
  if (!files.ok) return files;
  const last = files.value.at(-1);
  if (last === undefined) return ok(cursorOf({ folder: '', identity: '', offset: 0 }));
  const from = Math.max(0, last.sizeBytes - backBytes);
  const bytes = await host.readRange(last.path, from, backBytes);
  if (!bytes.ok) return bytes;
  // The rest of a line that began before is left out.
  const skipped = from === 0 ? 0 : (bytes.value?.bytes.indexOf(NEWLINE) ?? -1) + 1;
  return ok(cursorOf(positionIn(last, from + skipped)));
}

async function since(host: Host, logs: PodLogs, from: Position): Answer<LogLines> {
  const files = await filesOf(host, logs);
  if (!files.ok) return files;
  const found = files.value.findIndex(({ path, identity }) => {
    return identity === from.identity && folderOf(path) === from.folder;
  });
  if (found < 0 && from.folder !== '') return err(taken(host, from));
  const at = found >= 0 ? found : 0;
  const file = files.value[at];
  if (file === undefined) return ok({ lines: [], cursor: cursorOf(from), hasMore: false });
  const offset = found >= 0 && file.sizeBytes >= from.offset ? from.offset : 0;
  const range = await host.readRange(file.path, offset, CHUNK_BYTES);
  if (!range.ok) return range;
  const bytes = range.value?.bytes ?? new Uint8Array();
  const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
  const next = files.value[at + 1];
  if (whole.length === 0 && next !== undefined && bytes.length < CHUNK_BYTES) {
    return ok({ lines: [], cursor: cursorOf(positionIn(next, 0)), hasMore: true });
  }
  const lines = Buffer.from(whole).toString('utf8').split('\n').slice(0, -1);
  return ok({
    lines: containerLines(lines),
    cursor: cursorOf(positionIn(file, offset + whole.length)),
    hasMore: bytes.length === CHUNK_BYTES || next !== undefined,
  });
}

async function filesOf(
  host: Host,
  { root, pod }: PodLogs,
): Promise<Result<readonly LogFile[], Failure>> {
  const own = await pod();
  if (own === undefined) return err(unreadable(host, root, 'the manifest does not tell its pod'));
  const { namespace, name, container } = own;
  const argv = ['sh', '-c', LIST, 'sh', root, namespace, name, container];
  const listed = await host.exec(argv, { deadlineMs: LIST_DEADLINE_MS });
  if (!listed.ok) return listed;
  const { exitCode, stdout, stderr } = listed.value;
  if (exitCode !== 0) return err(unreadable(host, root, stderr.trim().slice(-TAIL_CHARACTERS)));
  const files = stdout.split('\n').flatMap((line): LogFile[] => {
    const [, seconds, identity = '', size, path = ''] =
      /^([\d.]+) (\d+:\d+) (\d+) (.*)$/.exec(line) ?? [];
    if (seconds === undefined) return [];
    const facts = { changedAt: Number(seconds), sizeBytes: Number(size) };
    return [{ ...facts, identity, path: `${root}/${path}` }];
  });
  return ok(files.sort((a, b) => a.changedAt - b.changedAt || (a.path < b.path ? -1 : 1)));
}

function unreadable(host: Host, root: string, but: string): Failure {
  return {
    code: 'HOST_FILE_FAILED',
    where: `${root} on ${host.label}`,
    would: 'read the log of the pod',
    but,
    so: "what the member's log says is not known",
    remedy: 'correct service.podLogs in the plan file, or become a user who may read there',
  };
}

function taken(host: Host, { folder, offset }: Position): Failure {
  return {
    code: 'LOG_LINES_LOST',
    where: `${folder} on ${host.label}`,
    would: 'read what etcd logged since the last look',
    but: `the kubelet has taken this pod's log away, which was read up to byte ${String(offset)}: lines may be missing`,
    so: 'the log cannot speak for or against a step',
    remedy: 'peershift resume reads on from the end of the log of the pod that runs now',
  };
}

function positionIn({ path, identity }: LogFile, offset: number): Position {
  return { folder: folderOf(path), identity, offset };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function cursorOf({ folder, identity, offset }: Position): LogCursor {
  return { folder, identity, offset };
}

function positionOf({ folder = '', identity = '', offset = 0 }: LogCursor): Position {
  return { folder: String(folder), identity: String(identity), offset: Number(offset) };
}
