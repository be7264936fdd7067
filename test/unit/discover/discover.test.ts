/**
 * Goal: what stands behind the doors is seen as it is, gaps included. Method: a simulated world
 * behind fakes.
 */

import { describe, expect, it } from 'vitest';
import { type DiscoverInput, type Discovered, discover } from '../../../src/discover/discover.ts';
import type { Failure } from '../../../src/model/failure.ts';
import { memberIdFromHex, memberName } from '../../../src/model/ids.ts';
import type { ObservedMember } from '../../../src/model/observed.ts';
import { known } from '../../../src/model/observed.ts';
import { worldOf } from '../../../src/model/observed-world.ts';
import type { World } from '../../../src/model/world.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { failureWith, fakePem } from '../../support/fake-doors.ts';
import {
  TLS_PATHS,
  authority,
  httpWorld,
  httpsWorld,
  idOf,
  leafFor,
  mixedWorld,
  withDown,
  withTrust,
} from '../../support/worlds.ts';

async function seen(
  cluster: FakeCluster,
  changes: Partial<DiscoverInput> = {},
): Promise<Discovered> {
  const found = await discover(cluster.discoverInput(changes));
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  return found.value;
}

async function refused(cluster: FakeCluster): Promise<readonly Failure[]> {
  const found = await discover(cluster.discoverInput());
  if (found.ok) throw new Error('nothing was refused');
  return found.error;
}

async function memberSeen(cluster: FakeCluster, name: string): Promise<ObservedMember> {
  const { state } = await seen(cluster);
  const member = state.members.find((each) => each.name === name);
  if (member === undefined) throw new Error(`no member ${name}`);
  return member;
}

const reasonWith = (text: string) => ({
  known: false,
  reason: expect.stringContaining(text) as string,
});

describe('a whole look', () => {
  const worlds: readonly (readonly [string, World])[] = [
    ['an http cluster', httpWorld()],
    ['a half-way cluster', mixedWorld()],
    ['an https cluster', httpsWorld(5)],
    ['a cluster with trust on one member', withTrust(httpWorld(), 'm2')],
    ['a cluster with a stopped member', withDown(httpWorld(), 'm3')],
    ['an etcd 3.3 cluster', httpWorld(3, '3.3.25')],
  ];

  it.each(worlds)('gives back the world that stands there: %s', async (_what, world) => {
    const { state } = await seen(new FakeCluster(world));
    expect(worldOf(state)).toEqual({ ok: true, value: world });
    expect(state.members.flatMap(({ contradictions }) => contradictions)).toEqual([]);
  });

  it('hands over one open client for each member that answers, and closes none of them', async () => {
    const cluster = new FakeCluster(withDown(httpWorld(), 'm3'));
    const { etcd } = await seen(cluster);
    expect([...etcd].map(([name, { endpoint }]) => [name, endpoint])).toEqual([
      ['m1', 'http://10.0.0.1:2379'],
      ['m2', 'http://10.0.0.2:2379'],
    ]);
    const kept = [...etcd.values()].map(({ endpoint }) => endpoint);
    expect(cluster.etcd.closed.filter((endpoint) => kept.includes(endpoint))).toEqual([]);
    expect(cluster.etcd.opened.length - cluster.etcd.closed.length).toBe(kept.length);
  });
});

