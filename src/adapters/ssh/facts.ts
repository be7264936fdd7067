/** Turns a host's own words into its processes, routes, users, and who can read a file there. */

import { type Permissions, mayRead } from '../../base/file-access.ts';
import { carriesMarker } from '../../base/marker.ts';
import { isZombie, processOf, zeroSeparated } from '../../base/process-text.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { hostFileFailure } from '../../model/host-failure.ts';
import { type Fact, known, unknown } from '../../model/observed.ts';
import type { Answer, HostProcess } from '../../ports.ts';
import { talkToRead } from './files.ts';
import { COMMAND_LINES, OWNER, PROCESS, READABLE, SOURCE_ADDRESS } from './scripts.ts';
import type { Account, Said } from './talk.ts';
import { sshFailure } from './trouble.ts';
import { isMissing, systemWords } from './words.ts';

/** `id` and `getent` may ask a directory server; /proc answers at once. */
const FACT_DEADLINE_MS = 20_000;
const GONE = ['No such file or directory', 'No such process'];
const ADDRESS = /^[0-9.]+$|^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/;

export async function hostProcess(account: Account, pid: number): Answer<HostProcess | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return ok(undefined);
  const would = `read process ${String(pid)}`;
  const said = await ask(account, would, PROCESS, [String(pid)]);
  if (!said.ok) return said;
  const lines = said.value.stdout.toString('latin1').trimEnd().split('\n');
  const [stat, status, commandLine, environment, system] = lines.map(part);
  const parts = [stat, status, commandLine, environment, system];
  const statText = stat?.bytes?.toString('utf8');
  if (statText === undefined && GONE.includes(stat?.because ?? '')) return ok(undefined);
  if (statText !== undefined && isZombie(statText)) return ok(undefined);
  const because = parts.find((one) => one?.bytes === undefined)?.because;
  if (because !== undefined && GONE.includes(because)) return ok(undefined);
  const [a, b, c, d, e] = parts.map((one) => one?.bytes);
  if (!a || !b || !c || !d || !e)
    return err(processFailure(account, would, systemWords(because ?? said.value.stderr)));
  const found = processOf({
    stat: a.toString('utf8'),
    status: b.toString('utf8'),
    commandLine: c,
    environment: d,
    system: e.toString('utf8'),
  });
  return ok(found === undefined ? undefined : { pid, ...found });
}

function part(line: string): { readonly bytes?: Buffer; readonly because?: string } {
  const text = line.slice(3);
  return line.startsWith('ok') ? { bytes: Buffer.from(text, 'base64') } : { because: text };
}

/** Each find is looked at again by itself: a command line may hold what looks like another's header. */
export async function hostCommandsMarked(
  account: Account,
  marker: string,
): Answer<readonly number[]> {
  const said = await ask(account, 'list the processes', COMMAND_LINES, []);
  if (!said.ok) return said;
  const pieces = said.value.stdout
    .toString('latin1')
    .split(/(?:^|\n)==> \/proc\/(\d+)\/cmdline <==\n/);
  const pids: number[] = [];
  for (let at = 1; at + 1 < pieces.length; at += 2) {
    const words = zeroSeparated(Buffer.from(pieces[at + 1] ?? '', 'latin1'));
    if (!carriesMarker(words, marker)) continue;
    const process = await hostProcess(account, Number(pieces[at]));
    if (!process.ok) return process;
    if (process.value !== undefined && carriesMarker(process.value.argv, marker))
      pids.push(process.value.pid);
  }
  return ok(pids);
}

/** By the kernel's own word when we are that user, else by owners and mode bits along the path. */
export async function hostReadable(
  account: Account,
  path: string,
  uid: number,
  gid: number,
): Answer<boolean> {
  const would = `see who can read ${path}`;
  const said = await ask(account, would, READABLE, [path, String(uid)]);
  if (!said.ok) return said;
  const { exitCode, stdout, stderr } = said.value;
  const [who = '', groups = '', ...owners] = stdout.toString('utf8').trimEnd().split('\n');
  const [ourUid, ourGid, isReadable] = who.split(' ');
  const isUs = Number(ourUid) === uid;
  if (isUs && Number(ourGid) === gid && isReadable === 'yes') return ok(true);
  if (isUs && Number(ourGid) === gid && exitCode === 0) return ok(false);
  if (exitCode !== 0) {
    const isNo =
      isMissing(stderr) ||
      /Not a directory\s*$/.test(stderr) ||
      (isUs && /Permission denied\s*$/.test(stderr));
    return isNo ? ok(false) : err(hostFileFailure(account.label, would, systemWords(stderr)));
  }
  const [file, ...folders] = owners.map(permissionsOf);
  if (file === undefined) return err(hostFileFailure(account.label, would, systemWords(stderr)));
  const member = [gid, ...groups.split(' ').filter(Boolean).map(Number)];
  return ok(mayRead({ uid, groups: member }, folders, file));
}

