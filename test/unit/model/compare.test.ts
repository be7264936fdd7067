/** Goal: what differs between the expected world and the seen one is named, and nothing else is. */

import { describe, expect, it } from 'vitest';
import { worldDifferences } from '../../../src/model/compare.ts';
import { memberName } from '../../../src/model/ids.ts';
import { known, unknown } from '../../../src/model/observed.ts';
import { FLAG } from '../../../src/model/settings.ts';
import { type MemberWorld, type World, allPairs, memberOf } from '../../../src/model/world.ts';
import {
  TLS_PATHS,
  httpWorld,
  httpsUrl,
  httpsWorld,
  leafFor,
  withDown,
  withTls,
} from '../../support/worlds.ts';

function changed(
  world: World,
  name: string,
  change: (member: MemberWorld) => Partial<MemberWorld>,
): World {
  return {
    ...world,
    members: world.members.map((each) =>
      each.name === name ? { ...each, ...change(each) } : each,
    ),
  };
}

function withSetting(flag: string, value: string): World {
  return changed(httpWorld(3), 'm2', ({ disk }) => ({
    disk: { ...disk, settings: { ...disk.settings, [flag]: value } },
  }));
}

const seen = httpsWorld(3);

const CASES: readonly (readonly [string, World, World, readonly (readonly [string, string])[]])[] =
  [
    ['nothing', seen, seen, []],
    [
      'who leads',
      httpWorld(3),
      { ...httpWorld(3), leader: memberName('m3') },
      [['leader', 'm3 leads, expected m1']],
    ],
    [
      'no leader at all',
      httpWorld(3),
      { ...httpWorld(3), leader: undefined },
      [['leader', 'nobody leads, expected m1']],
    ],
    [
      'an expectation of no certain leader',
      { ...httpWorld(3), leader: undefined },
      httpWorld(3),
      [],
    ],
    ['a member that is down', httpWorld(3), withDown(httpWorld(3), 'm2'), [['down', 'm2 is down']]],
    ['a member that is up', withDown(httpWorld(3), 'm2'), httpWorld(3), [['up', 'm2 is up']]],
    [
      'the list',
      httpWorld(3),
      { ...httpWorld(3), record: { ...httpWorld(3).record, m2: [httpsUrl('m2')] } },
      [['record', 'the list has https://10.0.0.2:2380 for m2, expected http://10.0.0.2:2380']],
    ],
    [
      'a setting of ours on disk',
      httpWorld(3),
      withSetting(FLAG.peerClientCertAuth, 'true'),
      [['settings', 'peer-client-cert-auth of m2 is true on disk, expected not set']],
    ],
    ['a setting that is not ours', httpWorld(3), withSetting('quota-backend-bytes', '1'), []],
    [
      'the CA that was loaded',
      seen,
      changed(seen, 'm1', ({ process }) => ({
        process: process && { ...process, pool: known(['another']) },
      })),
      [['process', 'm1 has loaded another CA than expected']],
    ],
    [
      'a pool that is unknown now',
      seen,
      changed(seen, 'm1', ({ process }) => ({
        process: process && { ...process, pool: unknown('newer file') },
      })),
      [],
    ],
    [
      'links that were not probed',
      httpWorld(3),
      { ...httpWorld(3), unobserved: allPairs(['m1', 'm2']) },
      [],
    ],
  ];

describe('what differs', () => {
  it.each(CASES)('%s', (_name, expected, now, differences) => {
    const found = worldDifferences(expected, now);
    expect(found.map(({ kind, text }) => [kind, text])).toEqual(differences);
  });

  it('a process with other peer settings, beside its disk', () => {
    const kinds = worldDifferences(httpWorld(3), withTls(httpWorld(3), 'm2')).map(
      ({ kind }) => kind,
    );
    expect(new Set(kinds)).toEqual(new Set(['process', 'settings', 'record']));
  });

  it('a file in use that is another one now, and no file that nobody uses', () => {
    const other = { kind: 'leaf', leaf: leafFor('m1', { fingerprint: 'other' }) } as const;
    const now = changed(seen, 'm1', ({ disk }) => ({
      disk: { ...disk, files: { ...disk.files, [TLS_PATHS.leaf]: other, '/tmp/x.pem': other } },
    }));
    const [found, ...more] = worldDifferences(seen, now);
    expect(more).toEqual([]);
    expect(found?.kind).toBe('file');
    expect(found?.text).toContain(`${TLS_PATHS.leaf} of m1 is not the file that was put there`);
    expect(memberOf(now, 'm1').name).toBe('m1');
  });
});
