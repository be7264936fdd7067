/**
 * Goal: the world is made of what was seen and of nothing else. Method: whole states, one thing
 * taken away.
 */

import { describe, expect, it } from 'vitest';
import {
  type ObservedMember,
  type ObservedState,
  known,
  unknown,
} from '../../../src/model/observed.ts';
import { worldOf } from '../../../src/model/observed-world.ts';
import { FLAG } from '../../../src/model/settings.ts';
import { type MemberWorld, type World, memberOf } from '../../../src/model/world.ts';
import { observedOf } from '../../support/observed.ts';
import {
  TLS_PATHS,
  httpWorld,
  httpsWorld,
  mixedWorld,
  withDown,
  withTrust,
} from '../../support/worlds.ts';

function changed(
  world: World,
  name: string,
  changes: (member: ObservedMember) => Partial<ObservedMember>,
): ObservedState {
  const state = observedOf(world);
  const members = state.members.map((member) =>
    member.name === name ? { ...member, ...changes(member) } : member,
  );
  return { ...state, members };
}

function madeOf(state: ObservedState): World {
  const world = worldOf(state);
  if (!world.ok) throw new Error(JSON.stringify(world.error));
  return world.value;
}

const m2In = (state: ObservedState): MemberWorld => memberOf(madeOf(state), 'm2');

describe('the world of a state without gaps', () => {
  it.each([httpWorld(), mixedWorld(), httpsWorld(5), withDown(mixedWorld(), 'm2')])(
    'is the one that was seen',
    (world) => {
      expect(madeOf(observedOf(world))).toEqual(world);
    },
  );

  it('has the links that the caller has not seen, or has seen broken', () => {
    expect(worldOf(observedOf(httpWorld()), ['m2>m1', 'm1>m2'], ['m3>m1'])).toMatchObject({
      value: { unobserved: ['m1>m2', 'm2>m1'], blocked: ['m3>m1'] },
    });
  });

  it('has the agreed list for a stopped member, whose own cannot be seen', () => {
    const world = madeOf(observedOf(withDown(mixedWorld(), 'm2')));
    expect(memberOf(world, 'm2').view).toEqual(world.record);
    expect(memberOf(world, 'm2').process).toBeUndefined();
  });

  it('runs with what the process was started with, not with what the disk says now', () => {
    const listen = 'https://10.0.0.2:2380';
    const state = changed(httpWorld(), 'm2', ({ disk }) => ({
      disk: disk.known ? known({ ...disk.value, [FLAG.listenPeerUrls]: listen }) : disk,
    }));
    expect(m2In(state).process?.peer.listen).toEqual(['http://10.0.0.2:2380']);
    expect(m2In(state).disk.settings[FLAG.listenPeerUrls]).toBe(listen);
  });

  it('demands client certificates by the rule of the member’s own version', () => {
    const withoutFlag = (version: string): ObservedState =>
      changed(withTrust(httpWorld(3, version), 'm2'), 'm2', ({ running }) => ({
        running: running.known
          ? known({ ...running.value, [FLAG.peerClientCertAuth]: 'false' })
          : running,
      }));
    expect(m2In(withoutFlag('3.4.23')).process?.demandsClientCert).toBe(true);
    expect(m2In(withoutFlag('3.3.25')).process?.demandsClientCert).toBe(false);
  });
});

