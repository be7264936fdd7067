/** Turns a plan and its live cluster into every item of `check`; nothing is changed. */

import { probeHost, probePlace } from './discover/probe-host.ts';
import type { Discovered } from './discover/discover.ts';
import type { readMaterial } from './discover/material.ts';
import { rehearse } from './discover/rehearse.ts';
import { materialOf } from './engine-material.ts';
import { observe, proveSession, sessionOf } from './engine.ts';
import type { Options, Rim } from './engine-types.ts';
import { type CheckItem, itemOfFailure, objection, oneItem, ordered } from './model/check.ts';
import { certificateItems } from './model/checks/certificates.ts';
import {
  type AuthSeen,
  type LeasesSeen,
  clusterItems,
  leaseItems,
} from './model/checks/cluster.ts';
import { hostItems } from './model/checks/hosts.ts';
import {
  type Planned,
  longestWindowMs,
  newSockets,
  portItems,
  rolloutItems,
} from './model/checks/rollout.ts';
import { movesPeers, wayText } from './model/desired.ts';
import type { HostProbe } from './model/host-probe.ts';
import type { MemberName } from './model/ids.ts';
import type { Material } from './model/material.ts';
import { type Fact, known, unknown, valueOf } from './model/observed.ts';
import { placeholdersOf } from './model/placeholder.ts';
import { preflight } from './model/preflight.ts';
import { type Rehearsal, rehearsalItems } from './model/rehearsal.ts';
import type { EtcdMember } from './ports.ts';

export interface CheckReport {
  readonly items: readonly CheckItem[];
  /** Undefined: it was not asked for, or no leaf could be read. */
  readonly rehearsal: Rehearsal | undefined;
}

/** What `--rehearse` asks for. */
export interface RehearseOptions {
  readonly firstPort: number | undefined;
}

/** More leases than this are not asked one by one: the answer is a warning, not an inventory. */
const LEASES_ASKED = 200;

/** Everything is asked even when something already fails: one screen has all of it. */
export async function checkPlan(
  rim: Rim,
  options: Options,
  rehearsing?: RehearseOptions,
): Promise<CheckReport> {
  const { desired } = rim;
  const [probes, here, seen] = await Promise.all([
    probeHosts(rim),
    probePlace(rim.here, 'state', rim.store.path),
    observe(rim),
  ]);
  const state = seen.ok ? seen.value.state : undefined;
  const items = [...planItems(rim), ...hostItems({ desired, probes, here, state })];
  if (!seen.ok) {
    const refused = [...seen.error.map(itemOfFailure), ...rolloutItems({ kind: 'not-planned' })];
    return { items: ordered([...items, ...refused], desired.accept), rehearsal: undefined };
  }
  const { etcd } = seen.value;
  const [auth, leases, session] = await Promise.all([
    readAuth(rim, etcd),
    readLeases(etcd, valueOf(seen.value.state.leader)),
    sessionOf(rim, options, seen.value),
  ]);
  const judged = preflight(seen.value.state, desired, { ...options, stoppedByUs: [] });
  const failures = judged.failures.filter(({ code }) => code !== 'DOWNTIME_NOT_ACCEPTED');
  items.push(
    ...clusterItems({
      desired,
      state: seen.value.state,
      preflight: { ...judged, failures },
      auth,
    }),
  );
  const read = session.ok ? session : await materialOf(rim, seen.value.state);
  const material: MaterialAnswer = read.ok ? read.value.material : read;
  items.push(...materialItems(rim, probes, seen.value.state, material));
  const planned: Planned = session.ok
    ? plannedOf(rim, options, session.value)
    : { kind: 'not-planned' };
  const rehearsal =
    rehearsing === undefined
      ? undefined
      : await rehearsed(rim, options, { seen: seen.value, material, planned, rehearsing });
  items.push(...plannedItems(planned, probes, leases, rehearsal !== undefined));
  items.push(...(rehearsal === undefined ? [] : rehearsalItems(rehearsal)));
  return { items: ordered(items, desired.accept), rehearsal };
}

interface Rehearsing {
  readonly seen: Discovered;
  readonly material: MaterialAnswer;
  readonly planned: Planned;
  readonly rehearsing: RehearseOptions;
}

