/**
 * Goal: every reason why a dial fails is told, once, for what it is. Method: a world of two members that
 * dial each other over mutual TLS, with one thing changed; both directions are asked.
 */

import { describe, expect, it } from 'vitest';
import type { Leaf } from '../../../src/model/certificate.ts';
import { type DialAnswer, dialBetween, dialMatrix, isLinked } from '../../../src/model/dial.ts';
import { demandsClientCert, loadDisk } from '../../../src/model/load.ts';
import { known, unknown } from '../../../src/model/observed.ts';
import { FLAG, type Settings } from '../../../src/model/settings.ts';
import {
  type Disk,
  type MemberWorld,
  type PeerProcess,
  type World,
  allPairs,
  memberOf,
} from '../../../src/model/world.ts';
import {
  NOW_MS,
  TLS_PATHS,
  httpUrl,
  httpWorld,
  httpsUrl,
  httpsWorld,
  leafFor,
  peerUrl,
  withDown,
  withTls,
  withTrust,
} from '../../support/worlds.ts';

const DAY_MS = 86_400_000;

function changed(world: World, name: string, change: (member: MemberWorld) => MemberWorld): World {
  return {
    ...world,
    members: world.members.map((each) => (each.name === name ? change(each) : each)),
  };
}

function withLeaf(name: string, changes: Partial<Leaf>, world = httpsWorld(2)): World {
  return changed(world, name, (member) => {
    const leaf = { kind: 'leaf', leaf: leafFor(name, changes) } as const;
    return {
      ...member,
      disk: { ...member.disk, files: { ...member.disk.files, [TLS_PATHS.leaf]: leaf } },
    };
  });
}

/** The running process with other settings, without a new start. */
function withPeer(world: World, name: string, peer: Partial<PeerProcess['peer']>): World {
  return changed(world, name, (member) => {
    const { process } = member;
    if (process === undefined) throw new Error(`${name} is down`);
    return { ...member, process: { ...process, peer: { ...process.peer, ...peer } } };
  });
}

function withPool(world: World, name: string, pool: PeerProcess['pool']): World {
  return changed(world, name, (member) => {
    return { ...member, process: member.process && { ...member.process, pool } };
  });
}

function withViewOf(world: World, owner: string, name: string, urls: readonly string[]): World {
  return changed(world, owner, (member) => {
    return { ...member, view: { ...member.view, [name]: urls.map(peerUrl) } };
  });
}

function withSource(world: World, fact: MemberWorld['sources'][string]): World {
  return changed(world, 'm1', (member) => ({ ...member, sources: { m2: fact } }));
}

function ways(world: World): { readonly there: DialAnswer; readonly back: DialAnswer } {
  return { there: dialBetween(world, 'm1', 'm2'), back: dialBetween(world, 'm2', 'm1') };
}

