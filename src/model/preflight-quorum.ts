/**
 * Turns the count of members and who of them runs into what a restart costs, and refuses what
 * nobody accepted.
 */

import { durationText } from '../base/duration.ts';
import type { DesiredSpec, Strategy } from './desired.ts';
import type { Failure } from './failure.ts';
import type { ObservedState } from './observed.ts';
import { isDown } from './preflight-members.ts';
import { failureTolerance, quorumOf } from './quorum.ts';

/** Whoever the list has counts, named in the plan file or not. */
function votingCount({ members, strangers }: ObservedState): number {
  const voters = members.filter(({ isLearner }) => !isLearner).length;
  return voters + strangers.filter(({ kind }) => kind !== 'not-in-cluster').length;
}

/**
 * Too few members run, no leader that all agree on, or no member at all that can read through a
 * majority.
 */
export function quorumFailures(state: ObservedState): readonly Failure[] {
  const count = votingCount(state);
  const needed = quorumOf(count);
  const running = state.members.filter((member) => !isDown(member) && !member.isLearner);
  const possible = running.length + count - state.members.filter((each) => !each.isLearner).length;
  const hasAlarm = state.alarms.known && state.alarms.value.length > 0;
  const reasons = [
    ...(possible < needed
      ? [`${String(possible)} of ${String(count)} members run and ${String(needed)} are needed`]
      : []),
    ...(state.leader.known ? [] : [`there is no leader: ${state.leader.reason}`]),
    ...(hasAlarm || state.members.some(isHealthy)
      ? []
      : [`none of ${String(state.members.length)} members is healthy`]),
  ];
  if (reasons.length === 0) return [];
  const down = state.members.filter(isDown).map(({ name }) => name);
  return [
    {
      code: 'NO_QUORUM',
      where: 'the cluster',
      would: 'change peer URLs, which is a write',
      but: reasons.join('; '),
      so: 'no member update can be carried out, and a restart may make it worse; nothing was changed',
      remedy:
        down.length === 0
          ? 'peershift rescue searches the smallest change on hosts that brings quorum back, shows it and asks'
          : `bring ${down.join(', ')} back first, or let peershift rescue search the smallest change on hosts that brings quorum back`,
    },
  ];
}

function isHealthy({ health }: ObservedState['members'][number]): boolean {
  return health.known && health.value.isHealthy;
}

/** Of a small cluster, measured on 3.3.25, 3.4.23 and 3.5.30: 0.6 to 1.6 s, and what ssh and a service manager add. */
export const STANDSTILL =
  'about 1 to 3 s where the data are small, longer where a member takes longer to read its own (gates.start at most)';

/**
 * Members that run after one is stopped, against the quorum: fewer means that each restart stops
 * writes.
 */
export function downtimeFailures(
  state: ObservedState,
  desired: DesiredSpec,
  options: { readonly acceptDowntime: boolean; readonly stoppedByUs: readonly string[] },
): readonly Failure[] {
  if (options.acceptDowntime || state.members.length === 0) return [];
  const count = votingCount(state);
  if (desired.strategy === 'rebuild') return [rebuildFailure(count)];
  const needed = quorumOf(count);
  const down = state.members.filter((member) => {
    return isDown(member) && !options.stoppedByUs.includes(member.name);
  });
  const left = count - down.length - 1;
  if (left >= needed) return [];
  const restarts = restartCount(desired.strategy, state.members.length);
  const because = down.length === 0 ? '' : ` (${down.map(({ name }) => name).join(', ')} down)`;
  const stall = `from its stop until it serves again, a few seconds as a rule and ${durationText(desired.gates.startMs)} at most (gates.start)`;
  return [
    {
      code: 'DOWNTIME_NOT_ACCEPTED',
      where: 'the cluster',
      would: `restart members ${String(restarts)} times (strategy ${desired.strategy})`,
      but: `of ${String(count)} members${because} ${String(left)} run during a restart, and ${String(needed)} are needed to write`,
      so: `each of the ${String(restarts)} restarts stops all writes ${stall}; nothing was changed`,
      remedy:
        down.length === 0
          ? 'pass --accept-downtime if clients can bear this, or add members first'
          : `bring ${down.map(({ name }) => name).join(', ')} back first, or pass --accept-downtime if clients can bear this`,
    },
  ];
}

function rebuildFailure(count: number): Failure {
  return {
    code: 'DOWNTIME_NOT_ACCEPTED',
    where: 'the cluster',
    would: `stop all members (${String(count)}) at once and start them on other listeners (strategy rebuild)`,
    but: `no member serves for ${STANDSTILL}`,
    so: 'reads, writes and leases stand still for that time; nothing was changed',
    remedy:
      'pass --accept-downtime if clients can bear this, or choose a strategy that stops one member at a time (peershift preview --compare)',
  };
}

/** How often a cluster that is all http is restarted by each strategy; a half-migrated one less. */
function restartCount(strategy: Strategy, members: number): number {
  if (strategy === 'documented') return 2 * members - 1;
  return strategy === 'fewest-restarts' || strategy === 'rebuild' ? members : 2 * members;
}

export function sizeWarnings(state: ObservedState): readonly string[] {
  const count = votingCount(state);
  if (count < 4 || count % 2 === 1) return [];
  const [needed, tolerance] = [String(quorumOf(count)), String(failureTolerance(count))];
  return [
    `${String(count)} members need ${needed} to write and bear the loss of ${tolerance}, no more than ${String(count - 1)} do: an odd count is better`,
  ];
}
