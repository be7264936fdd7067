/** restart-together: all stop, all start, and the time is taken in which nobody served. */

import type { Failure } from '../../model/failure.ts';
import type { MemberName } from '../../model/ids.ts';
import type { Effect } from '../../model/journal.ts';
import { quorumOf } from '../../model/quorum.ts';
import type { RestartTogether } from '../../model/step.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done } from './context.ts';
import {
  diskRefusal,
  halt,
  launch,
  readLastWords,
  toldFully,
  untilItAnswers,
} from './restart-member.ts';

/** How often it is asked whether anybody serves again: the time of standing still is told to this. */
const SERVED_POLL_MS = 50;

/**
 * All at once, since none of them can serve before a majority runs: where the service manager's start waits
 * for that, one start after the other would wait for ever.
 */
export async function restartTogether(hands: Hands, step: RestartTogether): Promise<Answer> {
  const { members } = step;
  for (const member of members) {
    const refusal = diskRefusal(hands, member);
    if (refusal !== undefined) return refusal;
  }
  const fromMs = hands.doors.clock.nowMs();
  const halts = await haltAll(hands, members);
  const over = new AbortController();
  const serving = servesAgain(hands, over.signal);
  const launches = await Promise.all(members.map((member) => launch(hands, member)));
  const running = launches.filter(({ kind }) => kind === 'good').length;
  const total = hands.after.members.length;
  const isEnough = running + (total - members.length) >= quorumOf(total);
  const effects: Effect[] = [];
  let failed = halts.find(({ kind }) => kind === 'bad');
  for (const [index, member] of members.entries()) {
    const launched = launches[index] ?? done();
    if (launched.kind === 'bad') failed ??= await toldFully(hands, member, launched);
    if (launched.kind === 'bad' || !isEnough) continue;
    const answer = await untilItAnswers(hands, member);
    effects.push(...(answer.effects ?? []));
    if (answer.kind === 'bad') failed ??= answer;
  }
  over.abort();
  const servedAtMs = await serving;
  if (servedAtMs !== undefined) effects.push({ kind: 'stood-still', ms: servedAtMs - fromMs });
  if (failed?.failure === undefined) return done(...effects);
  return { ...failed, effects, failure: isEnough ? failed.failure : inTheDark(failed.failure) };
}

/**
 * The leader last and alone: one that stops while followers are stopping hands over to one of them and waits
 * for it, 7 s (seen on 3.3 to 3.5); with nobody left it stops at once.
 */
async function haltAll(hands: Hands, members: readonly MemberName[]): Promise<readonly Answer[]> {
  const { leader } = hands.before;
  const followers = members.filter((member) => member !== leader);
  const halts = await Promise.all(followers.map((member) => halt(hands, member)));
  if (leader !== undefined && members.includes(leader)) halts.push(await halt(hands, leader));
  await readLastWords(hands, members);
  return halts;
}

/** When the first of them is healthy again by its own word; undefined when that was never seen. */
async function servesAgain(hands: Hands, signal: AbortSignal): Promise<number | undefined> {
  const { clock, etcd } = hands.doors;
  for (;;) {
    const healths = await Promise.all([...etcd.values()].map((each) => each.health()));
    if (healths.some((each) => each.ok && each.value.isHealthy)) return clock.nowMs();
    if (signal.aborted) return undefined;
    await clock.sleep(SERVED_POLL_MS, signal);
  }
}

function inTheDark(failure: Failure): Failure {
  return {
    ...failure,
    so: 'fewer members run than quorum needs: nobody serves; both URLs are advertised, so they fit either scheme',
    remedy:
      'peershift rollback starts them all on the settings of before; peershift resume tries this again',
  };
}