describe('the endpoints', () => {
  it('are refused when none answers, each with its reason', async () => {
    const cluster = new FakeCluster(httpWorld());
    for (const { node } of cluster.members) node.status = undefined;
    const [failure] = await refused(cluster);
    expect(failure).toMatchObject({ code: 'ENDPOINT_UNREACHABLE' });
    expect(failure?.but).toContain(
      'none of 3 endpoints answers: http://10.0.0.1:2379: connection refused',
    );
    expect(cluster.etcd.closed).toHaveLength(3);
  });

  it('are refused when they belong to two clusters', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { node } = cluster.member('m2');
    node.status = node.status && { ...node.status, clusterId: 'beef' };
    const failures = await refused(cluster);
    expect(failures).toMatchObject([{ code: 'CLUSTER_MISMATCH' }]);
    expect(failures[0]?.but).toContain('http://10.0.0.2:2379 is of beef');
    expect(cluster.etcd.closed).toHaveLength(3);
  });

  it('are refused when two clusters have a member of the same ID', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { node } = cluster.member('m2');
    const { status } = cluster.member('m1').node;
    node.status = status && { ...status, clusterId: 'beef' };
    expect(await refused(cluster)).toMatchObject([{ code: 'CLUSTER_MISMATCH' }]);
    expect(cluster.etcd.closed).toHaveLength(3);
  });

  it('are refused with the first reason when members answer and none tells the list', async () => {
    const cluster = new FakeCluster(httpWorld());
    for (const { node } of cluster.members)
      node.list = failureWith('ETCD_REFUSED', 'user name is empty');
    const failures = await refused(cluster);
    expect(failures).toMatchObject([{ code: 'ETCD_REFUSED', where: 'cluster.endpoints' }]);
    expect(failures[0]?.but).toContain('http://10.0.0.1:2379: user name is empty');
  });

  it('may be fewer than the members: the others are found by their advertised client URLs', async () => {
    const cluster = new FakeCluster(httpWorld());
    const desired = withEndpoints(cluster, ['http://10.0.0.2:2379']);
    const { etcd, state } = await seen(cluster, { desired });
    expect([...etcd.keys()].sort()).toEqual(['m1', 'm2', 'm3']);
    expect(worldOf(state)).toEqual({ ok: true, value: httpWorld() });
  });

  it('may name one member twice: one client is kept', async () => {
    const cluster = new FakeCluster(httpWorld());
    cluster.etcd.add(cluster.member('m1').node, 'http://localhost:2379');
    const endpoints = ['http://localhost:2379', ...cluster.desired.cluster.endpoints];
    const { etcd } = await seen(cluster, { desired: withEndpoints(cluster, endpoints) });
    expect(etcd.get(memberName('m1'))?.endpoint).toBe('http://localhost:2379');
    expect(cluster.etcd.closed).toEqual(['http://10.0.0.1:2379']);
  });

  it('decide the scheme: an advertised client URL of another one is not tried', async () => {
    const cluster = new FakeCluster(httpWorld());
    for (const { node } of cluster.members) {
      node.list = listOf(node.list).map((entry) =>
        entry.name === 'm3' ? { ...entry, clientUrls: ['https://10.0.0.3:2379'] } : entry,
      );
    }
    const desired = withEndpoints(cluster, ['http://10.0.0.1:2379', 'http://10.0.0.2:2379']);
    const { state } = await seen(cluster, { desired });
    expect(state.members[2]?.endpoint).toEqual(
      reasonWith("not tried, the plan file's endpoints say http"),
    );
    expect(cluster.etcd.opened).not.toContain('https://10.0.0.3:2379');
  });

  it('are not believed about another member: who answers at a client URL is asked', async () => {
    const cluster = new FakeCluster(httpWorld());
    cluster.etcd.nodes.set('http://10.0.0.3:2379', cluster.member('m1').node);
    const m3 = await memberSeen(cluster, 'm3');
    expect(m3.endpoint).toEqual(reasonWith(`it answers as member ${idOf('m1')}`));
    expect(m3.view.known).toBe(false);
  });
});