function permissionsOf(line: string): Permissions {
  const [mode = '', uid, gid] = line.split(' ');
  return { mode: Number.parseInt(mode, 16), uid: Number(uid), gid: Number(gid) };
}

/** By the host's own `ip` and `getent`; without them it is unknown. */
export async function hostSourceAddress(account: Account, target: string): Promise<Fact<string>> {
  const { label } = account;
  const kind = ADDRESS.test(target) ? 'address' : 'name';
  const said = await ask(account, `find the route to ${target}`, SOURCE_ADDRESS, [target, kind]);
  if (!said.ok) return unknown(`${label} could not be asked: ${said.error.but}`);
  const [how, ...words] = said.value.stdout.toString('utf8').trim().split('\n');
  const text = words.join(' ').trim();
  const source = / src (\S+)/.exec(` ${text}`)?.[1];
  if (how === 'route' && source !== undefined) return known(source);
  if (how === 'no-getent') return unknown(`${label} has no getent to resolve ${target} with`);
  if (how === 'no-name') return unknown(`${target} cannot be resolved on ${label}`);
  if (how === 'no-ip')
    return unknown(`${label} has no ip command (package iproute2) to tell its route to ${target}`);
  return unknown(`there is no route to ${target} from ${label}: ${text}`);
}

export async function hostOwnerIds(
  account: Account,
  owner: string | undefined,
  group: string | undefined,
): Answer<{ uid?: number; gid?: number }> {
  const uid = owner === undefined ? ok(undefined) : await idOf(account, 'passwd', owner);
  if (!uid.ok) return uid;
  const gid = group === undefined ? ok(undefined) : await idOf(account, 'group', group);
  if (!gid.ok) return gid;
  return ok({
    ...(uid.value === undefined ? {} : { uid: uid.value }),
    ...(gid.value === undefined ? {} : { gid: gid.value }),
  });
}

/** Both databases have the number in their third column. A number is taken as it is. */
async function idOf(account: Account, database: 'passwd' | 'group', name: string): Answer<number> {
  if (/^\d+$/.test(name)) return ok(Number(name));
  const kind = database === 'passwd' ? 'user' : 'group';
  const would = `look up the ${kind} ${name}`;
  const said = await ask(account, would, OWNER, [database, name]);
  if (!said.ok) return said;
  const lines = said.value.stdout.toString('utf8').split('\n');
  const id = lines.find((line) => line.startsWith(`${name}:`))?.split(':')[2];
  if (id !== undefined && /^\d+$/.test(id)) return ok(Number(id));
  const { label } = account;
  return err({
    code: 'HOST_COMMAND_FAILED',
    where: `host ${label}`,
    would,
    but: `${label} knows no ${kind} of that name`,
    so: 'files for etcd cannot be given to it',
    remedy: `make the ${kind} on ${label} or correct tls.owner and tls.group in the plan file`,
  });
}

async function ask(
  account: Account,
  would: string,
  script: string,
  args: readonly string[],
): Promise<Result<Said, Failure>> {
  const said = await talkToRead(account, { script, args, deadlineMs: FACT_DEADLINE_MS });
  if (said.ok) return said;
  const soWhenUncertain = 'it is not known; nothing was changed';
  return err(sshFailure({ label: account.label, would, soWhenUncertain }, said.error));
}

function processFailure({ label }: Account, would: string, but: string): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `host ${label}`,
    would,
    but,
    so: 'what etcd was started with cannot be told',
    remedy: `log in to ${label} as root, or as the user that etcd runs as, or set host.sudo`,
  };
}
