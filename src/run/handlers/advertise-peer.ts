/**
 * advertise-peer: the list is read before it is changed, the update is sent once with a deadline of its
 * own, and the outcome is what the members then have, whatever the answer said.
 */

import type { MemberName } from '../../model/ids.ts';
import type { AdvertisePeer } from '../../model/step.ts';
import { participants } from '../../model/steps/settle.ts';
import { type PeerUrl, sameUrls } from '../../model/url.ts';
import { memberOf } from '../../model/world.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, etcdOf, failedBy, trouble } from './context.ts';

/** An update right after an election can be silently dropped (`ignoring conf change`); it is idempotent. */
const MAX_TRIES = 3;
const READ_BACK_MS = 10_000;
const POLL_MS = 100;

export async function advertisePeer(hands: Hands, step: AdvertisePeer): Promise<Answer> {
  const { id } = memberOf(hands.before, step.member);
  let answer = 'it was not sent';
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const writer = await writerOf(hands);
    if (writer === undefined) break;
    const now = await listed(hands, writer, step.member);
    if (now !== undefined && sameUrls(now, step.to)) return readBack(hands, step);
    if (now !== undefined && !sameUrls(now, step.from)) {
      return failedBy(
        uncertain(
          hands,
          step,
          `the list has ${now.join(' and ')} for ${step.member}: somebody else changed it`,
        ),
        'foreign',
      );
    }
    const sent = await etcdOf(hands, writer).updatePeerUrls(id, step.to);
    if (sent.ok) return readBack(hands, step);
    answer = sent.error.but;
    // It was never sent: another member may take it.
    if (sent.error.code === 'ENDPOINT_UNREACHABLE') continue;
    if (sent.error.code !== 'UPDATE_UNCERTAIN')
      return failedBy({ ...sent.error, where: hands.where });
    if (await appears(hands, step, [writer])) return readBack(hands, step);
  }
  return failedBy(uncertain(hands, step, answer), 'foreign');
}

/** Every member that takes part has the new URLs in its own list. */
async function readBack(hands: Hands, step: AdvertisePeer): Promise<Answer> {
  const names = participants(hands.after);
  if (await appears(hands, step, names)) {
    return done({ kind: 'updated', member: step.member, urls: step.to });
  }
  const lists = await Promise.all(names.map((name) => listed(hands, name, step.member)));
  const silent = names.filter((_name, index) => lists[index] === undefined);
  const waited = `after ${String(READ_BACK_MS / 1000)} s`;
  const but =
    silent.length === 0
      ? `not every member shows ${step.to.join(' and ')} for ${step.member} ${waited}`
      : `${silent.join(', ')} does not tell its member list ${waited}`;
  // A member that does not answer is not cut off by a URL: its client port is another one.
  return failedBy(uncertain(hands, step, but), silent.length === 0 ? 'ours' : 'foreign');
}

async function appears(
  hands: Hands,
  step: AdvertisePeer,
  names: readonly MemberName[],
): Promise<boolean> {
  const giveUpAtMs = hands.doors.clock.nowMs() + READ_BACK_MS;
  for (;;) {
    const lists = await Promise.all(names.map((name) => listed(hands, name, step.member)));
    if (lists.every((urls) => urls !== undefined && sameUrls(urls, step.to))) return true;
    if (hands.doors.clock.nowMs() >= giveUpAtMs) return false;
    await hands.doors.clock.sleep(POLL_MS);
  }
}

async function listed(
  hands: Hands,
  from: MemberName,
  member: MemberName,
): Promise<readonly PeerUrl[] | undefined> {
  const list = await etcdOf(hands, from).members();
  if (!list.ok) return undefined;
  return list.value.members.find((each) => each.name === member)?.peerUrls as
    readonly PeerUrl[] | undefined;
}

/** The leader where it answers, else any member. */
async function writerOf(hands: Hands): Promise<MemberName | undefined> {
  const names = [...hands.doors.etcd.keys()];
  const statuses = await Promise.all(
    names.map(async (name) => ({ name, status: await etcdOf(hands, name).status() })),
  );
  const answering = statuses.filter(({ status }) => status.ok);
  const leader = answering.find(({ status }) => status.ok && status.value.isLeader);
  return (leader ?? answering[0])?.name;
}

function uncertain(hands: Hands, step: AdvertisePeer, but: string): ReturnType<typeof trouble> {
  return trouble(hands, {
    code: 'UPDATE_UNCERTAIN',
    would: `advertise ${step.to.join(' and ')} for ${step.member}`,
    but,
    so: 'what the list says now is read again before anything else is done',
    remedy: 'peershift status shows the list; peershift resume goes on from what is there',
  });
}
