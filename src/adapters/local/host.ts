/** Turns the machine that peershift runs on into a Host. */

import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import type { Failure } from '../../model/failure.ts';
import { hostFileFailure } from '../../model/host-failure.ts';
import { type Fact, known, unknown } from '../../model/observed.ts';
import type { Answer, Host } from '../../ports.ts';
import { type Permissions, mayRead } from '../../base/file-access.ts';
import { runCommand } from './exec.ts';
import { readFileRange, readWholeFile, removeWholeFile, writeWholeFile } from './files.ts';
import { markedCommands, readProcess } from './process.ts';

/** `id` and `getent` may ask a directory server. */
const NAME_SERVICE_DEADLINE_MS = 10_000;
/** Two tries of a usual resolver. */
const NAME_LOOKUP_DEADLINE_MS = 10_000;
/** Any port will do: connecting a datagram socket picks the source address and sends nothing. */
const DISCARD_PORT = 9;

/** Everything is done by this process's own user; `label` is what people call the machine. */
export function localHost(label: string): Host {
  return {
    label,
    exec: (argv, options) => runCommand(label, argv, options),
    readFile: (path) => readWholeFile(label, path),
    readRange: (path, offset, maxBytes) => readFileRange(label, path, offset, maxBytes),
    writeFile: (path, bytes, options) => writeWholeFile(label, path, bytes, options),
    removeFile: (path) => removeWholeFile(label, path),
    process: (pid) => readProcess(label, pid),
    isReadableBy: (path, uid, gid) => isReadableBy(label, path, uid, gid),
    sourceAddressTo,
    commandsMarked: (marker) => markedCommands(label, marker),
    ownerIds: (owner, group) => ownerIds(label, owner, group),
    close: () => Promise.resolve(),
  };
}

/** By the kernel's own word when we are that user, else by owners and mode bits along the path. */
async function isReadableBy(
  label: string,
  path: string,
  uid: number,
  gid: number,
): Answer<boolean> {
  try {
    if (process.geteuid?.() === uid && process.getegid?.() === gid) {
      await access(path, constants.R_OK);
      return ok(true);
    }
    const file = await stat(path);
    const folders = await foldersAbove(path);
    return ok(mayRead({ uid, groups: await groupsOf(label, uid, gid) }, folders, file));
  } catch (error) {
    const code = systemErrorCode(error);
    const isOurOwn = process.geteuid?.() === uid;
    if (code === 'ENOENT' || code === 'ENOTDIR' || (code === 'EACCES' && isOurOwn))
      return ok(false);
    return err(hostFileFailure(label, `see who can read ${path}`, systemErrorText(error)));
  }
}

/** Folders of the path as written and of the real file: a symbolic link needs both ways to be open. */
async function foldersAbove(path: string): Promise<readonly Permissions[]> {
  const folders = new Set<string>();
  for (const start of [path, await realpath(path)]) {
    for (let folder = dirname(start); !folders.has(folder); folder = dirname(folder)) {
      folders.add(folder);
    }
  }
  return await Promise.all([...folders].map((folder) => stat(folder)));
}

/** All groups that the name service knows; a service manager's extra groups are not among them. */
async function groupsOf(label: string, uid: number, gid: number): Promise<readonly number[]> {
  const options = { deadlineMs: NAME_SERVICE_DEADLINE_MS };
  const asked = await runCommand(label, ['id', '-G', String(uid)], options);
  if (!asked.ok || asked.value.exitCode !== 0) return [gid];
  return [gid, ...asked.value.stdout.trim().split(/\s+/).map(Number)];
}

async function sourceAddressTo(target: string): Promise<Fact<string>> {
  let address: string;
  let family: number;
  try {
    ({ address, family } = await withinDeadline(lookup(target)));
  } catch (error) {
    return unknown(`${target} cannot be resolved: ${systemErrorText(error)}`);
  }
  return await new Promise((resolve) => {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    const fail = (error: unknown): void => {
      socket.close();
      resolve(unknown(`there is no route to ${target}: ${systemErrorText(error)}`));
    };
    socket.once('error', fail);
    socket.connect(DISCARD_PORT, address, (error?: unknown) => {
      if (error !== undefined && error !== null) {
        fail(error);
        return;
      }
      const source = socket.address().address;
      socket.close();
      resolve(known(source));
    });
  });
}

async function withinDeadline<T>(asked: Promise<T>): Promise<T> {
  let handle: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    handle = setTimeout(() => {
      reject(new Error(`no answer within ${String(NAME_LOOKUP_DEADLINE_MS)} ms`));
    }, NAME_LOOKUP_DEADLINE_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(handle);
  }
}

async function ownerIds(
  label: string,
  owner: string | undefined,
  group: string | undefined,
): Answer<{ uid?: number; gid?: number }> {
  const uid = owner === undefined ? ok(undefined) : await idOf(label, 'passwd', owner);
  if (!uid.ok) return uid;
  const gid = group === undefined ? ok(undefined) : await idOf(label, 'group', group);
  if (!gid.ok) return gid;
  return ok({
    ...(uid.value === undefined ? {} : { uid: uid.value }),
    ...(gid.value === undefined ? {} : { gid: gid.value }),
  });
}

/** Both databases have the number in their third column. A number is taken as it is. */
async function idOf(label: string, database: 'passwd' | 'group', name: string): Answer<number> {
  if (/^\d+$/.test(name)) return ok(Number(name));
  const options = { deadlineMs: NAME_SERVICE_DEADLINE_MS };
  const asked = await runCommand(label, ['getent', database, name], options);
  const line = asked.ok ? asked.value.stdout : await fileLine(label, database, name);
  const id = line.split(':')[2];
  if (id === undefined || !/^\d+$/.test(id)) return err(unknownName(label, database, name));
  return ok(Number(id));
}

/** Where there is no getent (a slim image), the local file is all there is. */
async function fileLine(label: string, database: string, name: string): Promise<string> {
  const file = await readWholeFile(label, `/etc/${database}`);
  if (!file.ok || file.value === undefined) return '';
  const lines = Buffer.from(file.value.bytes).toString('utf8').split('\n');
  return lines.find((line) => line.startsWith(`${name}:`)) ?? '';
}

function unknownName(label: string, database: 'passwd' | 'group', name: string): Failure {
  const kind = database === 'passwd' ? 'user' : 'group';
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `host ${label}`,
    would: `look up the ${kind} ${name}`,
    but: `${label} knows no ${kind} of that name`,
    so: 'files for etcd cannot be given to it',
    remedy: `make the ${kind} on ${label} or correct tls.owner and tls.group in the plan file`,
  };
}
