/**
 * Goal: a link is proven only by all its evidence, and what stands against mutual TLS is told. Method:
 * simulated worlds, seen without a gap, and a dialer that answers what the world says, or what a test says.
 */

import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import { err, ok } from '../../../src/base/result.ts';
import { STATE_CHECKS } from '../../../src/discover/verify-state.ts';
import { type VerifyInput, verifyLinks } from '../../../src/discover/verify-links.ts';
import { dial } from '../../../src/model/dial.ts';
import { FINDING_CHECKS, type Finding } from '../../../src/model/finding.ts';
import { memberName } from '../../../src/model/ids.ts';
import { type ObservedMember, type ObservedState, unknown } from '../../../src/model/observed.ts';
import { worldOf } from '../../../src/model/observed-world.ts';
import { FLAG } from '../../../src/model/settings.ts';
import { type PeerUrl, urlParts } from '../../../src/model/url.ts';
import { type World, memberOf, withMember } from '../../../src/model/world.ts';
import type { MemberDoors, PeerDialer, PeerRefusal, PeerTroubleKind } from '../../../src/ports.ts';
import { verifyJson } from '../../../src/show/verify.ts';
import { FakeConfig, FakeHost, FakeService, failureWith } from '../../support/fake-doors.ts';
import { observedOf } from '../../support/observed.ts';
import {
  TLS_PATHS,
  addressOf,
  httpUrl,
  httpWorld,
  httpsUrl,
  httpsWorld,
  leafFor,
  mixedWorld,
  peerUrl,
  withDown,
} from '../../support/worlds.ts';

/** Says what a cluster with the world's listeners would, and notes who was asked what. */
class FakeDialer implements PeerDialer {
  readonly asked: string[] = [];
  open = 0;
  mostOpen = 0;
  /** By `url`, what another outcome a test wants. */
  readonly troubles = new Map<string, PeerTroubleKind>();
  readonly plain = new Map<string, PeerRefusal>();
  readonly anonymous = new Map<string, PeerRefusal>();
  readonly leaves = new Map<string, string>();

  async dial(...[{ url }, files]: Parameters<PeerDialer['dial']>): ReturnType<PeerDialer['dial']> {
    await this.#note(`${files.cert} -> ${url}`);
    const kind = this.troubles.get(url);
    if (kind !== undefined) return err({ kind, because: `it ended as ${kind}` });
    const name = nameAt(url);
    const fingerprint = this.leaves.get(url) ?? leafFor(name).fingerprint;
    return ok({ protocol: 'TLSv1.3', cipher: 'A_CIPHER', fingerprint, version: '3.4.23' });
  }

  async dialWithoutLeaf(
    ...[{ url, coveredName }, authorities]: Parameters<PeerDialer['dialWithoutLeaf']>
  ): Promise<PeerRefusal> {
    await this.#note(`no leaf -> ${url} as ${coveredName ?? ''} by ${authorities}`);
    return this.anonymous.get(url) ?? { result: 'refused', because: 'an alert' };
  }

  get(): ReturnType<PeerDialer['get']> {
    return Promise.reject(new Error('verify dials as a member does'));
  }

  async dialPlain(...[{ url }]: Parameters<PeerDialer['dialPlain']>): Promise<PeerRefusal> {
    await this.#note(`plain -> ${url}`);
    return this.plain.get(url) ?? { result: 'refused', because: 'it closed' };
  }

  async #note(text: string): Promise<void> {
    this.asked.push(text);
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    await Promise.resolve();
    this.open -= 1;
  }
}

function nameAt(url: PeerUrl): string {
  return `m${urlParts(url).host.split('.').at(-1) ?? ''}`;
}

interface Bench extends VerifyInput {
  readonly dialer: FakeDialer;
  readonly hosts: ReadonlyMap<string, FakeHost>;
}

/** The world as it is seen, with files on the hosts that have the digests that were seen. */
function benchOf(world: World, change: (state: ObservedState) => ObservedState = (s) => s): Bench {
  const hosts = new Map<string, FakeHost>();
  const doors = new Map<string, MemberDoors>();
  for (const { name } of world.members) {
    const host = new FakeHost(`host-of-${name}`);
    for (const [kind, path] of Object.entries(TLS_PATHS)) {
      host.put(path, kind === 'ca' ? 'the CA' : `${kind} of ${name}`);
    }
    const config = new FakeConfig(host, '/etc/default/etcd');
    const service = new FakeService(host, '/etc/default/etcd');
    hosts.set(name, host);
    doors.set(name, { host, config, service, log: undefined });
  }
  const state = change(withDigests(observedOf(world), hosts));
  const seen = worldOf(state);
  if (!seen.ok) throw new Error(JSON.stringify(seen.error));
  const named = new Map([...doors].map(([name, each]) => [memberName(name), each]));
  const dialer = new FakeDialer();
  return { state, world: seen.value, doors: named, dialer, hosts, isHere: () => true };
}

