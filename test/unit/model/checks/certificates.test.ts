/** Goal: what either end would hold against a leaf is told before a restart. Method: good leaves, m2's made worse. */

import { describe, expect, it } from 'vitest';
import type { Leaf } from '../../../../src/model/certificate.ts';
import type { CheckItem, CheckRule } from '../../../../src/model/check.ts';
import { certificateItems } from '../../../../src/model/checks/certificates.ts';
import type { HostProbe } from '../../../../src/model/host-probe.ts';
import type { LeafMaterial, Material } from '../../../../src/model/material.ts';
import { type ObservedState, known, unknown } from '../../../../src/model/observed.ts';
import { FLAG } from '../../../../src/model/settings.ts';
import { observedOf } from '../../../support/observed.ts';
import { probesOf } from '../../../support/probes.ts';
import { desiredFor, materialFor } from '../../../support/rollouts.ts';
import { NOW_MS, httpWorld, leafFor } from '../../../support/worlds.ts';

const WORLD = httpWorld();
const DAY_MS = 86_400_000;

interface Changes {
  readonly leaf?: Partial<Leaf>;
  readonly file?: Partial<LeafMaterial>;
  readonly material?: Partial<Material>;
  readonly probe?: Partial<HostProbe>;
  readonly state?: ObservedState;
}

function judged({ leaf, file, material, probe, state }: Changes = {}): readonly CheckItem[] {
  const base = materialFor(WORLD);
  const m2 = base.leaves.m2;
  if (m2 === undefined) throw new Error('m2 has no leaf');
  const changed = { ...m2, mustIssue: false, leaf: leafFor('m2', leaf), ...file };
  return certificateItems({
    desired: desiredFor(WORLD),
    state: state ?? observedOf(WORLD),
    material: { ...base, leaves: { ...base.leaves, m2: changed }, ...material },
    probes: probesOf(WORLD, { m2: probe ?? {} }),
  });
}

/** What is no pass, as `result rule where`. */
const bad = (items: readonly CheckItem[]): readonly string[] =>
  items
    .filter(({ result }) => result !== 'pass')
    .map((item) => `${item.result} ${item.rule} ${item.where}`);

describe('leaves', () => {
  it('that fit pass every rule', () => {
    expect(bad(judged())).toEqual([]);
    expect(judged().map(({ rule }) => rule)).toEqual([
      ...['files', 'keys', 'chain', 'key-usage', 'names', 'sources', 'dates', 'readable'],
    ]);
  });

  it.each<[CheckRule, Changes]>([
    ['keys', { file: { keyId: 'another key' } }],
    ['chain', { leaf: { trustedBy: [] } }],
    ['chain', { leaf: { trustedBy: ['ca-2'] } }],
    ['key-usage', { leaf: { clientAuth: false } }],
    ['key-usage', { leaf: { serverAuth: false } }],
    ['names', { leaf: { ipAddresses: ['10.0.0.9'], dnsNames: [] } }],
    ['dates', { leaf: { notAfterMs: NOW_MS - 1000 } }],
    ['dates', { leaf: { notBeforeMs: NOW_MS + 60_000 } }],
  ])('fail %s for the one that breaks it (%#)', (rule, changes) => {
    expect(bad(judged(changes))).toContain(`fail ${rule} m2`);
  });

  it('fail by the clock of the host that is behind', () => {
    const leaf = { notBeforeMs: NOW_MS - 60_000 };
    expect(bad(judged({ leaf }))).toEqual([]);
    const probe = { clock: known({ offsetMs: -300_000, boundMs: 500 }) };
    expect(bad(judged({ leaf, probe }))).toContain('fail dates m2');
  });

  it('are warned of when they end within the month', () => {
    expect(bad(judged({ leaf: { notAfterMs: NOW_MS + 10 * DAY_MS } }))).toEqual(['warn dates m2']);
  });

  it('that are still to be issued have no dates to be judged', () => {
    const changes = { leaf: { notAfterMs: 0 }, file: { mustIssue: true } };
    expect(bad(judged(changes))).toEqual([]);
  });
});

describe('the addresses that dials come from', () => {
  /** m2 dials m1 from another address than its own. */
  function fromElsewhere(address: string | undefined): ObservedState {
    const state = observedOf(WORLD);
    const fact = address === undefined ? unknown('ip is missing') : known([address]);
    const members = state.members.map((member) =>
      member.name === 'm2'
        ? { ...member, sourceAddresses: { ...member.sourceAddresses, m1: fact } }
        : member,
    );
    return { ...state, members };
  }

  it('fail when the leaf does not name one, with the address and the names', () => {
    const items = judged({ state: fromElsewhere('192.168.7.2'), leaf: { dnsNames: [] } });
    expect(bad(items)).toEqual(['fail sources m2']);
    expect(items.find(({ result }) => result === 'fail')?.because).toContain('192.168.7.2');
  });

  it('are a warning when a DNS name may resolve to it on the listener', () => {
    const leaf = { dnsNames: ['m2.example'] };
    expect(bad(judged({ state: fromElsewhere('192.168.7.2'), leaf }))).toEqual(['warn sources m2']);
  });

  it('fail when they could not be seen', () => {
    expect(bad(judged({ state: fromElsewhere(undefined) }))).toEqual(['fail sources m2']);
  });

  it('do not count where no leaf has a name at all, or where the listener skips the check', () => {
    const state = fromElsewhere('192.168.7.2');
    const members = state.members.map((member) => ({
      ...member,
      disk: member.disk.known
        ? known({ ...member.disk.value, [FLAG.peerSkipClientSan]: 'true' })
        : member.disk,
    }));
    expect(bad(judged({ state: { ...state, members } }))).toEqual([]);
  });
});

describe('files that stand on a host already', () => {
  it('fail when the user that etcd runs as cannot read them', () => {
    const path = '/etc/etcd/own/m2-key.pem';
    const state = observedOf(WORLD);
    const content = { kind: 'unusable', reason: 'permission denied' } as const;
    const members = state.members.map((member) => {
      const file = { path, digest: undefined, modifiedAtMs: undefined, content };
      return member.name === 'm2' ? { ...member, files: [...member.files, file] } : member;
    });
    const changes = { state: { ...state, members }, file: { keyPath: path } };
    expect(bad(judged({ ...changes, material: { mode: 'in-place' } }))).toEqual([
      'fail readable m2',
    ]);
    expect(bad(judged(changes))).toEqual([]);
  });
});
