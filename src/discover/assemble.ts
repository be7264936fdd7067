/** Turns what cluster and hosts answered into the observed state; pure. */

import { present } from '../base/assert.ts';
import type { Certificate, FileFact } from '../model/certificate.ts';
import type { DesiredMember } from '../model/desired.ts';
import type { MemberId, MemberName } from '../model/ids.ts';
import type { ObservedMember, ObservedState, Stranger } from '../model/observed.ts';
import type { ListedMember } from '../ports.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { HostFacts } from './host-facts.ts';
import { type ApiFacts, alarmsFact, leaderFact } from './member-facts.ts';
import { usableUrls } from './member-list.ts';

export interface Gathered {
  readonly observedAtMs: number;
  readonly cluster: ClusterFacts;
  /** Plan members that the list has, with their entries. */
  readonly entries: ReadonlyMap<MemberName, ListedMember>;
  readonly strangers: readonly Stranger[];
  readonly api: ReadonlyMap<MemberId, ApiFacts>;
  readonly hosts: ReadonlyMap<MemberName, HostFacts>;
  readonly files: ReadonlyMap<MemberName, readonly FileFact[]>;
  readonly sources: ReadonlyMap<MemberName, ObservedMember['sourceAddresses']>;
  readonly authorities: readonly Certificate[];
}

export function assemble(gathered: Gathered): ObservedState {
  const { cluster, observedAtMs, strangers, authorities } = gathered;
  return {
    observedAtMs,
    clusterId: cluster.clusterId,
    members: [...gathered.entries.keys()].map((name) => observedMember(gathered, name)),
    strangers,
    leader: leaderFact([...cluster.answerers.values()], cluster.list),
    alarms: alarmsFact([...gathered.api.values()], cluster.list),
    authorities,
  };
}

function observedMember(gathered: Gathered, name: MemberName): ObservedMember {
  const entry = present(gathered.entries.get(name), `the list entry of ${name}`);
  const api = present(gathered.api.get(entry.id), `the answers of ${name}`);
  const host = present(gathered.hosts.get(name), `the host facts of ${name}`);
  return {
    name,
    id: entry.id,
    isLearner: entry.isLearner,
    peerUrls: usableUrls(entry.peerUrls),
    clientUrls: entry.clientUrls,
    endpoint: api.endpoint,
    view: api.view,
    status: api.status,
    health: api.health,
    process: host.process,
    running: host.running,
    disk: host.disk,
    configDigest: host.configDigest,
    configProblems: host.configProblems,
    files: gathered.files.get(name) ?? [],
    sourceAddresses: gathered.sources.get(name) ?? {},
    contradictions: host.contradictions,
    sources: host.sources,
    deadMan: host.deadMan,
  };
}

/** Plan members in plan order with their list entries, and everyone who is only on one side. */
export function matchMembers(
  desired: readonly DesiredMember[],
  list: readonly ListedMember[],
): { entries: ReadonlyMap<MemberName, ListedMember>; strangers: readonly Stranger[] } {
  const entries = new Map<MemberName, ListedMember>();
  const strangers: Stranger[] = [];
  for (const { name } of desired) {
    const entry = list.find((each) => each.name === name);
    if (entry !== undefined) entries.set(name, entry);
    else strangers.push({ name, id: undefined, kind: 'not-in-cluster' });
  }
  const matched = new Set([...entries.values()].map(({ id }) => id));
  for (const { id, name, peerUrls } of list.filter((each) => !matched.has(each.id))) {
    // A member without a name is known by the URLs it was added with.
    if (name === '') strangers.push({ name: peerUrls.join(','), id, kind: 'unstarted' });
    else strangers.push({ name, id, kind: 'not-in-plan' });
  }
  return { entries, strangers };
}
