/** Goal: the cluster's part of the screen leaves nothing out. Method: a sound cluster, one thing worse. */

import { describe, expect, it } from 'vitest';
import type { CheckItem } from '../../../../src/model/check.ts';
import { type AuthSeen, clusterItems, leaseItems } from '../../../../src/model/checks/cluster.ts';
import type { DesiredSpec } from '../../../../src/model/desired.ts';
import { type Fact, type ObservedState, known, unknown } from '../../../../src/model/observed.ts';
import { preflight } from '../../../../src/model/preflight.ts';
import { observedOf } from '../../../support/observed.ts';
import { desiredFor } from '../../../support/rollouts.ts';
import { httpWorld, withDown } from '../../../support/worlds.ts';

const OPTIONS = { acceptDowntime: false, tolerateDown: [], stoppedByUs: [] };

function judged(
  changes: Partial<ObservedState> = {},
  auth: Fact<AuthSeen> = known({ kind: 'open' }),
  plan: Partial<DesiredSpec> = {},
  world = httpWorld(),
): readonly CheckItem[] {
  const desired = { ...desiredFor(world), ...plan };
  const state = { ...observedOf(world), ...changes };
  return clusterItems({ desired, state, preflight: preflight(state, desired, OPTIONS), auth });
}

const bad = (items: readonly CheckItem[]): readonly string[] =>
  items.filter(({ result }) => result !== 'pass').map((item) => `${item.result} ${item.rule}`);

describe('the cluster', () => {
  it('passes every rule when it is sound, each of them once', () => {
    const items = judged();
    expect(bad(items)).toEqual([]);
    const rules = items.map(({ rule }) => rule);
    expect(new Set(rules).size).toBe(rules.length);
    const quorum = items.find(({ rule }) => rule === 'quorum')?.because;
    expect(quorum).toBe('3 of 3 run, 2 are needed: 1 may fail now; m1 leads');
  });

  it('fails by what a preview would refuse, and says no pass of the same rule', () => {
    const alarm = judged({ alarms: known([{ member: 'm1', alarm: 'NOSPACE' }]) });
    expect(bad(alarm)).toEqual(['fail alarms']);
    expect(alarm.filter(({ rule }) => rule === 'alarms')).toHaveLength(1);
    const down = judged({}, known({ kind: 'open' }), {}, withDown(httpWorld(), 'm3'));
    expect(bad(down)).toContain('fail health');
    const stranger = { name: 'm9', id: undefined, kind: 'not-in-cluster' } as const;
    expect(bad(judged({ strangers: [stranger] }))).toContain('fail members');
  });

  it.each([
    ['3.5.1', 2],
    ['3.5.4', 1],
    ['3.5.16', 0],
    ['3.4.2', 1],
    ['3.4.23', 0],
    ['3.3.25', 1],
  ])('of etcd %s has %s known bugs that bear on the change', (version, count) => {
    const items = judged({}, known({ kind: 'open' }), {}, httpWorld(3, version));
    const bugs = items.filter(({ rule, result }) => rule === 'version-bugs' && result === 'warn');
    expect(bugs).toHaveLength(count);
    expect(bugs.every(({ where }) => where === 'm1, m2, m3')).toBe(true);
  });

  it('is warned of when its members run several versions', () => {
    const state = observedOf(httpWorld(3, '3.5.14'));
    const members = state.members.map((member, at) =>
      at === 0 && member.status.known
        ? { ...member, status: known({ ...member.status.value, version: '3.5.16' }) }
        : member,
    );
    const items = judged({ members });
    expect(bad(items)).toEqual(['warn versions']);
    expect(items.find(({ result }) => result === 'warn')?.because).toContain('two ways');
  });
});

describe('auth', () => {
  const login = { username: 'admin', passwordEnv: 'PEERSHIFT_PASSWORD' };
  const plan = { cluster: { ...desiredFor(httpWorld()).cluster, auth: login } };
  const asking = (roles: Fact<readonly string[]>): readonly string[] =>
    bad(judged({}, known({ kind: 'logged-in', roles }), plan));

  it('passes with the root role alone', () => {
    expect(asking(known(['root']))).toEqual([]);
    expect(asking(known(['reader']))).toEqual(['fail auth']);
    expect(asking(known([]))).toEqual(['fail auth']);
    expect(asking(unknown('auth is off'))).toEqual(['warn auth']);
  });

  it('fails when a login is asked for and the plan has none', () => {
    const items = judged({}, unknown('etcdserver: user name is empty'));
    expect(bad(items)).toEqual(['fail auth']);
    expect(items.find(({ result }) => result === 'fail')?.remedy).toContain('cluster.auth');
  });
});

describe('leases', () => {
  const window = { fromStep: 4, toStep: 9, brokenPairs: ['m2>m1'], because: 'no client leaf' };
  const seen = (count: number, shortestSeconds: number | undefined) =>
    known({ count, askedCount: count, shortestSeconds });

  it('are a warning exactly when one is shorter than a degraded window', () => {
    expect(bad(leaseItems(seen(4, 30), [window], 33_000))).toEqual(['warn leases']);
    expect(bad(leaseItems(seen(4, 60), [window], 33_000))).toEqual([]);
    expect(bad(leaseItems(seen(0, undefined), [window], 33_000))).toEqual([]);
    expect(bad(leaseItems(seen(4, 5), [], 0))).toEqual([]);
  });

  it('that cannot be listed are a warning while something is at stake', () => {
    expect(bad(leaseItems(unknown('not allowed'), [window], 33_000))).toEqual(['warn leases']);
    expect(leaseItems(unknown('not allowed'), [], 0)).toEqual([]);
  });
});
