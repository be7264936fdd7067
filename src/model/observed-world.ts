/**
 * Turns the observed state into the world that the proof starts from, or into the facts that are
 * missing.
 */

import { type Result, err, ok } from '../base/result.ts';
import type { CaId, FileContent } from './certificate.ts';
import { clientSettings } from './client-settings.ts';
import type { Failure } from './failure.ts';
import { demandsClientCert } from './load.ts';
import {
  type Fact,
  type ObservedMember,
  type ObservedState,
  known,
  unknown,
  valueOf,
} from './observed.ts';
import { FLAG, type Settings, peerSettings } from './settings.ts';
import type { PeerUrl } from './url.ts';
import { isAtLeast } from './version.ts';
import type { Disk, MemberWorld, PeerProcess, World } from './world.ts';

/**
 * A member is up when its process runs, whatever its API answers. `unobserved` and `blocked` are
 * the pairs `a>b` that the caller's probes have not reached yet, or have found broken. Fails with
 * one FACT_UNKNOWN for each member of which a dial would need something that was not seen; a pool
 * or a source address that is unknown stays so in the world, where the dial model says which pair
 * it concerns.
 *
 * The list that a stopped member keeps cannot be seen: it is taken to have the agreed one, which is
 * wrong only when peer URLs of others were changed while it was down, and no process of ours does
 * that unseen.
 */
export function worldOf(
  state: ObservedState,
  unobserved: readonly string[] = [],
  blocked: readonly string[] = [],
  movesClients = false,
): Result<World, readonly Failure[]> {
  const record = Object.fromEntries(state.members.map(({ name, peerUrls }) => [name, peerUrls]));
  const missing = state.members.flatMap((member) => unknownFailure(state, member));
  const members = state.members.flatMap((member) => memberWorld(state, member, record) ?? []);
  if (missing.length > 0) return err(missing);
  return ok({
    nowMs: state.observedAtMs,
    members,
    record,
    leader: valueOf(state.leader),
    unobserved: [...unobserved].sort(),
    blocked: [...blocked].sort(),
    ...armedIn(state),
    ...(movesClients ? { movesClients } : {}),
  });
}

/** One at a time is armed; were there two, the second is disarmed when the first one is. */
function armedIn({ members }: ObservedState): Pick<World, 'armed'> {
  for (const { name, deadMan } of members) {
    const fact = deadMan?.known === true ? deadMan.value : undefined;
    if (fact?.state === 'armed') return { armed: { member: name, settings: fact.settings } };
  }
  return {};
}

/** One thing about a member that the proof needs and that nobody has seen. */
export interface Gap {
  readonly what: 'process' | 'running' | 'disk' | 'view' | 'version' | 'dead-man';
  readonly text: string;
}

export function gapsOf(state: ObservedState, member: ObservedMember): readonly Gap[] {
  const { process, running, disk, view } = member;
  if (!process.known) return [{ what: 'process', text: `whether it runs: ${process.reason}` }];
  const isUp = process.value !== 'stopped';
  const version = versionOf(state, member);
  return [
    ...(isUp ? gap('running', 'the settings that it runs with', running) : []),
    ...(isSameReason(running, disk) && isUp ? [] : gap('disk', 'the settings on its disk', disk)),
    ...(isUp ? gap('view', 'its own copy of the member list', view) : []),
    ...gap('version', 'its version', version),
    ...deadManGap(member),
  ];
}

/** While it puts the settings of before back, nothing else that is seen of the member will last. */
function deadManGap({ deadMan }: ObservedMember): readonly Gap[] {
  if (deadMan === undefined) return [];
  if (!deadMan.known) return gap('dead-man', 'whether its dead-man is armed', deadMan);
  if (deadMan.value?.state !== 'firing') return [];
  return [{ what: 'dead-man', text: 'its dead-man is just putting its settings of before back' }];
}

function gap(what: Gap['what'], words: string, fact: Fact<unknown>): readonly Gap[] {
  return fact.known ? [] : [{ what, text: `${words}: ${fact.reason}` }];
}

