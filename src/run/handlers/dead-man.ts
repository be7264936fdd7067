/** arm-dead-man and disarm-dead-man: a timed way back left on a member's host, and taken away; both read back. */

import { present } from '../../base/assert.ts';
import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import { isoTime } from '../../base/time.ts';
import type { Failure } from '../../model/failure.ts';
import type { MemberName } from '../../model/ids.ts';
import { backupPathOf } from '../../model/run-state.ts';
import type { ArmDeadMan, DisarmDeadMan } from '../../model/step.ts';
import type { ConfigFile, DeadMan, DeadManOrder, Host } from '../../ports.ts';
import { firedEffects, firedFailure } from '../dead-man.ts';
import type { Answer } from '../machine-types.ts';
import { bad } from '../machine-types.ts';
import { hasOthers } from './configure-member.ts';
import { type Hands, done, doorsOf, failedBy, trouble } from './context.ts';
import { settle } from './settle.ts';

/** Nothing of the member has been touched yet: whatever stands against it, the run pauses as it is. */
export async function armDeadMan(hands: Hands, step: ArmDeadMan): Promise<Answer> {
  const { member } = step;
  const other = await armedElsewhere(hands, member);
  if (other !== undefined) return failedBy(other, 'foreign');
  const order = await orderOf(hands, step);
  if (!order.ok) return failedBy({ ...order.error, where: hands.where });
  return settle(hands, member, async () => {
    const armed = await doorOf(hands, member).arm(order.value);
    if (!armed.ok) return failedBy({ ...armed.error, where: hands.where }, 'foreign');
    const firesAt = isoTime(armed.value.firesAtMs);
    return done({ kind: 'armed', member, firesAt });
  });
}

/** Never good unless the host has said that it can no longer go off. */
export async function disarmDeadMan(hands: Hands, step: DisarmDeadMan): Promise<Answer> {
  const { member } = step;
  const { doors, where } = hands;
  return settle(hands, member, async () => {
    const deadMan = doorOf(hands, member);
    const after = await deadMan.disarm();
    if (!after.ok) return failedBy({ ...after.error, where }, 'foreign');
    const state = after.value?.state ?? 'disarmed';
    if (state === 'disarmed') {
      const cleared = await deadMan.clear();
      if (!cleared.ok) return failedBy({ ...cleared.error, where }, 'foreign');
      return done({ kind: 'disarmed', member });
    }
    const effects = await firedEffects(doors.members, doors.clock, member);
    const result = effects.flatMap((each) => (each.kind === 'went-off' ? [each.result] : []))[0];
    const failure = firedFailure(member, where, result ?? 'it is still at it');
    return { ...bad(failure, 'foreign'), effects };
  });
}

function doorOf(hands: Hands, member: MemberName): DeadMan {
  return present(doorsOf(hands, member).deadMan, `the dead-man of ${member}`);
}

/** One at a time in the cluster; on a host that does not answer one may wait. */
async function armedElsewhere(hands: Hands, member: MemberName): Promise<Failure | undefined> {
  const others = [...hands.doors.members].filter(([name]) => name !== member);
  const seen = await Promise.all(
    others.map(async ([name, { deadMan }]) => ({ name, fact: await deadMan?.look() })),
  );
  for (const { name, fact } of seen) {
    if (fact?.ok === false) return { ...fact.error, where: hands.where };
    const state = fact?.value?.state;
    if (state !== 'armed' && state !== 'firing') continue;
    return trouble(hands, {
      code: 'DEADMAN_FAILED',
      would: `arm the dead-man of ${member}`,
      but: `that of ${name} is ${state}, and one at a time is`,
      so: 'two members might restart at once; nothing was changed',
      remedy: 'peershift resume disarms it first',
    });
  }
  return undefined;
}

/** What it may overwrite: what stands there now, what this group writes, what a way back puts there. */
async function orderOf(hands: Hands, step: ArmDeadMan): Promise<Result<DeadManOrder, Failure>> {
  const { member, reverts, expects, settings, afterMs } = step;
  const { host, config } = doorsOf(hands, member);
  const state = hands.doors.journal.state();
  const read = await config.read();
  if (!read.ok) return read;
  const file = read.value;
  const moved = expects.filter(({ flag, from }) => file.settings[flag] !== from);
  if (moved.length > 0)
    return err(
      movedFailure(
        hands,
        file,
        moved.map(({ flag }) => flag),
      ),
    );
  const texts = [reverts, expects].map((changes) => config.edited(file, changes));
  const [back, next] = texts;
  if (back?.ok === false) return back;
  if (next?.ok === false) return next;
  const backup = backupPathOf(state, member);
  const digests = await Promise.all(
    [file.path, ...(backup === undefined ? [] : [backup])].map((path) => digestOf(host, path)),
  );
  const unread = digests.find((each) => !each.ok);
  if (unread?.ok === false) return unread;
  const run = state.run ?? 'run';
  const text = back?.value ?? file.text;
  return ok({
    id: `${run}-${String(state.nextSeq)}`,
    run,
    afterMs,
    path: file.path,
    text,
    settings,
    mayStand: [
      ...new Set([
        ...digests.flatMap((each) => (each.ok ? [each.value] : [])),
        ...[text, next?.value ?? file.text].map((each) => sha256(Buffer.from(each, 'utf8'))),
      ]),
    ],
    hasOthers: hasOthers(state, member, file.digest),
    keptPath: backup ?? `${file.path}.peershift-${run}`,
  });
}

/** An empty kept original stands for a drop-in that was not there. */
async function digestOf(host: Host, path: string): Promise<Result<string, Failure>> {
  const file = await host.readFile(path);
  if (!file.ok) return file;
  const bytes = file.value?.bytes;
  return ok(bytes === undefined || bytes.length === 0 ? 'absent' : sha256(bytes));
}

function movedFailure(hands: Hands, file: ConfigFile, flags: readonly string[]): Failure {
  return trouble(hands, {
    code: 'STALE_WORLD',
    would: 'prepare the way back of a dead-man switch',
    but: `${file.path} changed since it was read: ${flags.join(', ')}`,
    so: 'nothing was armed and nothing was changed',
    remedy: 'find out what edits this file (configuration management?), then peershift resume',
  });
}