function withDigests(state: ObservedState, hosts: ReadonlyMap<string, FakeHost>): ObservedState {
  return withMembers(state, (member) => ({
    ...member,
    files: member.files.map((file) => {
      const text = hosts.get(member.name)?.textOf(file.path);
      return text === undefined ? file : { ...file, digest: sha256(text) };
    }),
  }));
}

function withMembers(
  state: ObservedState,
  change: (member: ObservedMember) => ObservedMember,
): ObservedState {
  return { ...state, members: state.members.map(change) };
}

function changed(
  name: string,
  change: (member: ObservedMember) => Partial<ObservedMember>,
): (state: ObservedState) => ObservedState {
  return (state) =>
    withMembers(state, (member) =>
      member.name === name ? { ...member, ...change(member) } : member,
    );
}

function withRunning(name: string, settings: Readonly<Record<string, string>>) {
  return changed(name, ({ running }) => ({
    running: running.known ? { known: true, value: { ...running.value, ...settings } } : running,
  }));
}

function rowsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ check, from, to, result }) => {
    return [check, from, to, result].filter((part) => part !== undefined).join(' ');
  });
}

function pairsOf(findings: readonly Finding[]): readonly string[] {
  return rowsOf(findings.filter(({ check }) => check === FINDING_CHECKS.mutualTls));
}

function findingOf(
  findings: readonly Finding[],
  wanted: Pick<Finding, 'check' | 'from' | 'to'>,
): Finding {
  const found = findings.find((each) => {
    return each.check === wanted.check && each.from === wanted.from && each.to === wanted.to;
  });
  if (found === undefined) throw new Error(rowsOf(findings).join('\n'));
  return found;
}

async function link(bench: Bench, from: string, to: string): Promise<Finding> {
  return findingOf(await verifyLinks(bench), { check: FINDING_CHECKS.mutualTls, from, to });
}

async function refusal(bench: Bench, kind: 'refusesPlain' | 'refusesAnonymous', to: string) {
  return findingOf(await verifyLinks(bench), { check: FINDING_CHECKS[kind], to });
}

const because = (text: string): unknown => expect.stringContaining(text);

describe('a cluster with mutual TLS', () => {
  it('is proven pair by pair and port by port, in one order, with nothing else to tell', async () => {
    const findings = await verifyLinks(benchOf(httpsWorld()));
    expect(rowsOf(findings)).toEqual([
      'mutual-tls m1 m2 proven',
      'mutual-tls m1 m3 proven',
      'mutual-tls m2 m1 proven',
      'mutual-tls m2 m3 proven',
      'mutual-tls m3 m1 proven',
      'mutual-tls m3 m2 proven',
      'refuses-plain-http m1 proven',
      'refuses-plain-http m2 proven',
      'refuses-plain-http m3 proven',
      'refuses-no-certificate m1 proven',
      'refuses-no-certificate m2 proven',
      'refuses-no-certificate m3 proven',
    ]);
    expect(verifyJson(findings).isMutualTlsOnly).toBe(true);
    expect(findings[0]?.because).toContain(`${httpsUrl('m2')}: TLSv1.3`);
  });

  it('is dialed with each member own files, and verified without one by every CA', async () => {
    const bench = benchOf(httpsWorld(2));
    await verifyLinks(bench);
    expect([...bench.dialer.asked].sort()).toEqual([
      `leaf of m1 -> ${httpsUrl('m2')}`,
      `leaf of m2 -> ${httpsUrl('m1')}`,
      `no leaf -> ${httpsUrl('m1')} as ${addressOf('m1')} by the CA`,
      `no leaf -> ${httpsUrl('m2')} as ${addressOf('m2')} by the CA`,
      `plain -> ${httpsUrl('m1')}`,
      `plain -> ${httpsUrl('m2')}`,
    ]);
  });

  it('is asked a few questions at a time however many members it has', async () => {
    const bench = benchOf(httpsWorld(9));
    const findings = await verifyLinks(bench);
    expect(pairsOf(findings)).toHaveLength(72);
    expect(verifyJson(findings).isMutualTlsOnly).toBe(true);
    expect(bench.dialer.mostOpen).toBeGreaterThan(1);
    expect(bench.dialer.mostOpen).toBeLessThanOrEqual(16);
  });

  it('gives no secret away', async () => {
    const bench = benchOf(httpsWorld());
    bench.dialer.troubles.set(httpsUrl('m2'), 'client-rejected');
    expect(JSON.stringify(await verifyLinks(bench))).not.toContain('key of');
  });
});

