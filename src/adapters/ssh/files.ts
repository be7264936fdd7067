/** Turns paths on a host into bytes, and bytes into whole files there: nobody ever sees half a file. */

import { randomBytes } from 'node:crypto';

import { err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { hostFileFailure } from '../../model/host-failure.ts';
import type { Answer, HostFile, HostRange, WriteOptions } from '../../ports.ts';
import { READ, REMOVE, WRITE } from './scripts.ts';
import { type Account, type Said, talk } from './talk.ts';
import { type SshTrouble, sshFailure } from './trouble.ts';
import { isMissing, systemWords } from './words.ts';

/** Configuration files and certificates; a larger one is not what it is taken for. */
const READ_LIMIT_BYTES = 16 * 1024 * 1024;
const PERMISSION_BITS = 0o7777;
/** A few megabytes over a slow line, and an fsync on a busy disk. */
const FILE_DEADLINE_MS = 60_000;

interface Read {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAtMs: number;
  readonly sizeBytes: number;
  readonly identity: string;
  readonly bytes: Buffer;
}

export async function readHostFile(account: Account, path: string): Answer<HostFile | undefined> {
  const read = await readPart(account, path, 0, READ_LIMIT_BYTES + 1);
  if (!read.ok || read.value === undefined) return read;
  const { sizeBytes, bytes, mode, uid, gid, modifiedAtMs } = read.value;
  if (Math.max(bytes.length, sizeBytes) > READ_LIMIT_BYTES) {
    const but = `it has ${String(sizeBytes)} bytes, over ${String(READ_LIMIT_BYTES)}`;
    return err(hostFileFailure(account.label, `read ${path}`, but));
  }
  return ok({ bytes: new Uint8Array(bytes), mode: mode & PERMISSION_BITS, uid, gid, modifiedAtMs });
}

export async function readHostRange(
  account: Account,
  path: string,
  offset: number,
  maxBytes: number,
): Answer<HostRange | undefined> {
  const read = await readPart(account, path, offset, maxBytes);
  if (!read.ok || read.value === undefined) return read;
  const { bytes, sizeBytes, identity } = read.value;
  return ok({ bytes: new Uint8Array(bytes), sizeBytes, identity });
}

/** The same bytes twice are the same file: a write that may have been done is told as such, and not tried again. */
export async function writeHostFile(
  account: Account,
  path: string,
  bytes: Uint8Array,
  { mode, uid, gid }: WriteOptions,
): Answer<undefined> {
  const word = randomBytes(6).toString('hex');
  const number = (value: number | undefined): string => (value === undefined ? '-' : String(value));
  const octal = mode === undefined ? '-' : mode.toString(8);
  const args = [path, String(bytes.length), octal, number(uid), number(gid), word];
  return await change(account, `write ${path}`, { script: WRITE, args, stdin: bytes });
}

export async function removeHostFile(account: Account, path: string): Answer<undefined> {
  return await change(account, `remove ${path}`, { script: REMOVE, args: [path] });
}

async function change(
  account: Account,
  would: string,
  script: {
    readonly script: string;
    readonly args: readonly string[];
    readonly stdin?: Uint8Array;
  },
): Answer<undefined> {
  const said = await talk(account, { ...script, deadlineMs: FILE_DEADLINE_MS });
  if (!said.ok) return err(lost(account, would, said.error));
  if (said.value.exitCode === 0) return ok(undefined);
  return err(hostFileFailure(account.label, would, systemWords(said.value.stderr)));
}

async function readPart(
  account: Account,
  path: string,
  offset: number,
  maxBytes: number,
): Answer<Read | undefined> {
  const would = `read ${path}`;
  const args = [path, String(offset), String(maxBytes)];
  const said = await talkToRead(account, { script: READ, args, deadlineMs: FILE_DEADLINE_MS });
  if (!said.ok) return err(lost(account, would, said.error));
  const { exitCode, stderr } = said.value;
  if (exitCode !== 0 && isMissing(stderr)) return ok(undefined);
  const read = exitCode === 0 ? parseRead(said.value) : undefined;
  return read === undefined
    ? err(hostFileFailure(account.label, would, systemWords(stderr)))
    : ok(read);
}

/** A question changes nothing: when the connection breaks under it, it is asked once more. */
export async function talkToRead(
  account: Account,
  script: Parameters<typeof talk>[1],
): ReturnType<typeof talk> {
  const said = await talk(account, script);
  if (said.ok || said.error.reached === 'not-sent') return said;
  return await talk(account, script);
}

function parseRead({ stdout }: Said): Read | undefined {
  const at = stdout.indexOf('\n');
  const fields = stdout.toString('latin1', 0, Math.max(0, at)).split(' ');
  const [mode, uid, gid, modified, size, device, inode] = fields;
  if (mode === undefined || inode === undefined || device === undefined) return undefined;
  return {
    mode: Number.parseInt(mode, 16),
    uid: Number(uid),
    gid: Number(gid),
    modifiedAtMs: Number(modified) * 1000,
    sizeBytes: Number(size),
    identity: `${device}:${inode}`,
    bytes: stdout.subarray(at + 1),
  };
}

function lost({ label }: Account, would: string, trouble: SshTrouble): Failure {
  const soWhenUncertain =
    'the file is the old or the new one, whole in either case: it has to be read again';
  return sshFailure({ label, would, soWhenUncertain }, trouble);
}
