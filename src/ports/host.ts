/** One machine: commands, files and processes on it. Types only. */

import type { Fact } from '../model/observed.ts';
import type { Answer } from './answer.ts';

export interface ExecOptions {
  readonly deadlineMs: number;
  readonly stdin?: string | Uint8Array;
  /** Stands in the command's own process list entry, so that a later run can find it when we died. */
  readonly marker?: string;
}

export interface ExecOutcome {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HostFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAtMs: number;
}

export interface WriteOptions {
  /** Left as it is for an existing file when undefined; 0600 for a new one. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface HostProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  readonly uid: number;
  readonly gid: number;
}

/** One machine. Argv in, no shell text; writes are temp file, fsync, rename. */
export interface Host {
  readonly label: string;
  /** Judged by the command's exit, not by closed pipes; minimal environment (PATH, HOME, LANG). */
  exec(argv: readonly string[], options: ExecOptions): Answer<ExecOutcome>;
  /** Undefined when there is no such file. */
  readFile(path: string): Answer<HostFile | undefined>;
  /** At most `maxBytes` from `offset`; for logs. Undefined when there is no such file. */
  readRange(path: string, offset: number, maxBytes: number): Answer<HostRange | undefined>;
  /** Makes missing parent folders with mode 0755; an existing folder is left alone. */
  writeFile(path: string, bytes: Uint8Array, options: WriteOptions): Answer<undefined>;
  removeFile(path: string): Answer<undefined>;
  /** Undefined when there is no such process (a zombie counts as none). */
  process(pid: number): Answer<HostProcess | undefined>;
  /** Can this user and group read the file, folders above included? */
  isReadableBy(path: string, uid: number, gid: number): Answer<boolean>;
  /** The source address that a connection to this IP address or name would have. */
  sourceAddressTo(target: string): Promise<Fact<string>>;
  /** Process ids of commands that were started with this marker and still run. */
  commandsMarked(marker: string): Answer<readonly number[]>;
  /** Numeric ids of a user and a group by name; undefined parts when not asked. */
  ownerIds(
    owner: string | undefined,
    group: string | undefined,
  ): Answer<{ uid?: number; gid?: number }>;
  close(): Promise<void>;
}

export interface HostRange {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  /** Device and inode: another one means that the file was rotated. */
  readonly identity: string;
}