describe('a link', () => {
  it.each([
    'client-rejected',
    'connection-refused',
    'not-trusted',
    'spoke-http',
    'not-etcd',
  ] as const)('is broken when the dial ends as %s', async (kind) => {
    const bench = benchOf(httpsWorld());
    bench.dialer.troubles.set(httpsUrl('m2'), kind);
    expect(await link(bench, 'm1', 'm2')).toMatchObject({
      result: 'broken',
      because: because(kind),
    });
    expect(await link(bench, 'm1', 'm3')).toMatchObject({ result: 'proven' });
  });

  it.each(['timeout', 'unusable-files', 'other'] as const)('is unknown after %s', async (kind) => {
    const bench = benchOf(httpsWorld());
    bench.dialer.troubles.set(httpsUrl('m2'), kind);
    expect(await link(bench, 'm1', 'm2')).toMatchObject({
      result: 'unknown',
      because: because(kind),
    });
  });

  it('is dialed at every advertised URL, and the worst decides', async () => {
    const second = peerUrl(`https://${addressOf('m2')}:2382`);
    const start = httpsWorld();
    const both = [httpsUrl('m2'), second];
    const members = start.members.map((each) => ({ ...each, view: { ...each.view, m2: both } }));
    const world = { ...start, members, record: { ...start.record, m2: both } };
    const bench = benchOf(world, withRunning('m2', { [FLAG.listenPeerUrls]: both.join(',') }));
    expect(await link(bench, 'm1', 'm2')).toMatchObject({
      result: 'proven',
      because: because(second),
    });
    bench.dialer.troubles.set(second, 'not-trusted');
    expect(await link(bench, 'm1', 'm2')).toMatchObject({
      result: 'broken',
      because: because(`${second}: it ended as not-trusted`),
    });
  });

  it('is not proven by a dial alone when the process cannot be shown to carry the settings', async () => {
    const late = changed('m1', (member) => ({
      files: member.files.map((file) =>
        file.path === TLS_PATHS.ca ? { ...file, modifiedAtMs: 9e15 } : file,
      ),
    }));
    const found = await link(benchOf(httpsWorld(), late), 'm1', 'm2');
    expect(found).toMatchObject({
      result: 'unknown',
      because: because('changed after the process'),
    });
  });

  it('is broken by what the model knows, without a dial', async () => {
    const start = httpsWorld();
    const member = memberOf(start, 'm1');
    const leaf = leafFor('m1', { ipAddresses: ['10.0.0.99'] });
    const files = { ...member.disk.files, [TLS_PATHS.leaf]: { kind: 'leaf', leaf } as const };
    const bench = benchOf(withMember(start, { ...member, disk: { ...member.disk, files } }));
    const { world } = bench;
    expect(dial(world, memberOf(world, 'm1'), memberOf(world, 'm2')).can).toBe('no');
    expect(await link(bench, 'm1', 'm2')).toMatchObject({
      result: 'broken',
      because: because('10.0.0.99'),
    });
    expect(bench.dialer.asked).not.toContain(`leaf of m1 -> ${httpsUrl('m2')}`);
  });

  it('is unknown when another leaf than the one on the disk answers', async () => {
    const bench = benchOf(httpsWorld());
    bench.dialer.leaves.set(httpsUrl('m2'), 'leaf-of-somebody');
    expect(await link(bench, 'm1', 'm2')).toMatchObject({
      result: 'unknown',
      because: because('another leaf'),
    });
  });

  it('is unknown from a host that is not this machine, and no dial is made in its name', async () => {
    const bench = { ...benchOf(httpsWorld()), isHere: (name: string) => name !== 'm1' };
    const findings = await verifyLinks(bench);
    expect(findingOf(findings, { check: 'mutual-tls', from: 'm1', to: 'm2' })).toMatchObject({
      result: 'unknown',
      because: because('host-of-m1'),
    });
    expect(pairsOf(findings).filter((row) => row.endsWith('proven'))).toHaveLength(4);
    expect(bench.dialer.asked.filter((text) => text.startsWith('leaf of m1'))).toEqual([]);
  });

  it.each([
    [
      'cannot be read',
      (host: FakeHost) => (host.failure = failureWith('HOST_FILE_FAILED', 'EACCES')),
    ],
    ['is not there', (host: FakeHost) => host.files.delete(TLS_PATHS.key)],
    [
      'was changed',
      (host: FakeHost) => {
        host.put(TLS_PATHS.key, 'another key');
      },
    ],
  ])('is unknown when a file %s', async (text, spoil) => {
    const bench = benchOf(httpsWorld());
    const host = bench.hosts.get('m1');
    if (host !== undefined) spoil(host);
    expect(await link(bench, 'm1', 'm2')).toMatchObject({
      result: 'unknown',
      because: because(text),
    });
  });

  it('is unknown when the process dials with a leaf of its own kind', async () => {
    const change = withRunning('m1', { 'peer-client-cert-file': '/etc/etcd/pki/dial.pem' });
    expect(await link(benchOf(httpsWorld(), change), 'm1', 'm2')).toMatchObject({
      result: 'unknown',
      because: because('peer-client-cert-file'),
    });
  });
});

