/** Turns a lab folder into what its members do now. */

import { resolve } from 'node:path';
import type { Result } from '../base/result.ts';
import { ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { gatewayTo } from './client-way.ts';
import { fieldOf, type Gateway } from './gateway.ts';
import type { Lab, LabMember } from './lab-folder.ts';
import { DEFAULT_LAB_FOLDER, requireLab } from './lab-folder.ts';
import { runningPid } from './member-process.ts';

export interface LabMemberStatus {
  readonly name: string;
  readonly endpoint: string;
  /** Undefined when the member is stopped. */
  readonly pid: number | undefined;
  readonly version: string | undefined;
  readonly isLeader: boolean | undefined;
  /** As the member list has them; undefined when no member could be asked. */
  readonly peerUrls: readonly string[] | undefined;
  /** `healthy`, or why not. */
  readonly health: string;
}

export interface LabStatus {
  readonly lab: Lab;
  readonly members: readonly LabMemberStatus[];
}

const CALL_DEADLINE_MS = 2000;

/** Asks every member; one that does not answer is a line in the answer, not a failure. */
export async function labStatus(options: {
  readonly dir?: string | undefined;
}): Promise<Result<LabStatus, Failure>> {
  const dir = resolve(options.dir ?? DEFAULT_LAB_FOLDER);
  const lab = await requireLab(dir, 'look at the lab');
  if (!lab.ok) return lab;
  const peerUrls = await listedPeerUrls(lab.value.members);
  const members = await Promise.all(
    lab.value.members.map((member) => memberStatus(member, peerUrls.get(member.name))),
  );
  return ok({ lab: lab.value, members });
}

async function memberStatus(
  member: LabMember,
  peerUrls: readonly string[] | undefined,
): Promise<LabMemberStatus> {
  const pid = await runningPid(member);
  const gateway = await gatewayTo(member);
  const base = { name: member.name, endpoint: gateway.endpoint, peerUrls };
  const silent = { version: undefined, isLeader: undefined };
  if (!pid.ok) return { ...base, ...silent, pid: undefined, health: `unknown: ${pid.error.but}` };
  if (pid.value === undefined) return { ...base, ...silent, pid: undefined, health: 'stopped' };
  try {
    const health = await gateway.get('/health', CALL_DEADLINE_MS);
    const status = await gateway.call('/maintenance/status', {}, CALL_DEADLINE_MS);
    return { ...base, ...readStatus(status), pid: pid.value, health: healthText(health) };
  } finally {
    gateway.close();
  }
}

type Answer = Awaited<ReturnType<Gateway['get']>>;

function readStatus(answer: Answer): Pick<LabMemberStatus, 'version' | 'isLeader'> {
  if (answer.kind !== 'answered') return { version: undefined, isLeader: undefined };
  const version = fieldOf(answer.text, 'version');
  const leader = fieldOf(answer.text, 'leader');
  const self = fieldOf(answer.text, 'header', 'member_id');
  return {
    version: typeof version === 'string' ? version : undefined,
    isLeader: typeof leader === 'string' ? leader === self : undefined,
  };
}

function healthText(answer: Answer): string {
  if (answer.kind !== 'answered') return `no answer: ${answer.reason}`;
  if (answer.status === 200) return 'healthy';
  const reason = fieldOf(answer.text, 'reason');
  return typeof reason === 'string' && reason !== '' ? `unhealthy: ${reason}` : 'unhealthy';
}

/** By member name, from the first member that tells; empty when none does. */
async function listedPeerUrls(
  members: readonly LabMember[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  for (const member of members) {
    const gateway = await gatewayTo(member);
    const answer = await gateway.call('/cluster/member/list', {}, CALL_DEADLINE_MS);
    gateway.close();
    if (answer.kind !== 'answered' || answer.status !== 200) continue;
    const listed = fieldOf(answer.text, 'members');
    if (!Array.isArray(listed)) continue;
    return new Map(listed.flatMap(readListed));
  }
  return new Map();
}

function readListed(value: unknown): readonly (readonly [string, readonly string[]])[] {
  const text = JSON.stringify(value);
  const name = fieldOf(text, 'name');
  const urls = fieldOf(text, 'peerURLs');
  if (typeof name !== 'string' || !Array.isArray(urls)) return [];
  return [[name, urls.filter((url) => typeof url === 'string')]];
}
