/** Turns a simulated world into what discovery would have seen of it, with no gap. */

import type { FileFact } from '../../src/model/certificate.ts';
import {
  type ObservedMember,
  type ObservedState,
  known,
  unknown,
} from '../../src/model/observed.ts';
import type { Settings } from '../../src/model/settings.ts';
import { FLAG } from '../../src/model/settings.ts';
import { type MemberWorld, type World, isUp } from '../../src/model/world.ts';
import { addressOf, authority } from './worlds.ts';

export const CLUSTER_ID = 'cdf818194e3a8c32';

/** Members that are down are seen as stopped, with their client API unknown. */
export function observedOf(world: World): ObservedState {
  return {
    observedAtMs: world.nowMs,
    clusterId: CLUSTER_ID,
    members: world.members.map((member) => observedMember(world, member)),
    strangers: [],
    leader:
      world.leader === undefined ? unknown('no member says that it leads') : known(world.leader),
    alarms: known([]),
    authorities: [authority()],
  };
}

function observedMember(world: World, member: MemberWorld): ObservedMember {
  const { name, id, disk } = member;
  const silent = unknown('connection refused');
  const clientUrl = `http://${addressOf(name)}:2379`;
  return {
    name,
    id,
    isLearner: false,
    peerUrls: world.record[name] ?? [],
    clientUrls: [clientUrl],
    endpoint: isUp(member) ? known(clientUrl) : silent,
    view: isUp(member) ? known(member.view) : silent,
    status: isUp(member) ? known(statusOf(world, member)) : silent,
    health: isUp(member) ? known({ isHealthy: true, reason: undefined }) : silent,
    process: known(isUp(member) ? processOf(world) : 'stopped'),
    running: isUp(member) ? known(runningSettings(member)) : unknown('it does not run'),
    disk: known(disk.settings),
    configDigest: known(`config-of-${name}`),
    configProblems: [],
    files: Object.entries(disk.files).map(([path, content]): FileFact => {
      return { path, digest: `bytes-of-${path}`, modifiedAtMs: world.nowMs - 7_200_000, content };
    }),
    sourceAddresses: member.sources,
    contradictions: [],
  };
}

function statusOf(
  world: World,
  member: MemberWorld,
): Extract<ObservedMember['status'], { known: true }>['value'] {
  return {
    version: member.version,
    isLeader: world.leader === member.name,
    leaderId: world.members.find(({ name }) => name === world.leader)?.id,
    raftTerm: 4,
    appliedIndex: 1200,
    dbSizeBytes: 20_480,
    errors: [],
  };
}

function processOf(world: World): Extract<ObservedMember['process'], { known: true }>['value'] {
  return { pid: 812, startedAtMs: world.nowMs - 3_600_000, uid: 107, gid: 112 };
}

/** The disk's settings with the peer part that the process was started with. */
function runningSettings(member: MemberWorld): Settings {
  const peer = member.process?.peer;
  if (peer === undefined) return {};
  const optional: readonly (readonly [string, string | undefined])[] = [
    [FLAG.peerCertFile, peer.certFile],
    [FLAG.peerKeyFile, peer.keyFile],
    [FLAG.peerTrustedCaFile, peer.trustedCaFile],
    [FLAG.peerClientCertAuth, peer.hasClientCertAuth ? 'true' : undefined],
    [FLAG.peerAutoTls, peer.hasAutoTls ? 'true' : undefined],
  ];
  const kept = Object.entries(member.disk.settings).filter(([flag]) => {
    return !optional.some(([name]) => name === flag);
  });
  const loaded = optional.flatMap(([flag, value]) => (value === undefined ? [] : [[flag, value]]));
  return Object.fromEntries([
    ...kept,
    ...loaded,
    [FLAG.listenPeerUrls, peer.listen.join(',')],
  ]) as Settings;
}