describe('a peer port', () => {
  it('is broken when it answers plain http or a dial without a leaf, unknown when it does not say', async () => {
    const bench = benchOf(httpsWorld());
    bench.dialer.plain.set(httpsUrl('m1'), { result: 'accepted', because: 'etcd' });
    bench.dialer.plain.set(httpsUrl('m2'), { result: 'unknown', because: 'silence' });
    bench.dialer.anonymous.set(httpsUrl('m2'), { result: 'accepted', because: 'etcd' });
    bench.dialer.anonymous.set(httpsUrl('m3'), { result: 'unknown', because: 'silence' });
    expect(await refusal(bench, 'refusesPlain', 'm1')).toMatchObject({ result: 'broken' });
    expect(await refusal(bench, 'refusesPlain', 'm2')).toMatchObject({ result: 'unknown' });
    expect(await refusal(bench, 'refusesAnonymous', 'm2')).toMatchObject({ result: 'broken' });
    expect(await refusal(bench, 'refusesAnonymous', 'm3')).toMatchObject({ result: 'unknown' });
  });

  it('is asked at every listener, wildcards at the advertised host, under a name its leaf has', async () => {
    const listen = 'https://0.0.0.0:2380,https://127.0.0.1:2380,https://0.0.0.0:2382';
    const bench = benchOf(httpsWorld(), withRunning('m2', { [FLAG.listenPeerUrls]: listen }));
    await verifyLinks(bench);
    const host = addressOf('m2');
    const asked = bench.dialer.asked.filter((text) => text.includes(` as ${host} `));
    expect([...asked].sort()).toEqual([
      `no leaf -> https://${host}:2380 as ${host} by the CA`,
      `no leaf -> https://${host}:2382 as ${host} by the CA`,
      `no leaf -> https://127.0.0.1:2380 as ${host} by the CA`,
    ]);
  });

  it('is broken at a leftover http listener though it can be reached by nobody here', async () => {
    const listen = `${httpsUrl('m2')},http://127.0.0.1:2381`;
    const bench = {
      ...benchOf(httpsWorld(), withRunning('m2', { [FLAG.listenPeerUrls]: listen })),
      isHere: () => false,
    };
    expect(await refusal(bench, 'refusesPlain', 'm2')).toMatchObject({
      result: 'broken',
      because: because('127.0.0.1:2381: it listens there on plain http'),
    });
    expect(bench.dialer.asked.filter((text) => text.includes('127.0.0.1'))).toEqual([]);
    const findings = await verifyLinks(bench);
    expect(rowsOf(findings)).toContain(`${STATE_CHECKS.listening} m2 broken`);
  });

  it('of a loopback listener of another machine is unknown and never dialed here', async () => {
    const listen = `${httpsUrl('m2')},https://127.0.0.1:2381`;
    const bench = {
      ...benchOf(httpsWorld(), withRunning('m2', { [FLAG.listenPeerUrls]: listen })),
      isHere: () => false,
    };
    expect(await refusal(bench, 'refusesAnonymous', 'm2')).toMatchObject({ result: 'unknown' });
    expect(bench.dialer.asked.filter((text) => text.includes('127.0.0.1'))).toEqual([]);
  });
});

