/** Turns dead-man switches that went off into effects of the run, and into the failure that pauses it. */

import type { DeadManFact } from '../model/dead-man.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import type { Effect } from '../model/journal.ts';
import { type RunState, armedOf } from '../model/run-state.ts';
import type { Clock, MemberDoors } from '../ports.ts';
import type { Hands } from './handlers/context.ts';
import { type Answer, bad } from './machine-types.ts';

/** A stop, a start and a few renames; a firing that takes longer is looked at again by whoever asks next. */
const FIRING_MS = 90_000;
const LOOK_AGAIN_MS = 500;

type Members = ReadonlyMap<MemberName, MemberDoors>;

/**
 * What became of the switches while nobody looked: those that went off, after waiting for one that is just
 * firing, and those that a dead process has disarmed and could not record.
 */
export async function effectsBehind(
  members: Members,
  clock: Clock,
  state: RunState,
): Promise<readonly Effect[]> {
  const fired = await firedEffects(members, clock);
  const gone = armedOf(state).map(async ({ member }): Promise<readonly Effect[]> => {
    const seen = await members.get(member)?.deadMan?.look();
    const isOver = seen?.ok === true && (seen.value?.state ?? 'disarmed') === 'disarmed';
    return isOver ? [{ kind: 'disarmed', member }] : [];
  });
  return [...fired, ...(await Promise.all(gone)).flat()];
}

/** Every switch that went off and has not been taken away, after waiting for one that is just firing. */
export async function firedEffects(
  members: Members,
  clock: Clock,
  only?: MemberName,
): Promise<readonly Effect[]> {
  const names = only === undefined ? [...members.keys()] : [only];
  const all = names.map(async (name) => {
    const doors = members.get(name);
    const fact = doors === undefined ? undefined : await afterFiring(doors, clock);
    return doors !== undefined && fact?.state === 'fired' ? effectsOf(name, doors, fact) : [];
  });
  return (await Promise.all(all)).flat();
}

async function afterFiring(
  { deadMan }: MemberDoors,
  clock: Clock,
): Promise<DeadManFact | undefined> {
  const giveUpAtMs = clock.nowMs() + FIRING_MS;
  for (;;) {
    const seen = await deadMan?.look();
    if (seen?.ok !== true) return undefined;
    if (seen.value?.state !== 'firing' || clock.nowMs() > giveUpAtMs) return seen.value;
    await clock.sleep(LOOK_AGAIN_MS);
  }
}

/** What it wrote counts as written by the run: a way back must know it for its own. */
async function effectsOf(
  member: MemberName,
  { config }: MemberDoors,
  { result, keptPath, hasOthers }: DeadManFact,
): Promise<readonly Effect[]> {
  const wentOff: Effect = { kind: 'went-off', member, result };
  const file = result === 'changed' ? undefined : await config.read();
  if (file?.ok !== true) return [wentOff];
  const { digest } = file.value;
  const others = hasOthers ? { hasOthers: true as const } : {};
  return [{ kind: 'config-written', member, digest, backupPath: keptPath, ...others }, wentOff];
}

/** What failed because a dead-man went off meanwhile is no fault of the step: the run pauses, and says so. */
export async function firingBehind({ doors, before, where }: Hands): Promise<Answer | undefined> {
  const armed = before.armed?.member;
  if (armed === undefined) return undefined;
  const effects = await firedEffects(doors.members, doors.clock, armed);
  const fired = effects.find((each) => each.kind === 'went-off');
  return fired === undefined
    ? undefined
    : { ...bad(firedFailure(armed, where, fired.result), 'foreign'), effects };
}

/** A run that stops inside a group leaves its dead-man to do what it is for. */
export function armedNotes(state: RunState): readonly string[] {
  return armedOf(state).map(({ member, firesAt }) => {
    return `the dead-man of ${member} is armed: unless the run goes on before ${firesAt}, ${member} gets its settings of before back by itself`;
  });
}

/** Takes away what switches that are over have left; one that waits stays. */
export async function clearOver(members: Members): Promise<void> {
  const all = [...members.values()].map(async ({ deadMan }) => {
    const seen = await deadMan?.look();
    const state = seen?.ok === true ? seen.value?.state : undefined;
    // What cannot be taken away now is harmless, and is taken away before the next is armed.
    if (state === 'fired' || state === 'disarmed') await deadMan?.clear();
  });
  await Promise.all(all);
}

export function firedFailure(member: MemberName, where: string, result: string): Failure {
  const [but, so] = FIRED_TEXT[result] ?? [
    `its dead-man switch went off and could not finish (${result})`,
    `${member} is as it was left then: look at it`,
  ];
  return {
    code: 'DEADMAN_FIRED',
    where,
    would: `rest on ${member} as it was about to be`,
    but: `${member}: ${but}`,
    so,
    remedy:
      'find out what took so long (gates.deadman may be too short for it), then peershift resume goes on from what is there, peershift rollback goes back',
  };
}

const FIRED_TEXT: Readonly<Record<string, readonly [string, string]>> = {
  done: [
    'its dead-man switch went off before it was disarmed',
    'its host has put the settings of before back (trust and leaf kept) and restarted it; nothing more is touched',
  ],
  changed: [
    'its dead-man switch went off and found settings that are not ours',
    'it left them as they are and restarted nothing; nothing more is touched',
  ],
};