/** Real handshakes between all hosts, with the very port that the rollout opens where it opens one. */
async function rehearsed(
  rim: Rim,
  options: Options,
  { seen, material, planned, rehearsing }: Rehearsing,
): Promise<Rehearsal | undefined> {
  if (('ok' in material && !material.ok) || !movesPeers(rim.desired.scope)) return undefined;
  const sockets = planned.kind === 'proven' ? newSockets(planned.proven.rollout) : [];
  return rehearse({
    ...rim,
    ...rehearsing,
    state: seen.state,
    material: 'ok' in material ? material.value : material,
    newPorts: new Map(sockets.map(({ member, port }) => [member, port])),
    id: options.newRunId().replace(/\W/g, '_'),
  });
}

function planItems({ desired }: Rim): readonly CheckItem[] {
  const left = placeholdersOf(desired);
  const open = left.map((where) =>
    objection('fail', `${where} was not found by init`, 'write what it is into the plan file'),
  );
  return oneItem(
    'plan-file',
    open,
    `${desired.planFile}: ${String(desired.members.length)} members, ${wayText(desired)}`,
  );
}

function probeHosts(rim: Rim): Promise<readonly HostProbe[]> {
  return Promise.all(
    rim.desired.members.flatMap((member) => {
      const doors = rim.doors.get(member.name);
      return doors === undefined ? [] : [probeHost(member, doors, rim.clock)];
    }),
  );
}

type MaterialAnswer = Awaited<ReturnType<typeof readMaterial>> | Material;

function materialItems(
  rim: Rim,
  probes: readonly HostProbe[],
  state: Parameters<typeof certificateItems>[0]['state'],
  answer: MaterialAnswer,
): readonly CheckItem[] {
  if ('ok' in answer && !answer.ok) return answer.error.map(itemOfFailure);
  const material = 'ok' in answer ? answer.value : answer;
  if (!movesPeers(rim.desired.scope)) return [];
  return certificateItems({ desired: rim.desired, state, material, probes });
}

function plannedOf(
  rim: Rim,
  options: Options,
  session: Parameters<typeof proveSession>[2],
): Planned {
  const proven = proveSession(rim, options, session);
  return proven.ok
    ? { kind: 'proven', proven: proven.value, way: wayText(rim.desired) }
    : { kind: 'refused', failures: proven.error };
}

function plannedItems(
  planned: Planned,
  probes: readonly HostProbe[],
  leases: Fact<LeasesSeen>,
  isRehearsed: boolean,
): readonly CheckItem[] {
  const items = rolloutItems(planned);
  if (planned.kind !== 'proven') return [...items, ...leaseItems(leases, undefined, 0)];
  const { proven } = planned;
  return [
    ...items,
    ...portItems(newSockets(proven.rollout), probes, isRehearsed),
    ...leaseItems(leases, proven.proof.windows, longestWindowMs(proven)),
  ];
}

/** A linearizable read is what auth refuses first; with a login, its own record tells its roles. */
async function readAuth(
  { desired }: Rim,
  etcd: ReadonlyMap<MemberName, EtcdMember>,
): Promise<Fact<AuthSeen>> {
  const [member] = etcd.values();
  if (member === undefined) return unknown('no member answers');
  const read = await member.revision();
  if (!read.ok) return unknown(read.error.but);
  const { auth } = desired.cluster;
  if (auth === undefined) return known({ kind: 'open' });
  const roles = await member.rolesOf(auth.username);
  return known({
    kind: 'logged-in',
    roles: roles.ok ? known(roles.value) : unknown(roles.error.but),
  });
}

/** The leader keeps the leases: no other member has to be reached for the answer. */
async function readLeases(
  etcd: ReadonlyMap<MemberName, EtcdMember>,
  leader: MemberName | undefined,
): Promise<Fact<LeasesSeen>> {
  const member = (leader === undefined ? undefined : etcd.get(leader)) ?? [...etcd.values()][0];
  if (member === undefined) return unknown('no member answers');
  const leases = await member.leases(LEASES_ASKED);
  if (!leases.ok) return unknown(leases.error.but);
  const { count, grantedSeconds } = leases.value;
  const shortestSeconds = grantedSeconds.length === 0 ? undefined : Math.min(...grantedSeconds);
  return known({ count, askedCount: grantedSeconds.length, shortestSeconds });
}

/** The first failing item decides nothing more than the exit code: all of them are shown. */
export function hasFailure({ items }: CheckReport): boolean {
  return items.some(({ result }) => result === 'fail');
}