describe('what else stands against mutual TLS', () => {
  it('an http cluster is broken everywhere, with a plain dial to each member and no other', async () => {
    const bench = benchOf(httpWorld());
    for (const name of ['m1', 'm2', 'm3']) {
      bench.dialer.plain.set(httpsUrl(name), { result: 'accepted', because: 'as etcd' });
    }
    const findings = await verifyLinks(bench);
    expect(findings.filter(({ result }) => result !== 'broken')).toEqual([]);
    expect(rowsOf(findings).slice(12)).toEqual([
      ...['m1', 'm2', 'm3'].map((name) => `${STATE_CHECKS.advertised} ${name} broken`),
      ...['m1', 'm2', 'm3'].map((name) => `${STATE_CHECKS.listening} ${name} broken`),
    ]);
    expect(await link(bench, 'm1', 'm2')).toMatchObject({ because: because(httpUrl('m2')) });
    expect(bench.dialer.asked.filter((text) => !text.startsWith('plain'))).toEqual([]);
  });

  it('a half-way cluster tells both halves apart', async () => {
    const findings = await verifyLinks(benchOf(mixedWorld()));
    expect(rowsOf(findings)).toContain('refuses-no-certificate m1 proven');
    expect(rowsOf(findings)).toContain('refuses-no-certificate m2 broken');
    expect(pairsOf(findings).filter((row) => !row.endsWith('broken'))).toEqual([]);
  });

  it('a stopped member is told, and its links are unknown', async () => {
    const findings = await verifyLinks(benchOf(withDown(httpsWorld(), 'm3')));
    expect(rowsOf(findings)).toContain(`${STATE_CHECKS.running} m3 broken`);
    expect(rowsOf(findings)).toContain('mutual-tls m1 m3 unknown');
    expect(rowsOf(findings)).toContain('mutual-tls m3 m1 unknown');
    expect(rowsOf(findings)).toContain('mutual-tls m1 m2 proven');
    expect(rowsOf(findings)).toContain('refuses-plain-http m3 unknown');
    expect(rowsOf(findings).filter((row) => row.startsWith(STATE_CHECKS.quorum))).toEqual([]);
  });

  it('a lost quorum is broken, and no agreed leader is unknown', async () => {
    const lost = withDown(withDown(httpsWorld(), 'm3'), 'm2');
    expect(
      findingOf(await verifyLinks(benchOf(lost)), { check: STATE_CHECKS.quorum }),
    ).toMatchObject({
      result: 'broken',
      because: because('1 of 3'),
    });
    const bench = benchOf(httpsWorld(), (state) => ({ ...state, leader: unknown('m1 sees none') }));
    expect(findingOf(await verifyLinks(bench), { check: STATE_CHECKS.quorum })).toMatchObject({
      result: 'unknown',
      because: because('m1 sees none'),
    });
  });

  it('auto TLS and a listener that demands nothing are broken', async () => {
    const auto = {
      [FLAG.peerAutoTls]: 'true',
      [FLAG.peerCertFile]: '',
      [FLAG.peerTrustedCaFile]: '',
    };
    const first = await verifyLinks(benchOf(httpsWorld(), withRunning('m2', auto)));
    expect(rowsOf(first)).toContain(`${STATE_CHECKS.ownCertificate} m2 broken`);
    expect(pairsOf(first)).toContain('mutual-tls m2 m1 broken');
    const open = { [FLAG.peerClientCertAuth]: 'false', [FLAG.peerTrustedCaFile]: '' };
    const second = await verifyLinks(benchOf(httpsWorld(), withRunning('m2', open)));
    expect(rowsOf(second)).toContain(`${STATE_CHECKS.demands} m2 broken`);
    expect(rowsOf(second)).toContain('refuses-no-certificate m2 broken');
    expect(pairsOf(second)).toContain('mutual-tls m1 m2 broken');
  });

  it('strangers, other listeners and another copy of the list keep it from being proven', async () => {
    const listen = `${httpsUrl('m1')},unix:///run/etcd.sock`;
    const odd = withRunning('m1', { [FLAG.listenPeerUrls]: listen });
    const stale = changed('m2', ({ view }) => ({
      view: view.known ? { known: true, value: { ...view.value, m3: [httpUrl('m3')] } } : view,
    }));
    const bench = benchOf(httpsWorld(), (state) => ({
      ...stale(odd(state)),
      strangers: [{ name: 'm9', id: undefined, kind: 'not-in-plan' }],
    }));
    const findings = await verifyLinks(bench);
    expect(rowsOf(findings)).toContain(`${STATE_CHECKS.inPlan} m9 unknown`);
    expect(rowsOf(findings)).toContain(`${STATE_CHECKS.listening} m1 unknown`);
    expect(rowsOf(findings)).toContain(`${STATE_CHECKS.ownView} m2 m3 broken`);
    expect(pairsOf(findings)).toContain('mutual-tls m2 m3 broken');
    expect(verifyJson(findings).isMutualTlsOnly).toBe(false);
  });
});
