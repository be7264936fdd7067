/** Turns an order into a timed way back that a host carries out by itself, and calls it off again. */

import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { DeadManFact } from '../../model/dead-man.ts';
import type { Failure } from '../../model/failure.ts';
import type { Settings } from '../../model/settings.ts';
import type { Answer, DeadMan, DeadManOrder, Host } from '../../ports.ts';
import { ARM, CLEAR, DISARM, type FireCommand, LOOK, fireScript } from './scripts.ts';

/** A few files and one look at the process list; a disarmed timer is gone within a second. */
const SCRIPT_MS = 15_000;
const TAIL_CHARACTERS = 300;
/** What stands where no file was before: a drop-in of systemd, which everybody may read. */
const NEW_FILE = { mode: 0o644, uid: 0, gid: 0 } as const;

export interface DeadManPlace {
  readonly memberName: string;
  /** Everything of it lies here, beside the member's configuration. */
  readonly folder: string;
  /** What stops and starts the member with its new settings. */
  readonly commands: readonly FireCommand[];
  /** `systemd`: a transient timer. `sh`: a detached shell, for any other host. */
  readonly timer: 'systemd' | 'sh';
}

/**
 * Fails with DEADMAN_FAILED, and with HOST_LOST where the connection broke: then what became of it has to be
 * looked at again. A host that is started anew forgets the timer; `isTicking` says so.
 */
export function hostDeadMan(host: Host, place: DeadManPlace): DeadMan {
  const there = { host, ...place };
  return {
    look: async () => await look(there),
    arm: async (order) => await arm(there, order),
    disarm: async () => await disarm(there),
    clear: async () => await clear(there),
  };
}

interface There extends DeadManPlace {
  readonly host: Host;
}

/** What is written down beside the script: all that a later run must know of it. */
interface Written {
  readonly id: string;
  readonly run: string;
  readonly seconds: number;
  readonly settings: Settings;
  readonly keptPath: string;
  readonly hasOthers: boolean;
  readonly digest: string;
}

type Seen = DeadManFact & { readonly isWhole: boolean };

async function look(there: There): Answer<DeadManFact | undefined> {
  const seen = await lookClosely(there);
  if (!seen.ok || seen.value === undefined) return seen;
  const { isWhole, ...fact } = seen.value;
  return ok(isWhole || fact.state !== 'armed' ? fact : { ...fact, isTicking: false });
}

async function lookClosely(there: There): Answer<Seen | undefined> {
  const file = await there.host.readFile(`${there.folder}/order.json`);
  if (!file.ok || file.value === undefined) return file.ok ? ok(undefined) : file;
  const written = writtenIn(file.value.bytes);
  if (written === undefined)
    return err(failure(there, 'look at it', 'its order.json is unreadable'));
  const said = await script(there, 'look at it', LOOK, [written.id, there.timer]);
  if (!said.ok) return said;
  const [state = '', alive = '', at = '0', sum = '', ...result] = said.value.trim().split(' ');
  const { id, run, seconds, settings, keptPath, hasOthers, digest } = written;
  const isTicking = alive === 'yes';
  const firesAtMs = (Number(at) + seconds) * 1000;
  const isWhole = sum === digest;
  const fact = { id, run, settings, keptPath, hasOthers, isTicking, firesAtMs, isWhole };
  switch (state) {
    case 'armed':
    case 'disarmed':
    case 'fired':
      return ok({ ...fact, state, result: result.join(' ') });
    case 'firing':
      // Its host went down in the middle: nobody goes on with it.
      return isTicking
        ? ok({ ...fact, state, result: '' })
        : ok({ ...fact, state: 'fired', result: 'failed: it was cut short' });
    case 'none':
      return ok({ ...fact, state: 'disarmed', result: '' });
    default:
      return err(failure(there, 'look at it', `the host answered "${said.value.trim()}"`));
  }
}

