/**
 * Goal: each thing that can be wrong with a plan's certificates is said, once, of the right member. Method: a good
 * cluster of three, spoilt in one way at a time.
 */

import { describe, expect, test } from 'vitest';
import type { Leaf } from '../../../src/model/certificate.ts';
import {
  type CertificatePlan,
  planFindings,
  soonestExpiry,
} from '../../../src/model/certificate-plan.ts';
import { known, unknown } from '../../../src/model/observed.ts';
import { FLAG } from '../../../src/model/settings.ts';
import { observedOf } from '../../support/observed.ts';
import { desiredFor, materialFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const world = httpWorld(3);
const DAY_MS = 86_400_000;

function good(): CertificatePlan {
  const material = materialFor(world);
  const leaves = Object.entries(material.leaves).map(([name, one]) => {
    return [name, { ...one, mustIssue: false, keyId: one.leaf.keyId }] as const;
  });
  return {
    desired: desiredFor(world),
    observed: observedOf(world),
    material: { ...material, mustMakeAuthority: false, leaves: Object.fromEntries(leaves) },
    nowMs: world.nowMs,
  };
}

function withLeaf(changes: Partial<Leaf>, keyId?: string): CertificatePlan {
  const plan = good();
  const { m2 } = plan.material.leaves;
  if (m2 === undefined) throw new Error('no m2');
  const spoilt = { ...m2, leaf: { ...m2.leaf, ...changes }, keyId: keyId ?? m2.keyId };
  const leaves = { ...plan.material.leaves, m2: spoilt };
  return { ...plan, material: { ...plan.material, leaves } };
}

function withMember(
  changes: (member: CertificatePlan['observed']['members'][number]) => object,
): CertificatePlan {
  const plan = good();
  const members = plan.observed.members.map((member) =>
    member.name === 'm2' ? { ...member, ...changes(member) } : member,
  );
  return { ...plan, observed: { ...plan.observed, members } };
}

const bad = (plan: CertificatePlan): readonly string[] =>
  planFindings(plan).flatMap(({ level, about, check, because }) =>
    level === 'good' ? [] : [`${level} ${about} ${check}: ${because}`],
  );

test('a good plan has nothing against it, and says what was looked at', () => {
  expect(bad(good())).toEqual([]);
  const checks = new Set(planFindings(good()).map(({ check }) => check));
  expect([...checks].sort()).toEqual(['chain', 'dates', 'key', 'names', 'source', 'usage']);
});

describe('what is wrong is said of its member', () => {
  test.each<[string, CertificatePlan, RegExp]>([
    ['expired', withLeaf({ notAfterMs: world.nowMs - 1 }), /^problem m2 dates: it expired on/],
    ['not yet', withLeaf({ notBeforeMs: world.nowMs + 1 }), /^problem m2 dates: .*clocks/],
    ['soon', withLeaf({ notAfterMs: world.nowMs + 9 * DAY_MS }), /^warning m2 dates: .*9 days/],
    [
      'an intermediate',
      withLeaf({ chainEndsMs: world.nowMs }),
      /^problem m2 dates: its CA expired/,
    ],
    ['distrust', withLeaf({ trustedBy: [], distrust: 'no' }), /^problem m2 chain: no CA.*: no/],
    ['no client', withLeaf({ clientAuth: false }), /^problem m2 usage: .*clientAuth/],
    ['no server', withLeaf({ serverAuth: false }), /^problem m2 usage: .*serverAuth/],
    ['key', withLeaf({}, 'another'), /^problem m2 key: is not the key/],
    ['short', withLeaf({ keyKind: 'RSA 1024' }), /^problem m2 algorithm: .*RSA 1024/],
  ])('%s', (_what, plan, words) => {
    const found = bad(plan);
    expect(found, found.join('\n')).toHaveLength(1);
    expect(found[0]).toMatch(words);
  });

  test('names that are missing', () => {
    const found = bad(withLeaf({ ipAddresses: [], dnsNames: ['other'] }));
    expect(found.some((line) => line.startsWith('problem m2 names: does not name'))).toBe(true);
    expect(found.some((line) => line.startsWith('problem m2 source: does not name'))).toBe(true);
  });

  test('a source address that nobody knows', () => {
    const sources = { m1: unknown('no route') };
    expect(bad(withMember(() => ({ sourceAddresses: sources })))).toEqual([
      'unknown m2 source: from which address it dials m1 is not known: no route',
    ]);
  });

  test('a common name that another member does not let in', () => {
    const found = bad(
      withMember((member) => {
        const settings = member.disk.known ? member.disk.value : {};
        return { disk: known({ ...settings, [FLAG.peerCertAllowedCn]: 'etcd-peer' }) };
      }),
    );
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^problem m1 allowed-cn: m2 lets in only the common name etcd-peer/);
  });

  test('a key on a host that others can read, and a file that etcd cannot use', () => {
    const file = { digest: 'd', modifiedAtMs: 0 };
    const open = { ...file, path: '/k', mode: 0o644, content: { kind: 'key', keyId: 'k' } };
    const broken = { ...file, path: '/c', content: { kind: 'unusable', reason: 'is encrypted' } };
    expect(bad(withMember(() => ({ files: [open, broken] })))).toEqual([
      'warning /k of m2 file: its mode is 0644: others than its owner may read the private key',
      'problem /c of m2 file: is encrypted',
    ]);
  });

  test('one key for all members, and what that costs', () => {
    const plan = good();
    const shared = { ...plan.desired, pki: { ...plan.desired.pki, isShared: true } };
    const found = bad({ ...plan, desired: shared });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^warning the shared leaf key: one key for all members/);
  });
});

test('the soonest end is that of the leaf that ends first', () => {
  const endsMs = world.nowMs + 40 * DAY_MS;
  expect(soonestExpiry(withLeaf({ notAfterMs: endsMs }))).toEqual({
    about: 'the leaf of m2',
    endsMs,
  });
});

test('of a host that cannot be looked at nothing is called good', () => {
  const plan = withMember(() => ({ disk: unknown('its host does not answer'), files: [] }));
  expect(bad(plan)).toEqual([
    'unknown the TLS files of m2 file: which ones there are is not known: its host does not answer',
  ]);
});