const NO: readonly (readonly [string, World, string, string, 'yes' | 'no'])[] = [
  ['source-down', withDown(httpWorld(2), 'm1'), 'source-down', 'm1 is down', 'no'],
  ['target-down', withDown(httpWorld(2), 'm2'), 'target-down', 'm2 is down', 'no'],
  [
    'not-advertised',
    withViewOf(httpWorld(2), 'm1', 'm2', []),
    'not-advertised',
    'm1 knows no peer URL of m2',
    'yes',
  ],
  [
    'not-listening',
    withViewOf(httpWorld(2), 'm1', 'm2', ['http://10.0.0.2:2390']),
    'not-listening',
    'm2 is advertised at http://10.0.0.2:2390 and listens on http://10.0.0.2:2380',
    'yes',
  ],
  [
    'http-to-tls',
    withViewOf(httpsWorld(2), 'm1', 'm2', ['http://10.0.0.2:2380']),
    'http-to-tls',
    'm2 is advertised at http://10.0.0.2:2380 and speaks TLS on that port',
    'yes',
  ],
  [
    'https-to-plain',
    withViewOf(httpWorld(2), 'm1', 'm2', ['https://10.0.0.2:2380']),
    'https-to-plain',
    'm2 is advertised at https://10.0.0.2:2380 and speaks plain http on that port',
    'yes',
  ],
  [
    'no-trust',
    withTls(httpWorld(2), 'm2'),
    'no-trust',
    "m1 has not loaded the CA of m2's leaf",
    'yes',
  ],
  [
    'server-leaf',
    changed(httpsWorld(2), 'm2', (member) => ({ ...member, disk: { ...member.disk, files: {} } })),
    'server-leaf',
    'm2 has no usable leaf on its disk',
    'no',
  ],
  [
    'server-name',
    withLeaf('m2', { ipAddresses: ['10.9.9.9'] }),
    'server-name',
    "m2's leaf is valid for 10.9.9.9, not for 10.0.0.2, its peer URL's host",
    'no',
  ],
  [
    'server-usage',
    withLeaf('m2', { serverAuth: false }),
    'server-usage',
    "m2's leaf lacks serverAuth",
    'yes',
  ],
  [
    'no-client-leaf',
    withPeer(httpsWorld(2), 'm1', { certFile: undefined, keyFile: undefined }),
    'no-client-leaf',
    'm2 demands a client certificate and m1 has loaded none',
    'no',
  ],
  [
    'client-untrusted',
    withPool(httpsWorld(2), 'm2', known(['another-ca'])),
    'client-untrusted',
    "m2 has not loaded the CA of m1's leaf",
    'no',
  ],
  [
    'client-usage',
    withLeaf('m1', { clientAuth: false }),
    'client-usage',
    "m1's leaf lacks clientAuth",
    'yes',
  ],
  [
    'client-source',
    withSource(httpsWorld(2), known(['10.0.0.1', '192.168.7.7'])),
    'client-source',
    "m1's leaf is valid for 10.0.0.1, not for 192.168.7.7, the address its dials to m2 come from",
    'yes',
  ],
  [
    'expired',
    withLeaf('m2', { notAfterMs: NOW_MS - DAY_MS }),
    'expired',
    "m2's leaf expired at 2026-11-21T05:41:19.000Z",
    'no',
  ],
  [
    'allowed-name',
    withPeer(httpsWorld(2), 'm2', { allowedCn: 'etcd-peer' }),
    'allowed-name',
    "m2 allows only the common name etcd-peer, and m1's leaf has m1",
    'no',
  ],
  [
    'seen-broken',
    { ...httpsWorld(2), blocked: ['m1>m2'] },
    'seen-broken',
    'fresh probes of m1 did not reach m2, though listener, trust and leaves fit',
    'yes',
  ],
];

describe('a dial from m1 to m2 that fails', () => {
  it.each(NO)('says %s', (_name, world, reason, because, back) => {
    const answers = ways(world);
    expect(answers.there).toEqual({ can: 'no', reason, because });
    expect(answers.back.can).toBe(back);
  });
});

describe('a dial that works', () => {
  it.each([
    ['http to http', httpWorld(2)],
    ['https to https with mutual TLS', httpsWorld(2)],
    ['with trust loaded and nobody on https yet', withTrust(httpWorld(2), 'm1')],
  ])('%s, in both directions', (_name, world) => {
    expect(ways(world).there.can).toBe('yes');
    expect(ways(world).back.can).toBe('yes');
  });

  it('uses whichever of several URLs fits, and tells which', () => {
    const both = ['http://10.0.0.2:2380', 'https://10.0.0.2:2380'];
    expect(dialBetween(withViewOf(httpsWorld(2), 'm1', 'm2', both), 'm1', 'm2')).toEqual({
      can: 'yes',
      url: httpsUrl('m2'),
    });
    expect(dialBetween(withViewOf(httpWorld(2), 'm1', 'm2', both), 'm1', 'm2')).toEqual({
      can: 'yes',
      url: httpUrl('m2'),
    });
  });

  it('with several URLs that all fail says the reason of the first', () => {
    const both = ['http://10.0.0.2:2390', 'https://10.0.0.2:2380'];
    const answer = dialBetween(withViewOf(httpWorld(2), 'm1', 'm2', both), 'm1', 'm2');
    expect(answer).toMatchObject({ can: 'no', reason: 'not-listening' });
  });

  it.each(['http://0.0.0.0:2380', 'http://[::]:2380'])('reaches a listener on %s', (listen) => {
    const world = withPeer(httpWorld(2), 'm2', { listen: [peerUrl(listen)] });
    expect(dialBetween(world, 'm1', 'm2').can).toBe('yes');
  });

  it('reaches a DNS name by its port alone: only the resolver knows more', () => {
    const world = withViewOf(httpWorld(2), 'm1', 'm2', ['http://m2.example:2380']);
    expect(dialBetween(world, 'm1', 'm2').can).toBe('yes');
  });
});