async function arm(there: There, order: DeadManOrder): Answer<DeadManFact> {
  const { host, folder } = there;
  const before = await look(there);
  if (!before.ok) return before;
  if (before.value?.id === order.id && before.value.isTicking) return ok(before.value);
  if (before.value?.state === 'armed' || before.value?.state === 'firing') {
    return err(failure(there, 'arm it', `one of run ${before.value.run} is ${before.value.state}`));
  }
  const cleared = await clear(there);
  if (!cleared.ok) return cleared;
  const config = await host.readFile(order.path);
  if (!config.ok) return config;
  const { mode, uid, gid } = config.value ?? NEW_FILE;
  const seconds = Math.ceil(order.afterMs / 1000);
  const bytes = Buffer.from(order.text, 'utf8');
  const { id, run, settings, keptPath, hasOthers } = order;
  const digest = sha256(bytes);
  const written: Written = { id, run, seconds, settings, keptPath, hasOthers, digest };
  const fire = fireScript({ ...order, folder, commands: there.commands });
  const files = [
    [`revert.${id}`, bytes, { mode, uid, gid }],
    [`fire.${id}`, Buffer.from(fire, 'utf8'), { mode: 0o700 }],
    ['order.json', Buffer.from(`${JSON.stringify(written)}\n`, 'utf8'), { mode: 0o644 }],
  ] as const;
  for (const [name, content, options] of files) {
    const put = await host.writeFile(`${folder}/${name}`, content, options);
    if (!put.ok) return put;
  }
  const begun = await script(there, 'arm it', ARM, [id, String(seconds), there.timer]);
  if (!begun.ok) return begun;
  const after = await look(there);
  if (!after.ok) return after;
  const fact = after.value;
  if (fact?.id === id && fact.state === 'armed' && fact.isTicking) return ok(fact);
  const found = fact === undefined ? 'nothing is there' : `it is ${factText(fact)}`;
  return err(failure(there, 'arm it', `read back, ${found}`));
}

async function disarm(there: There): Answer<DeadManFact | undefined> {
  const before = await look(there);
  if (!before.ok || before.value === undefined) return before;
  const { id } = before.value;
  const done = await script(there, 'disarm it', DISARM, [id, there.timer]);
  if (!done.ok) return done;
  const after = await look(there);
  if (!after.ok || after.value === undefined) return after;
  const { state, isTicking } = after.value;
  if (state !== 'armed' && !(state === 'disarmed' && isTicking)) return after;
  return err(failure(there, 'disarm it', `read back, it is ${factText(after.value)}`));
}

function clear(there: There): Answer<undefined> {
  return script(there, 'take it away', CLEAR, []).then((done) => (done.ok ? ok(undefined) : done));
}

function factText({ state, isTicking }: DeadManFact): string {
  return `${state}, its timer ${isTicking ? 'alive' : 'not alive'}`;
}

async function script(
  there: There,
  would: string,
  text: string,
  args: readonly string[],
): Promise<Result<string, Failure>> {
  const argv = ['sh', '-c', text, 'peershift', there.folder, ...args];
  const run = await there.host.exec(argv, { deadlineMs: SCRIPT_MS });
  if (!run.ok) return err({ ...run.error, would: wouldText(there, would) });
  const { exitCode, stdout, stderr } = run.value;
  if (exitCode === 0) return ok(stdout);
  const said = stderr.trim().slice(-TAIL_CHARACTERS);
  const end = exitCode === undefined ? 'was ended by a signal' : `exited with ${String(exitCode)}`;
  return err(failure(there, would, `its script ${end}${said === '' ? '' : `: ${said}`}`));
}

function writtenIn(bytes: Uint8Array): Written | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Written> | null;
    const isWhole =
      typeof value?.id === 'string' &&
      /^[\w.-]+$/.test(value.id) &&
      typeof value.run === 'string' &&
      typeof value.seconds === 'number' &&
      typeof value.keptPath === 'string' &&
      typeof value.digest === 'string' &&
      typeof value.settings === 'object';
    return isWhole ? (value as Written) : undefined;
  } catch {
    return undefined;
  }
}

function wouldText({ memberName }: There, would: string): string {
  return `leave a dead-man switch for ${memberName} on its host: ${would}`;
}

function failure(there: There, would: string, but: string): Failure {
  const { host, folder, memberName } = there;
  return {
    code: 'DEADMAN_FAILED',
    where: `member ${memberName} on ${host.label}`,
    would: wouldText(there, would),
    but,
    so: `it counts as armed while ${folder} is there: ${memberName} may get its settings of before back by itself`,
    remedy: `look at ${folder} on ${host.label} (to call it off by hand, remove it), then peershift resume`,
  };
}
