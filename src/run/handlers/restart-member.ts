/** restart-member, stop-member and start-member: stop, start, and wait until the member answers as itself again. */

import { durationText } from '../../base/duration.ts';
import { loadDisk } from '../../model/load.ts';
import type { MemberName } from '../../model/ids.ts';
import type { RestartMember, StartMember, StopMember } from '../../model/step.ts';
import { memberOf } from '../../model/world.ts';
import type { Answer } from '../machine-types.ts';
import { isolationOf, lastWordsOf } from '../evidence.ts';
import { type Hands, done, doorsOf, etcdOf, evidenceOf, failedBy, trouble } from './context.ts';
import { untilPlainClientsAreServed } from './plain-clients.ts';
import { settle } from './settle.ts';

/** A stop may take the leader's own hand-over (7 s) and a last fsync. */
const STOP_DEADLINE_MS = 60_000;
const POLL_FIRST_MS = 50;
const POLL_MAX_MS = 1000;
/** A start that takes longer than most is told, and again each time that it has taken twice as long. */
const TELL_FIRST_MS = 15_000;
/** A process that is gone on this many looks in a row has not merely been between fork and exec. */
const GONE_LOOKS = 3;

export async function restartMember(hands: Hands, step: RestartMember): Promise<Answer> {
  const refusal = diskRefusal(hands, step.member);
  if (refusal !== undefined) return refusal;
  const { member } = step;
  const again = async (): Promise<Answer> => {
    const stopped = await stop(hands, member);
    return stopped.kind === 'good' ? begin(hands, member) : stopped;
  };
  return untilPlainClientsAreServed(hands, member, await again(), again);
}

export async function stopMember(hands: Hands, step: StopMember): Promise<Answer> {
  return stop(hands, step.member);
}

/** Good when it is down. */
async function stop(hands: Hands, member: MemberName): Promise<Answer> {
  const stopped = await halt(hands, member);
  if (stopped.kind === 'good') await readLastWords(hands, [member]);
  return stopped;
}

export async function halt(hands: Hands, member: MemberName): Promise<Answer> {
  const { service } = doorsOf(hands, member);
  const options = { deadlineMs: STOP_DEADLINE_MS, marker: hands.doors.marker };
  return settle(hands, member, async () => {
    const stopped = await service.stop(options);
    return stopped.ok ? done() : failedBy({ ...stopped.error, where: hands.where });
  });
}

/** A start command may write its log from the beginning again: the last words are read before that. */
export async function readLastWords(hands: Hands, members: readonly MemberName[]): Promise<void> {
  await hands.logs.collect();
  for (const member of members) hands.logs.ended(member);
}

export async function startMember(hands: Hands, step: StartMember): Promise<Answer> {
  return diskRefusal(hands, step.member) ?? (await begin(hands, step.member));
}

/** The last look before the process is stopped: would it come back from what stands on its disk? */
export function diskRefusal(hands: Hands, member: MemberName): Answer | undefined {
  const { disk, version } = memberOf(hands.before, member);
  const loaded = loadDisk(disk, version);
  if (loaded.ok) return undefined;
  return failedBy(
    trouble(hands, {
      code: 'START_FAILED',
      would: `restart ${member}`,
      but: `etcd would refuse to start: ${loaded.error}`,
      so: `${member} was not stopped`,
      remedy: 'mend the named file, then peershift resume',
    }),
  );
}

async function begin(hands: Hands, member: MemberName): Promise<Answer> {
  const begun = await launch(hands, member);
  return begun.kind === 'good' ? untilItAnswers(hands, member) : toldFully(hands, member, begun);
}

export async function launch(hands: Hands, member: MemberName): Promise<Answer> {
  const { service } = doorsOf(hands, member);
  const { gates } = hands.doors.desired;
  const options = { deadlineMs: gates.startMs, marker: hands.doors.marker };
  return settle(hands, member, async () => {
    const started = await service.start(options);
    return started.ok ? done() : failedBy({ ...started.error, where: hands.where });
  });
}

/** A start that failed, with what the member's log says of it; a host that is gone has nothing to say. */
export async function toldFully(hands: Hands, member: MemberName, begun: Answer): Promise<Answer> {
  const { failure } = begun;
  if (failure === undefined || failure.code === 'HOST_LOST') return begun;
  return failedBy(await startFailure(hands, member, failure.but));
}

export async function untilItAnswers(hands: Hands, member: MemberName): Promise<Answer> {
  const { doors } = hands;
  const { service } = doorsOf(hands, member);
  const { startMs } = doors.desired.gates;
  const beganAtMs = doors.clock.nowMs();
  let waitMs = POLL_FIRST_MS;
  let tellAfterMs = TELL_FIRST_MS;
  let goneLooks = 0;
  for (;;) {
    const state = await service.state();
    if (state.known) goneLooks = state.value.isRunning ? 0 : goneLooks + 1;
    if (goneLooks >= GONE_LOOKS)
      return failedBy(await startFailure(hands, member, 'its process ended'));
    const notYet = await whyNotBack(hands, member);
    if (notYet === undefined) {
      const pid = state.known ? state.value.pid : undefined;
      return done({ kind: 'restarted', member, pid });
    }
    const waitedMs = doors.clock.nowMs() - beganAtMs;
    if (waitedMs > startMs) {
      const but = `it did not answer on its client URL for ${durationText(startMs)} (${notYet})`;
      return failedBy(await startFailure(hands, member, but));
    }
    if (waitedMs > tellAfterMs) {
      tellAfterMs *= 2;
      const text = `${member} was started ${durationText(waitedMs)} ago and does not serve yet: ${notYet}; it has ${durationText(startMs)} (gates.start)`;
      doors.events.emit({ type: 'warning', text });
    }
    const cut = await isolation(hands, member);
    if (cut !== undefined)
      return failedBy(
        await startFailure(hands, member, `it runs and is cut off from its peers: ${cut}`),
      );
    await doors.clock.sleep(waitMs);
    waitMs = Math.min(POLL_MAX_MS, waitMs * 1.5);
  }
}

/** Without quorum everybody's dials fail, and the logs say so of each: that is what is being mended. */
async function isolation(hands: Hands, member: MemberName): Promise<string | undefined> {
  if (hands.doors.peers !== undefined) return undefined;
  await hands.logs.collect();
  return isolationOf(evidenceOf(hands, member), member, hands.doors.desired.gates.timeoutMs);
}

/** Undefined: it knows a leader; where no API answers, its peer port is all that can be asked. */
async function whyNotBack(hands: Hands, member: MemberName): Promise<string | undefined> {
  const { peers } = hands.doors;
  if (peers !== undefined)
    return (await peers.isBack(member)) ? undefined : 'its peer port does not answer';
  const status = await etcdOf(hands, member).status();
  if (!status.ok) return status.error.but;
  return status.value.leaderId === undefined ? 'it knows no leader' : undefined;
}

async function startFailure(
  hands: Hands,
  member: MemberName,
  but: string,
): Promise<ReturnType<typeof trouble>> {
  await hands.logs.collect();
  const said = lastWordsOf(evidenceOf(hands, member), member);
  return trouble(hands, {
    code: 'START_FAILED',
    would: `have ${member} back after its restart`,
    but: said === undefined ? but : `${but}; its log says: ${said}`,
    so: `${member} is down or cut off; the others keep quorum`,
    remedy: `see the log of ${member}; peershift rollback puts its original settings back`,
  });
}