describe('names of the other side', () => {
  it('an allowed common name that fits is no hindrance, nor a host name', () => {
    expect(ways(withPeer(httpsWorld(2), 'm2', { allowedCn: 'm1,m2' })).there.can).toBe('yes');
    const byHost = withPeer(httpsWorld(2), 'm2', { allowedHostname: '10.0.0.1' });
    expect(dialBetween(byHost, 'm1', 'm2').can).toBe('yes');
  });

  it('an allowed host name that does not fit refuses', () => {
    const world = withPeer(httpsWorld(2), 'm2', { allowedHostname: 'etcd.example' });
    expect(dialBetween(world, 'm1', 'm2')).toMatchObject({ can: 'no', reason: 'allowed-name' });
  });

  it('is applied by the dialer to the server too', () => {
    const world = withPeer(httpsWorld(2), 'm1', { allowedCn: 'm1' });
    expect(dialBetween(world, 'm1', 'm2')).toMatchObject({ can: 'no', reason: 'allowed-name' });
  });

  it('a leaf without any SAN is not compared with the source address', () => {
    const plain = withLeaf('m1', { ipAddresses: [], dnsNames: [] });
    expect(dialBetween(withSource(plain, known(['192.168.7.7'])), 'm1', 'm2').can).toBe('yes');
  });

  it('a member that skips the SAN check takes any source address', () => {
    const strange = withSource(httpsWorld(2), known(['192.168.7.7']));
    expect(dialBetween(withPeer(strange, 'm2', { skipsClientSan: true }), 'm1', 'm2').can).toBe(
      'yes',
    );
  });
});

describe('dates', () => {
  it.each([
    ['m2', 'not yet valid', { notBeforeMs: NOW_MS + DAY_MS }, 'is not valid before 2026-11-23'],
    ['m1', 'expired', { notAfterMs: NOW_MS - 1 }, "m1's leaf expired at"],
  ])('a leaf of %s that is %s refuses', (name, _how, changes, because) => {
    const answer = dialBetween(withLeaf(name, changes), 'm1', 'm2');
    expect(answer).toMatchObject({ can: 'no', reason: 'expired' });
    expect(answer.can === 'no' && answer.because).toContain(because);
  });
});

describe('peer-auto-tls', () => {
  const auto = { hasAutoTls: true, certFile: undefined, keyFile: undefined };
  const listening = withPeer(httpsWorld(2), 'm2', auto);

  it('shows a certificate that nobody trusts', () => {
    expect(dialBetween(listening, 'm1', 'm2')).toMatchObject({ can: 'no', reason: 'no-trust' });
  });

  it('dials anybody who demands nothing: it verifies nobody', () => {
    const open = changed(listening, 'm1', (member) => {
      return {
        ...member,
        process: member.process && { ...member.process, demandsClientCert: false },
      };
    });
    expect(dialBetween(open, 'm2', 'm1').can).toBe('yes');
  });
});

