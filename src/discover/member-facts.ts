/**
 * Turns what one member answers on its client port into facts, and all answers into leader and
 * alarms.
 */

import type { Result } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { type MemberId, type MemberName, memberName } from '../model/ids.ts';
import { type Fact, type ObservedMember, known, unknown } from '../model/observed.ts';
import type { EtcdMember, ListedMember } from '../ports.ts';
import type { Answerer } from './cluster-facts.ts';
import { viewOf } from './member-list.ts';

type RaisedAlarm = Awaited<ReturnType<EtcdMember['alarms']>>;

/** The part of an observed member that its client port tells. */
export type ApiFacts = Pick<ObservedMember, 'endpoint' | 'view' | 'status' | 'health'> & {
  readonly alarms: RaisedAlarm | undefined;
};

export async function askMember({ etcd, status, list }: Answerer): Promise<ApiFacts> {
  const [health, alarms] = await Promise.all([etcd.health(), etcd.alarms()]);
  return {
    endpoint: known(etcd.endpoint),
    view: list.ok ? known(viewOf(list.value.members)) : unknown(list.error.but),
    status: factOf(status),
    health: factOf(health),
    alarms,
  };
}

export function silentMember(reason: string): ApiFacts {
  const none = unknown(reason);
  return { endpoint: none, view: none, status: none, health: none, alarms: undefined };
}

function factOf<T>(result: Result<T, Failure>): Fact<T> {
  return result.ok ? known(result.value) : unknown(result.error.but);
}

/**
 * The leader, when all that see one see the same, and nobody who sees none is contradicted by
 * hearsay only.
 */
export function leaderFact(
  answerers: readonly Answerer[],
  list: readonly ListedMember[],
): Fact<MemberName> {
  const statuses = answerers.flatMap(({ status }) => (status.ok ? [status.value] : []));
  const says = statuses.map(({ memberId, leaderId }) => {
    const leader = leaderId === undefined ? 'no leader' : `leader ${shownName(list, leaderId)}`;
    return `${shownName(list, memberId)} sees ${leader}`;
  });
  const named = new Set(statuses.flatMap(({ leaderId }) => leaderId ?? []));
  const [leaderId] = named;
  const reason = says.length === 0 ? 'no member tells its status' : says.join(', ');
  if (leaderId === undefined || named.size > 1) return unknown(reason);
  const isSeenByAll = statuses.every((status) => status.leaderId !== undefined);
  const leads = statuses.some((status) => status.isLeader && status.memberId === leaderId);
  const entry = list.find(({ id }) => id === leaderId);
  if (!(isSeenByAll || leads) || entry === undefined) return unknown(reason);
  return known(memberName(shownName(list, leaderId)));
}

/** The alarms that any member tells; unknown when no member tells them, which takes quorum. */
export function alarmsFact(
  answers: readonly ApiFacts[],
  list: readonly ListedMember[],
): Fact<readonly { readonly member: string; readonly alarm: string }[]> {
  const given = answers.flatMap(({ alarms }) => (alarms?.ok === true ? [alarms.value] : []));
  if (given.length === 0) {
    const reasons = answers.flatMap(({ alarms }) =>
      alarms?.ok === false ? [alarms.error.but] : [],
    );
    return unknown(reasons.length === 0 ? 'no member answers' : [...new Set(reasons)].join('; '));
  }
  const raised = new Map<string, { member: string; alarm: string }>();
  for (const { memberId, alarm } of given.flat()) {
    raised.set(`${memberId} ${alarm}`, { member: shownName(list, memberId), alarm });
  }
  return known([...raised.values()]);
}

function shownName(list: readonly ListedMember[], id: MemberId): string {
  const name = list.find((entry) => entry.id === id)?.name ?? '';
  return name === '' ? id : name;
}