describe('the CA pool of a running process', () => {
  const withCaFile = (changes: Partial<ObservedMember['files'][number]>): ObservedState =>
    changed(httpsWorld(), 'm2', ({ files }) => ({
      files: files.map((file) => (file.path === TLS_PATHS.ca ? { ...file, ...changes } : file)),
    }));
  const startedAtMs = httpsWorld().nowMs - 3_600_000;

  // The states of these tests have files younger than their processes unless said otherwise.
  it('is what the file holds when it is older than the process', () => {
    expect(m2In(withCaFile({ modifiedAtMs: startedAtMs - 1 })).process?.pool).toEqual(
      known(['ca-1']),
    );
  });

  it('is what the file holds when it was written in the second that the start is rounded to', () => {
    expect(m2In(withCaFile({ modifiedAtMs: startedAtMs + 900 })).process?.pool.known).toBe(true);
  });

  it('is unknown when the file was changed after the start', () => {
    expect(m2In(withCaFile({ modifiedAtMs: startedAtMs + 60_000 })).process?.pool).toEqual(
      unknown(`${TLS_PATHS.ca} was changed after the process had started`),
    );
  });

  it('is unknown when the file is gone or unusable', () => {
    expect(m2In(withCaFile({ content: { kind: 'absent' } })).process?.pool).toMatchObject({
      known: false,
      reason: expect.stringContaining('it is not there now') as string,
    });
    const content = { kind: 'unusable', reason: 'permission denied' } as const;
    expect(m2In(withCaFile({ content })).process?.pool).toMatchObject({
      known: false,
      reason: expect.stringContaining('permission denied') as string,
    });
  });

  it('is empty and known when no CA file is given', () => {
    expect(m2In(observedOf(httpWorld())).process?.pool).toEqual(known([]));
  });
});

describe('a gap that a dial would need', () => {
  const because = unknown('it did not answer');
  const gaps: readonly (readonly [string, Partial<ObservedMember>, string])[] = [
    ['whether it runs', { process: because }, 'whether it runs: it did not answer'],
    [
      'what it runs with',
      { running: because },
      'the settings that it runs with: it did not answer',
    ],
    ['what its disk says', { disk: because }, 'the settings on its disk: it did not answer'],
    ['its view', { view: because }, 'its own copy of the member list: it did not answer'],
  ];

  it.each(gaps)('refuses: %s', (_what, changes, text) => {
    const world = worldOf(changed(httpWorld(), 'm2', () => changes));
    expect(world).toMatchObject({ error: [{ code: 'FACT_UNKNOWN', where: 'member m2' }] });
    expect(world.ok ? '' : world.error[0]?.but).toContain(text);
  });

  it('is told once for each member, with all that is missing', () => {
    const state = observedOf(httpWorld());
    const members = state.members.map((member) => ({ ...member, running: because, view: because }));
    const world = worldOf({ ...state, members });
    expect(world.ok ? [] : world.error.map(({ where }) => where)).toEqual([
      'member m1',
      'member m2',
      'member m3',
    ]);
    expect(world.ok ? '' : world.error[0]?.but).toContain(
      'runs with: it did not answer; its own copy',
    );
  });

  it('is told once when one reason hides both running and disk settings', () => {
    const world = worldOf(changed(httpWorld(), 'm2', () => ({ running: because, disk: because })));
    expect(world.ok ? '' : world.error[0]?.but.split('it did not answer')).toHaveLength(2);
  });

  it('is none where a member is stopped: it has no running settings and no view to tell', () => {
    expect(worldOf(observedOf(withDown(httpWorld(), 'm3'))).ok).toBe(true);
  });
});

describe('the version of a silent member', () => {
  const down = withDown(httpWorld(), 'm3');
  const withVersions = (...versions: readonly string[]): ObservedState => {
    const state = observedOf(down);
    const members = state.members.map((member, at) => {
      const version = versions[at];
      if (!member.status.known || version === undefined) return member;
      return { ...member, status: known({ ...member.status.value, version }) };
    });
    return { ...state, members };
  };

  it('is the lowest of the others while one set of rules fits them all', () => {
    expect(memberOf(madeOf(withVersions('3.5.16', '3.4.23')), 'm3').version).toBe('3.4.23');
  });

  it('is unknown when the others stand on both sides of 3.4', () => {
    const world = worldOf(withVersions('3.4.23', '3.3.25'));
    expect(world).toMatchObject({ error: [{ code: 'FACT_UNKNOWN', where: 'member m3' }] });
  });
});