describe('what is unknown', () => {
  it.each([
    [
      'the pool of the dialer',
      withPool(httpsWorld(2), 'm1', unknown('the file is newer')),
      'which CA m1 has loaded: the file is newer',
    ],
    [
      'the pool of the listener',
      withPool(httpsWorld(2), 'm2', unknown('the file is newer')),
      'which CA m2 has loaded: the file is newer',
    ],
    [
      'the source address',
      withSource(httpsWorld(2), unknown('no ip program')),
      'the address that m1 dials m2 from: no ip program',
    ],
  ])('%s makes the answer unknown, never yes', (_name, world, because) => {
    expect(dialBetween(world, 'm1', 'm2')).toEqual({ can: 'unknown', because });
  });

  it('whether a DNS name of the leaf resolves to the source address', () => {
    const named = withLeaf('m1', { dnsNames: ['m1.example'] });
    const world = withSource(named, known(['192.168.7.7']));
    expect(dialBetween(world, 'm1', 'm2').can).toBe('unknown');
  });
});

describe('who demands a client certificate', () => {
  const disk = (settings: Settings): Disk => ({ settings, files: {} });
  const caOnly = { [FLAG.peerTrustedCaFile]: '/ca.pem' };

  it.each([
    ['3.3.25', caOnly, false],
    ['3.4.23', caOnly, true],
    ['3.3.25', { [FLAG.peerClientCertAuth]: 'true' }, true],
    ['3.3.25', { [FLAG.peerCaFile]: '/ca.pem' }, true],
    ['3.4.23', { [FLAG.peerCaFile]: '/ca.pem' }, false],
    ['3.5.16', {}, false],
    ['3.4.23', { ...caOnly, [FLAG.peerAutoTls]: 'true' }, false],
  ])('etcd %s with %o: %s', (version, settings, demands) => {
    expect(demandsClientCert(disk(settings), version)).toBe(demands);
  });

  it('lets a member without a leaf in where it is not demanded', () => {
    const bare = withPeer(httpsWorld(2), 'm1', { certFile: undefined, keyFile: undefined });
    const open = changed(bare, 'm2', (member) => {
      const settings = Object.fromEntries(
        Object.entries(member.disk.settings).filter(([flag]) => flag !== FLAG.peerClientCertAuth),
      );
      const loaded = loadDisk({ ...member.disk, settings }, '3.3.25');
      return { ...member, process: loaded.ok ? loaded.value : undefined };
    });
    expect(memberOf(open, 'm2').process?.demandsClientCert).toBe(false);
    expect(dialBetween(open, 'm1', 'm2').can).toBe('yes');
  });
});

describe('the matrix', () => {
  it('has every ordered pair of up members and no other', () => {
    expect([...dialMatrix(withDown(httpsWorld(3), 'm2')).keys()]).toEqual(['m1>m3', 'm3>m1']);
    expect([...dialMatrix(httpsWorld(3)).keys()].sort()).toEqual(allPairs(['m1', 'm2', 'm3']));
  });

  it('links two members when one direction works', () => {
    const world = { ...httpsWorld(2), blocked: ['m1>m2'] };
    expect(isLinked(dialMatrix(world), 'm1', 'm2')).toBe(true);
    const cut = { ...httpsWorld(2), blocked: ['m1>m2', 'm2>m1'] };
    expect(isLinked(dialMatrix(cut), 'm1', 'm2')).toBe(false);
  });

  it('is that of a world of its own, whatever was asked before', () => {
    const world = httpsWorld(2);
    expect(dialMatrix(world).get('m1>m2')?.can).toBe('yes');
    const later = { ...world, nowMs: NOW_MS + 3000 * DAY_MS };
    expect(dialMatrix(later).get('m1>m2')?.can).toBe('no');
    expect(dialMatrix({ ...world, blocked: ['m1>m2'] }).get('m1>m2')?.can).toBe('no');
    expect(dialMatrix(world).get('m1>m2')?.can).toBe('yes');
  });
});