describe('the member list', () => {
  it('is matched to the plan by name, and who is on one side only is a stranger', async () => {
    const cluster = new FakeCluster(httpWorld());
    const strange = { id: memberIdFromHex('99'), clientUrls: [], isLearner: false };
    for (const { node } of cluster.members) {
      const [first, second] = listOf(node.list);
      if (first === undefined || second === undefined) throw new Error('too short');
      const others = [
        { ...strange, name: 'm9', peerUrls: ['http://10.0.0.9:2380'] },
        { ...strange, id: memberIdFromHex('98'), name: '', peerUrls: ['http://10.0.0.8:2380'] },
      ];
      node.list = [first, second, ...others];
    }
    const { state } = await seen(cluster);
    expect(state.members.map(({ name }) => name)).toEqual(['m1', 'm2']);
    expect(state.strangers).toEqual([
      { name: 'm3', id: undefined, kind: 'not-in-cluster' },
      { name: 'm9', id: '99', kind: 'not-in-plan' },
      { name: 'http://10.0.0.8:2380', id: '98', kind: 'unstarted' },
    ]);
    expect(cluster.etcd.closed).toContain('http://10.0.0.3:2379');
  });

  it('is refused when an entry has a URL that etcd panics on', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { node } = cluster.member('m3');
    node.list = listOf(node.list).map((entry) =>
      entry.name === 'm2' ? { ...entry, peerUrls: ['https://10.0.0.2:2380/'] } : entry,
    );
    const failures = await refused(cluster);
    expect(failures).toMatchObject([{ code: 'PEER_URL_UNUSABLE', where: 'member m2' }]);
    expect(failures[0]?.but).toContain('a path ("/") is not allowed');
    expect(cluster.etcd.closed).toHaveLength(3);
  });

  it('is read again after a moment when the members differ', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { node } = cluster.member('m3');
    const { list } = node;
    node.list = withUrl(listOf(list), 'm1', 'https://10.0.0.1:2380');
    cluster.clock.onSleep = () => {
      node.list = list;
    };
    const { state } = await seen(cluster);
    expect(cluster.clock.slept).toEqual([500]);
    expect(worldOf(state)).toMatchObject({ ok: true, value: { members: httpWorld().members } });
  });

  it('is the majority’s, and a member that still differs keeps its own view', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { node } = cluster.member('m3');
    node.list = withUrl(listOf(node.list), 'm1', 'https://10.0.0.1:2380');
    const { state } = await seen(cluster);
    expect(state.members[0]?.peerUrls).toEqual(['http://10.0.0.1:2380']);
    expect(state.members[2]?.view).toMatchObject({ value: { m1: ['https://10.0.0.1:2380'] } });
  });

  it('is, of two that differ, the one of the member that has applied more', async () => {
    const cluster = new FakeCluster(withDown(httpWorld(), 'm1'));
    const { node } = cluster.member('m3');
    node.list = withUrl(listOf(node.list), 'm1', 'https://10.0.0.1:2380');
    node.status = node.status && { ...node.status, appliedIndex: 1201 };
    const { state } = await seen(cluster);
    expect(state.members[0]?.peerUrls).toEqual(['https://10.0.0.1:2380']);
  });
});

describe('the answers of members', () => {
  it('name the leader that all see, and nobody when they differ', async () => {
    const cluster = new FakeCluster(httpWorld());
    expect((await seen(cluster)).state.leader).toEqual({ known: true, value: 'm1' });
    const { node } = cluster.member('m3');
    node.status = node.status && { ...node.status, leaderId: idOf('m2') };
    expect((await seen(cluster)).state.leader).toEqual(
      reasonWith('m1 sees leader m1, m2 sees leader m1, m3 sees leader m2'),
    );
  });

  it('name the leader that says so itself, though a member that is cut off sees none', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { node } = cluster.member('m3');
    node.status = node.status && { ...node.status, leaderId: undefined };
    expect((await seen(cluster)).state.leader).toEqual({ known: true, value: 'm1' });
    const first = cluster.member('m1').node;
    first.status = undefined;
    expect((await seen(cluster)).state.leader).toEqual(reasonWith('m3 sees no leader'));
  });

  it('tell alarms by member, each once, and unknown when nobody can', async () => {
    const cluster = new FakeCluster(httpWorld());
    const raised = [{ memberId: idOf('m2'), alarm: 'NOSPACE' }];
    cluster.member('m1').node.alarms = raised;
    cluster.member('m2').node.alarms = raised;
    expect((await seen(cluster)).state.alarms).toEqual({
      known: true,
      value: [{ member: 'm2', alarm: 'NOSPACE' }],
    });
    for (const { node } of cluster.members)
      node.alarms = failureWith('NO_QUORUM', 'request timed out');
    expect((await seen(cluster)).state.alarms).toEqual(reasonWith('request timed out'));
  });

  it('leave a gap where one is missing', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { node } = cluster.member('m2');
    node.health = failureWith('ENDPOINT_UNREACHABLE', 'no answer in 3 s');
    node.list = failureWith('ENDPOINT_UNREACHABLE', 'no answer in 3 s');
    const m2 = await memberSeen(cluster, 'm2');
    expect(m2.health).toEqual(reasonWith('no answer in 3 s'));
    expect(m2.view).toEqual(reasonWith('no answer in 3 s'));
    expect(m2.status.known).toBe(true);
  });
});

