/** transfer-leader: asked of the leader itself, and seen from every member before it counts. */

import type { TransferLeader } from '../../model/step.ts';
import { memberOf } from '../../model/world.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, etcdOf, failedBy, trouble } from './context.ts';

const TRANSFER_DEADLINE_MS = 10_000;
const POLL_MS = 50;

export async function transferLeader(hands: Hands, step: TransferLeader): Promise<Answer> {
  const { doors } = hands;
  const target = memberOf(hands.before, step.to).id;
  const effect = { kind: 'led', from: step.from, to: step.to } as const;
  if ((await leaderSeenBy(hands)) === target) return done(effect);
  const moved = await etcdOf(hands, step.from).moveLeader(target, TRANSFER_DEADLINE_MS);
  const giveUpAtMs = doors.clock.nowMs() + TRANSFER_DEADLINE_MS;
  while (doors.clock.nowMs() < giveUpAtMs) {
    if ((await leaderSeenBy(hands)) === target) return done(effect);
    if (!moved.ok) break;
    await doors.clock.sleep(POLL_MS);
  }
  const but = moved.ok
    ? `${step.to} does not lead after ${String(TRANSFER_DEADLINE_MS / 1000)} s`
    : moved.error.but;
  return failedBy(
    trouble(hands, {
      code: 'STEP_FAILED',
      would: `hand leadership from ${step.from} to ${step.to}`,
      but,
      so: 'the cluster keeps a leader of its own choice; no member was restarted',
      remedy: 'peershift resume looks again and plans from the leader that is there',
    }),
    'foreign',
  );
}

/** The leader ID that all members agree on; undefined while they do not. */
async function leaderSeenBy(hands: Hands): Promise<string | undefined> {
  const statuses = await Promise.all([...hands.doors.etcd.values()].map((etcd) => etcd.status()));
  const leaders = new Set(statuses.flatMap((status) => (status.ok ? [status.value.leaderId] : [])));
  return leaders.size === 1 ? [...leaders][0] : undefined;
}
