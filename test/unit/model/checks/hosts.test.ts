/** Goal: a host that would stop a run says so before it. Method: sound hosts, one thing worse, rule and result. */

import { describe, expect, it } from 'vitest';
import type { CheckItem, CheckRule } from '../../../../src/model/check.ts';
import { ordered } from '../../../../src/model/check.ts';
import { type HostsJudged, hostItems } from '../../../../src/model/checks/hosts.ts';
import type { HostProbe, PlaceSeen } from '../../../../src/model/host-probe.ts';
import { known, unknown } from '../../../../src/model/observed.ts';
import { observedOf } from '../../../support/observed.ts';
import { probesOf, seenOn } from '../../../support/probes.ts';
import { desiredFor } from '../../../support/rollouts.ts';
import { httpWorld } from '../../../support/worlds.ts';

const WORLD = httpWorld();
const MIB = 1024 ** 2;
const HERE: PlaceSeen = {
  purpose: 'state',
  path: '/home/op/.peershift',
  isWritable: true,
  freeBytes: 900 * MIB,
};

function judged(
  m2: Partial<HostProbe> = {},
  changes: Partial<HostsJudged> = {},
): readonly CheckItem[] {
  return hostItems({
    desired: desiredFor(WORLD),
    state: observedOf(WORLD),
    here: HERE,
    probes: probesOf(WORLD, { m2 }),
    ...changes,
  });
}

function of(items: readonly CheckItem[], rule: CheckRule): readonly string[] {
  return items
    .filter((item) => item.rule === rule)
    .map(({ result, where }) => `${result} ${where}`);
}

const place = (purpose: PlaceSeen['purpose'], changes: Partial<PlaceSeen>): PlaceSeen => ({
  ...(seenOn().places.find((each) => each.purpose === purpose) ?? HERE),
  ...changes,
});

describe('hosts to which nothing can be said', () => {
  it('pass every rule in one line each', () => {
    const items = judged();
    expect(items.map(({ result }) => result)).toEqual(items.map(() => 'pass'));
    expect(of(items, 'reach')).toEqual(['pass m1, m2, m3']);
    expect(of(items, 'space')).toEqual(['pass m1, m2, m3, this machine']);
  });
});

describe('one host that is worse', () => {
  const worse = (changes: Parameters<typeof seenOn>[0]): Partial<HostProbe> => ({
    seen: known(seenOn(changes)),
  });

  it('fails when it cannot be reached, and the others pass', () => {
    const items = judged({ seen: unknown('m2: no route to host') });
    expect(of(items, 'reach')).toEqual(['pass m1, m3', 'fail m2']);
    expect(items.find(({ result }) => result === 'fail')?.because).toContain('no route');
  });

  it('fails when peershift may not write the certificates or the config', () => {
    for (const purpose of ['certificates', 'config'] as const) {
      const items = judged(worse({ uid: 1000, places: [place(purpose, { isWritable: false })] }));
      expect(of(items, 'user')).toContain('fail m2');
    }
  });

  it('is warned of when files cannot be given to the user that etcd runs as', () => {
    expect(of(judged(worse({ uid: 1000 })), 'user')).toContain('warn m2');
    expect(of(judged(worse({ uid: 107 })), 'user')).toEqual(['pass m1, m2, m3']);
  });

  it.each([
    [600 * 1000, 'warn'],
    [-30 * 1000, 'warn'],
    [-600 * 1000, 'fail'],
    [900, undefined],
  ] as const)('has a clock that is %s ms off: %s', (offsetMs, result) => {
    const lines = of(judged({ clock: known({ offsetMs, boundMs: 500 }) }), 'clock');
    expect(lines).toEqual(
      result === undefined ? ['pass m1, m2, m3'] : ['pass m1, m3', `${result} m2`],
    );
  });

  it('is warned of when its clock cannot be read', () => {
    expect(of(judged({ clock: unknown('date is missing') }), 'clock')).toContain('warn m2');
  });

  it.each([
    ['certificates', 0, 'fail'],
    ['config', 1000, 'fail'],
    ['data', 100 * MIB, 'fail'],
    ['data', 500 * MIB, 'warn'],
    ['data', undefined, 'warn'],
  ] as const)('has for %s only %s bytes free: %s', (purpose, freeBytes, result) => {
    const items = judged(worse({ places: [place(purpose, { freeBytes })] }));
    expect(of(items, 'space')).toContain(`${result} m2`);
  });

  it('fails when its config file says who writes it, unless the plan accepts that by name', () => {
    const items = judged({ managedLine: '# Managed by Puppet' });
    expect(of(items, 'config-managed')).toEqual(['pass m1, m3', 'fail m2']);
    const accepted = ordered(items, ['config-managed']);
    expect(of(accepted, 'config-managed')).toEqual(['pass m1, m3', 'warn m2']);
    expect(of(ordered(items, ['downtime']), 'config-managed')).toContain('fail m2');
  });

  it('is warned of when an agent runs and no header says that it writes the file', () => {
    const items = judged(worse({ managers: ['Salt (process 31)'] }));
    expect(of(items, 'config-managed')).toContain('warn m2');
  });

  it('fails when a proxy would get in between', () => {
    const proxy = known({ HTTPS_PROXY: 'http://proxy:3128' });
    expect(of(judged({ proxy }), 'proxy')).toEqual(['pass m1, m3', 'fail m2']);
  });
});

describe('this machine', () => {
  it('fails without room for the backup, or without a folder that can be written', () => {
    const full = judged({}, { here: { ...HERE, freeBytes: 1000 } });
    expect(of(full, 'space')).toContain('fail this machine');
    const closed = judged({}, { here: { ...HERE, isWritable: false } });
    expect(of(closed, 'space')).toContain('fail this machine');
  });

  it('needs no room where no backup is asked for', () => {
    const desired = { ...desiredFor(WORLD), takesBackup: false };
    const items = judged({}, { desired, here: { ...HERE, freeBytes: 1000 } });
    expect(of(items, 'space')).toEqual(['pass m1, m2, m3, this machine']);
  });
});
