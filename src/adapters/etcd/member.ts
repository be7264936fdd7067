/** Turns etcd's answers about membership, leadership and data into the types of the member's door. */

import type {
  IAlarmResponse,
  IMember,
  IMemberListResponse,
  IRangeResponse,
  IStatusResponse,
} from 'etcd3';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { type MemberId, decimalOf, memberIdFromDecimal } from '../../model/ids.ts';
import type { PeerUrl } from '../../model/url.ts';
import type { Answer, EndpointStatus, KvHash, ListedMember, MemberList } from '../../ports.ts';
import type { CallOptions, Caller, Rpc } from './client.ts';
import { type Attempt, failureOf } from './errors.ts';
import type { Trouble } from './trouble.ts';

/** etcd's way to say "no member". */
const NOBODY = '0';

/** One request whose failure is told in the five lines. */
export async function ask<T>(
  client: Caller,
  rpc: Rpc,
  request: object,
  attempt: Attempt & CallOptions,
): Promise<Result<T, Failure>> {
  const answer = await client.call<T>(rpc, request, attempt);
  return answer.ok ? answer : err(failureOf(client.endpoint, answer.error, attempt));
}

/** The answering member's own copy of the list: a local read in 3.2 to 3.4, as it is asked in 3.5 and later. */
export async function members(client: Caller): Answer<MemberList> {
  const would = 'read the member list';
  const reply = await ask<IMemberListResponse>(
    client,
    'Cluster/MemberList',
    {},
    {
      would,
      isOpenToAll: true,
    },
  );
  if (!reply.ok) return reply;
  const { header } = reply.value as { header: IMemberListResponse['header'] | null };
  if (header === null) return err(failureOf(client.endpoint, NAMELESS, { would }));
  return ok({
    clusterId: hex(header.cluster_id),
    answeredBy: memberIdFromDecimal(header.member_id),
    members: reply.value.members.map(listedMember),
  });
}

function listedMember(member: IMember): ListedMember {
  return {
    id: memberIdFromDecimal(member.ID),
    name: member.name,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
    isLearner: member.isLearner,
  };
}

/** Maintenance Status: what this member thinks, from its own memory, also without quorum. */
export async function status(client: Caller): Answer<EndpointStatus> {
  const would = 'read the status of the member';
  const reply = await ask<IStatusResponse>(
    client,
    'Maintenance/Status',
    {},
    {
      would,
      isOpenToAll: true,
    },
  );
  if (!reply.ok) return reply;
  const { header } = reply.value as { header: IStatusResponse['header'] | null };
  if (header === null) return err(failureOf(client.endpoint, NAMELESS, { would }));
  return ok(endpointStatus(reply.value));
}

function endpointStatus(reply: IStatusResponse): EndpointStatus {
  const raftIndex = Number(reply.raftIndex);
  const appliedIndex = Number(reply.raftAppliedIndex);
  const hasLeader = reply.leader !== NOBODY;
  return {
    memberId: memberIdFromDecimal(reply.header.member_id),
    clusterId: hex(reply.header.cluster_id),
    version: reply.version,
    isLeader: hasLeader && reply.leader === reply.header.member_id,
    leaderId: hasLeader ? memberIdFromDecimal(reply.leader) : undefined,
    raftTerm: Number(reply.raftTerm),
    raftIndex,
    // Absent before 3.4, which the reader gives as 0; a member that serves has applied something.
    appliedIndex: appliedIndex === 0 ? raftIndex : appliedIndex,
    dbSizeBytes: Number(reply.dbSize),
    errors: reply.errors,
  };
}

/** Alarms as the answering member knows them, of all members. */
export async function alarms(
  client: Caller,
): Answer<readonly { readonly memberId: MemberId; readonly alarm: string }[]> {
  const would = 'read the alarms';
  const request = { action: 'Get', memberID: NOBODY, alarm: 'None' };
  const reply = await ask<IAlarmResponse>(client, 'Maintenance/Alarm', request, { would });
  if (!reply.ok) return reply;
  const raised = reply.value.alarms.map(({ memberID, alarm }) => ({
    memberId: memberIdFromDecimal(memberID),
    alarm: alarm.toUpperCase(),
  }));
  return ok(raised);
}

/** Only checked URLs get here: the server itself checks nothing, and a bad one kills the other members. */
export async function updatePeerUrls(
  client: Caller,
  id: MemberId,
  urls: readonly PeerUrl[],
): Answer<undefined> {
  const request = { ID: decimalOf(id), peerURLs: [...urls] };
  const reply = await client.call('Cluster/MemberUpdate', request);
  if (reply.ok) return ok(undefined);
  const would = `set the peer URLs of member ${id} to ${urls.join(',')}`;
  return err(failureOf(client.endpoint, reply.error, { would, ...updateOutcome(reply.error) }));
}

/** What the member list is like after an update that did not succeed. */
function updateOutcome({ kind }: Trouble): Omit<Attempt, 'would'> {
  if (kind === 'not-sent') return { so: 'nothing was sent; the member list is as it was' };
  if (kind === 'refused') return { code: 'STEP_FAILED', so: 'the member list is as it was' };
  return {
    code: 'UPDATE_UNCERTAIN',
    so: 'the member list may have the old or the new URLs, and may still change',
  };
}

/** MoveLeader: returns when the leader has handed over; the target must be a caught-up voting member. */
export async function moveLeader(
  client: Caller,
  target: MemberId,
  deadlineMs: number,
): Answer<undefined> {
  const request = { targetID: decimalOf(target) };
  const reply = await client.call('Maintenance/MoveLeader', request, { deadlineMs });
  if (reply.ok) return ok(undefined);
  const isCertain = reply.error.kind === 'refused' || reply.error.kind === 'not-sent';
  return err(
    failureOf(client.endpoint, reply.error, {
      code: reply.error.kind === 'not-sent' ? 'ENDPOINT_UNREACHABLE' : 'STEP_FAILED',
      would: `hand the leadership to member ${target}`,
      so: isCertain
        ? 'the leader is as it was'
        : 'the leader may be the old, the new or another one',
    }),
  );
}

/** By a linearizable read of one key that need not exist; the number is in the answer's header. */
export async function revision(client: Caller): Answer<string> {
  const request = { key: Buffer.from('/peershift/revision'), count_only: true };
  const would = 'read the current revision';
  const reply = await ask<IRangeResponse>(client, 'KV/Range', request, { would });
  return reply.ok ? ok(reply.value.header.revision) : reply;
}

/** etcd3's own type says that the hash is a string; it is a uint32, which the reader gives as a number. */
interface HashReply {
  readonly hash: number;
  readonly compact_revision: string;
}

/** HashKV over all keys up to the revision (3.3 and later); equal hashes say something only at equal compactions. */
export async function hashKv(client: Caller, revision: string): Answer<KvHash> {
  const would = `hash the data up to revision ${revision}`;
  const reply = await ask<HashReply>(client, 'Maintenance/HashKV', { revision }, { would });
  if (!reply.ok) return reply;
  return ok({
    hash: String(reply.value.hash),
    compactRevision: reply.value.compact_revision,
  });
}

function hex(decimal: string): string {
  return BigInt(decimal).toString(16);
}

const NAMELESS: Trouble = {
  kind: 'refused',
  words: 'the answer does not say which member and cluster it is from',
  remedy: 'see whether a proxy stands at this URL, and give the member itself',
};