describe('a host', () => {
  it('whose service is in doubt leaves process and settings unknown, and the rest as it was', async () => {
    const cluster = new FakeCluster(httpWorld());
    cluster.member('m2').service.told = { known: false, reason: 'status ended with 7' };
    const m2 = await memberSeen(cluster, 'm2');
    expect(m2.process).toEqual(reasonWith('status ended with 7'));
    expect(m2.running).toEqual(reasonWith('status ended with 7'));
    expect(m2.disk).toEqual(reasonWith('status ended with 7'));
    expect(m2.configDigest.known).toBe(true);
    expect(m2.status.known).toBe(true);
  });

  it('whose process cannot be named or found leaves it unknown', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { service } = cluster.member('m2');
    service.told = { known: true, value: { isRunning: true, pid: undefined } };
    expect((await memberSeen(cluster, 'm2')).process).toEqual(
      reasonWith('process ID could not be told'),
    );
    service.told = { known: true, value: { isRunning: true, pid: 4 } };
    expect((await memberSeen(cluster, 'm2')).process).toEqual(reasonWith('process 4 ended'));
  });

  it('that is started again and again and ends each time is found stopped', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { service } = cluster.member('m2');
    const flaps = [undefined, 4, undefined].map((pid) => known({ isRunning: true, pid }));
    service.state = () =>
      Promise.resolve(flaps.pop() ?? known({ isRunning: false, pid: undefined }));
    expect((await memberSeen(cluster, 'm2')).process).toEqual(known('stopped'));
  });

  it('that does not answer leaves everything of it unknown with that reason', async () => {
    const cluster = new FakeCluster(httpWorld());
    cluster.member('m3').host.failure = failureWith('HOST_UNREACHABLE', 'ssh: no route to host');
    const m3 = await memberSeen(cluster, 'm3');
    for (const fact of [m3.process, m3.running, m3.disk, m3.configDigest, m3.sourceAddresses.m1]) {
      expect(fact).toEqual(reasonWith('ssh: no route to host'));
    }
  });

  it('whose config file was changed since the start says so, and why it cannot be edited', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { host, config, configPath } = cluster.member('m1');
    host.put(
      configPath,
      (host.textOf(configPath) ?? '').replace(
        'ETCD_LISTEN_PEER_URLS=http',
        'ETCD_LISTEN_PEER_URLS=https',
      ),
    );
    config.problems.push('line 3 is shell code');
    const m1 = await memberSeen(cluster, 'm1');
    expect(m1.contradictions).toHaveLength(1);
    expect(m1.configProblems).toEqual(['line 3 is shell code']);
    expect(m1.running).toMatchObject({ value: { 'listen-peer-urls': 'http://10.0.0.1:2380' } });
    expect(m1.disk).toMatchObject({ value: { 'listen-peer-urls': 'https://10.0.0.1:2380' } });
  });

  it('whose TLS settings were taken out of the file, as a rollback does, starts without them', async () => {
    const cluster = new FakeCluster(httpsWorld());
    const { host, configPath } = cluster.member('m1');
    const lines = (host.textOf(configPath) ?? '').split('\n');
    host.put(configPath, lines.filter((line) => !line.startsWith('ETCD_PEER_')).join('\n'));
    const m1 = await memberSeen(cluster, 'm1');
    expect(m1.running).toMatchObject({ value: { 'peer-cert-file': TLS_PATHS.leaf } });
    expect(m1.disk.known ? Object.keys(m1.disk.value) : []).not.toContain('peer-cert-file');
    expect(m1.contradictions).toHaveLength(4);
  });

  it('is asked for the address that it dials each peer from, unless the plan file says it', async () => {
    const cluster = new FakeCluster(httpWorld());
    cluster.member('m1').host.sources.delete('10.0.0.3');
    expect((await memberSeen(cluster, 'm1')).sourceAddresses).toEqual({
      m2: { known: true, value: ['10.0.0.1'] },
      m3: reasonWith('no route to 10.0.0.3'),
    });
    const members = cluster.desired.members.map((member) => ({
      ...member,
      sourceAddresses: ['192.0.2.7'],
    }));
    const { state } = await seen(cluster, { desired: { ...cluster.desired, members } });
    expect(state.members[0]?.sourceAddresses.m3).toEqual({ known: true, value: ['192.0.2.7'] });
  });
});

