/** Turns a simulated world into doors behind which exactly this world stands. */

import type { FileContent } from '../../src/model/certificate.ts';
import type { DesiredSpec } from '../../src/model/desired.ts';
import type { MemberName } from '../../src/model/ids.ts';
import { type MemberWorld, type World, isUp } from '../../src/model/world.ts';
import type { EndpointStatus, ListedMember, MemberDoors, Pki } from '../../src/ports.ts';
import type { DiscoverInput } from '../../src/discover/discover.ts';
import {
  FakeClock,
  FakeConfig,
  FakeHost,
  FakeLog,
  FakeService,
  envFileOf,
  fakePem,
  fakePki,
} from './fake-doors.ts';
import { FakeEtcd, type FakeNode } from './fake-etcd.ts';
import { CLUSTER_ID } from './observed.ts';
import { desiredFor } from './rollouts.ts';
import { addressOf } from './worlds.ts';

export interface FakeMember {
  readonly name: MemberName;
  readonly host: FakeHost;
  readonly service: FakeService;
  readonly config: FakeConfig;
  readonly configPath: string;
  readonly log: FakeLog;
  readonly node: FakeNode;
}

export class FakeCluster {
  readonly clock: FakeClock;
  readonly etcd = new FakeEtcd(CLUSTER_ID);
  readonly pki: Pki;
  readonly desired: DesiredSpec;
  readonly members: readonly FakeMember[];

  constructor(world: World, changes: Partial<DesiredSpec> = {}) {
    this.clock = new FakeClock(world.nowMs);
    this.pki = fakePki(this.clock);
    this.desired = desiredFor(world, changes);
    this.members = world.members.map((member) => {
      const fake = this.#member(world, member);
      this.etcd.add(fake.node);
      return fake;
    });
  }

  member(name: string): FakeMember {
    const member = this.members.find((each) => each.name === name);
    if (member === undefined) throw new Error(`no member ${name}`);
    return member;
  }

  get doors(): ReadonlyMap<MemberName, MemberDoors> {
    return new Map(
      this.members.map(({ name, host, service, config, log }) => [
        name,
        { host, service, config, log },
      ]),
    );
  }

  discoverInput(changes: Partial<DiscoverInput> = {}): DiscoverInput {
    const { desired, doors, pki, clock } = this;
    const nothing = { plannedPaths: new Map(), authorityTexts: [] };
    return { desired, doors, openEtcd: this.etcd.open, pki, clock, ...nothing, ...changes };
  }

  #member(world: World, member: MemberWorld): FakeMember {
    const { name, disk } = member;
    const configPath = this.desired.members.find((each) => each.name === name)?.config.path ?? '';
    const host = new FakeHost(name);
    host.nowMs = world.nowMs;
    host.put(configPath, envFileOf(disk.settings));
    for (const [path, content] of Object.entries(disk.files)) putFile(host, path, content);
    for (const [peer, fact] of Object.entries(member.sources)) {
      const [address] = fact.known ? fact.value : [];
      if (address !== undefined) host.sources.set(addressOf(peer), address);
    }
    const service = new FakeService(host, configPath);
    if (isUp(member)) service.run(world.nowMs - 3_600_000);
    const config = new FakeConfig(host, configPath);
    return {
      name,
      host,
      service,
      config,
      configPath,
      log: new FakeLog(),
      node: node(world, member),
    };
  }
}

function putFile(host: FakeHost, path: string, content: FileContent): void {
  if (content.kind === 'absent') return;
  host.put(path, content.kind === 'unusable' ? 'not PEM' : fakePem(content));
}

function node(world: World, member: MemberWorld): FakeNode {
  return {
    id: member.id,
    clientUrl: `http://${addressOf(member.name)}:2379`,
    status: isUp(member) ? statusOf(world, member) : undefined,
    list: world.members.map((each) => listed(member, each)),
    health: { isHealthy: true, reason: undefined },
    alarms: [],
    metrics: new Map(),
  };
}

function listed(owner: MemberWorld, { name, id }: MemberWorld): ListedMember {
  const clientUrls = [`http://${addressOf(name)}:2379`];
  return { id, name, peerUrls: owner.view[name] ?? [], clientUrls, isLearner: false };
}

function statusOf(world: World, member: MemberWorld): EndpointStatus {
  return {
    memberId: member.id,
    clusterId: CLUSTER_ID,
    version: member.version,
    isLeader: world.leader === member.name,
    leaderId: world.members.find(({ name }) => name === world.leader)?.id,
    raftTerm: 4,
    appliedIndex: 1200,
    raftIndex: 1200,
    dbSizeBytes: 20_480,
    errors: [],
  };
}