function isSameReason(a: Fact<unknown>, b: Fact<unknown>): boolean {
  return !a.known && !b.known && a.reason === b.reason;
}

function unknownFailure(state: ObservedState, member: ObservedMember): readonly Failure[] {
  const gaps = gapsOf(state, member);
  return gaps.length === 0 ? [] : [factUnknown(member, gaps)];
}

export function factUnknown(member: ObservedMember, gaps: readonly Gap[]): Failure {
  return {
    code: 'FACT_UNKNOWN',
    where: `member ${member.name}`,
    would: 'work out which members can dial which, now and after each step',
    but: `this could not be seen: ${gaps.map(({ text }) => text).join('; ')}`,
    so: 'no step can be proven safe without it; nothing was changed',
    remedy: `make this visible to peershift on ${member.name}, then check again`,
  };
}

function memberWorld(
  state: ObservedState,
  member: ObservedMember,
  record: Readonly<Record<string, readonly PeerUrl[]>>,
): MemberWorld | undefined {
  const version = versionOf(state, member);
  const settings = valueOf(member.disk);
  if (!version.known || settings === undefined) return undefined;
  return {
    name: member.name,
    id: member.id,
    version: version.value,
    ...(member.isLearner ? { isLearner: true } : {}),
    process: peerProcess(member, version.value),
    disk: diskOf(member, settings),
    view: valueOf(member.view) ?? record,
    sources: member.sourceAddresses,
  };
}

function diskOf(member: ObservedMember, settings: Settings): Disk {
  const files = member.files.map(({ path, content }): [string, FileContent] => [path, content]);
  return { settings, files: Object.fromEntries(files) };
}

/**
 * Its own answer. A member that is silent has, as far as rules go, that of the others: only the
 * line between 3.3 and 3.4 matters to a dial, so it is unknown when they stand on both sides of it.
 */
function versionOf(state: ObservedState, member: ObservedMember): Fact<string> {
  if (member.status.known) return known(member.status.value.version);
  if (member.peerVersion !== undefined) return known(member.peerVersion);
  const others = state.members.flatMap(({ status, peerVersion }) =>
    status.known ? [status.value.version] : (peerVersion ?? []),
  );
  const [lowest] = [...others].sort((a, b) => (isAtLeast(a, b) ? 1 : -1));
  if (lowest === undefined) return unknown('no member tells its version');
  const sides = new Set(others.map((version) => isAtLeast(version, '3.4.0')));
  return sides.size === 1
    ? known(lowest)
    : unknown('it does not answer, and the others have several');
}

function peerProcess(member: ObservedMember, version: string): PeerProcess | undefined {
  const running = valueOf(member.running);
  if (!member.process.known || member.process.value === 'stopped' || running === undefined) {
    return undefined;
  }
  const client = clientSettings(running);
  return {
    peer: peerSettings(running),
    pool: runningPool(member, running, member.process.value.startedAtMs),
    demandsClientCert: demandsClientCert(diskOf(member, running), version),
    ...(client === undefined ? {} : { client }),
  };
}

/**
 * A host tells the start of a process to the second, rounded down. A CA file that is changed within
 * the first second of a process's life is taken for loaded: etcd reads it in the first moments.
 */
const START_ROUNDING_MS = 1000;

/** What the process loaded at its start is known as long as the file has not been touched since. */
function runningPool(
  member: ObservedMember,
  running: Settings,
  startedAtMs: number,
): Fact<readonly CaId[]> {
  const path = running[FLAG.peerTrustedCaFile] ?? '';
  if (path === '') return known([]);
  const file = member.files.find((each) => each.path === path);
  if (file?.content.kind !== 'pool') {
    const now = file?.content.kind === 'unusable' ? file.content.reason : 'it is not there now';
    return unknown(`${path}, which it was started with: ${now}`);
  }
  if (file.modifiedAtMs === undefined || file.modifiedAtMs > startedAtMs + START_ROUNDING_MS) {
    return unknown(`${path} was changed after the process had started`);
  }
  return known(file.content.authorities.map(({ fingerprint }) => fingerprint));
}