describe('TLS files', () => {
  it('are trusted by CA certificates that stand on other hosts or with the operator', async () => {
    const cluster = new FakeCluster(withTrust(httpWorld(), 'm1'));
    const other = authority({ fingerprint: 'ca-2' });
    const leaf = leafFor('m1', { trustedBy: ['ca-1', 'ca-2', 'ca-unseen'] });
    cluster.member('m1').host.put(TLS_PATHS.leaf, fakePem({ kind: 'leaf', leaf }));
    const authorityTexts = [fakePem({ kind: 'pool', authorities: [other] })];
    const { state } = await seen(cluster, { authorityTexts });
    expect(fileOf(state.members[0], TLS_PATHS.leaf)).toMatchObject({
      kind: 'leaf',
      leaf: { trustedBy: ['ca-1', 'ca-2'] },
    });
    expect(state.authorities.map(({ fingerprint }) => fingerprint)).toEqual(['ca-2', 'ca-1']);
  });

  it('that the plan wants to install are looked at too', async () => {
    const cluster = new FakeCluster(httpWorld());
    const planned = [{ path: '/etc/etcd/pki/new.pem', role: 'leaf' as const }];
    const { state } = await seen(cluster, { plannedPaths: new Map([[memberName('m2'), planned]]) });
    expect(state.members[1]?.files).toEqual([
      {
        path: '/etc/etcd/pki/new.pem',
        digest: undefined,
        modifiedAtMs: undefined,
        content: { kind: 'absent' },
      },
    ]);
  });

  it('are unusable when the service may not read them, or they hold something else', async () => {
    const cluster = new FakeCluster(httpsWorld());
    const { host } = cluster.member('m1');
    host.forbidden.add(TLS_PATHS.key);
    host.put(TLS_PATHS.leaf, 'not PEM');
    const m1 = await memberSeen(cluster, 'm1');
    expect(fileOf(m1, TLS_PATHS.key)).toEqual({
      kind: 'unusable',
      reason: "permission denied for the service's user 107, group 112",
    });
    expect(fileOf(m1, TLS_PATHS.leaf)).toMatchObject({ kind: 'unusable' });
    expect(m1.files.find(({ path }) => path === TLS_PATHS.key)?.digest).toMatch(/^[0-9a-f]{64}$/u);
  });

  it('named by a relative path are unusable: nobody knows from which folder', async () => {
    const cluster = new FakeCluster(httpWorld());
    const { host, service, configPath } = cluster.member('m1');
    host.put(configPath, `${host.textOf(configPath) ?? ''}ETCD_PEER_TRUSTED_CA_FILE=pki/ca.pem\n`);
    service.run(0);
    expect(fileOf(await memberSeen(cluster, 'm1'), 'pki/ca.pem')).toMatchObject({
      kind: 'unusable',
      reason: expect.stringContaining('the path is relative') as string,
    });
  });

  it('named for two uses at once are unusable', async () => {
    const cluster = new FakeCluster(httpsWorld());
    const { host, service, configPath } = cluster.member('m1');
    host.put(configPath, (host.textOf(configPath) ?? '').replace(TLS_PATHS.key, TLS_PATHS.leaf));
    service.run(0);
    expect(fileOf(await memberSeen(cluster, 'm1'), TLS_PATHS.leaf)).toMatchObject({
      kind: 'unusable',
    });
  });

  it('leave nothing of a private key in what was seen', async () => {
    const cluster = new FakeCluster(httpsWorld());
    const { state } = await seen(cluster);
    expect(JSON.stringify(state)).not.toContain('fake {');
    expect(fileOf(state.members[0], TLS_PATHS.key)).toEqual({ kind: 'key', keyId: 'key-of-m1' });
  });
});

function fileOf(member: ObservedMember | undefined, path: string): unknown {
  return member?.files.find((file) => file.path === path)?.content;
}

type List = FakeCluster['members'][number]['node']['list'];

function listOf(list: List): Exclude<List, Failure> {
  if ('code' in list) throw new Error(list.but);
  return list;
}

function withUrl(list: Exclude<List, Failure>, name: string, url: string): Exclude<List, Failure> {
  return list.map((entry) => (entry.name === name ? { ...entry, peerUrls: [url] } : entry));
}

function withEndpoints(
  cluster: FakeCluster,
  endpoints: readonly string[],
): DiscoverInput['desired'] {
  const { desired } = cluster;
  return { ...desired, cluster: { ...desired.cluster, endpoints } };
}
