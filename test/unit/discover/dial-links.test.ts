/**
 * Goal: a dial speaks for a process only when the process was seen to carry what the dial is made with, and
 * none is made that must be refused. Method: simulated worlds, seen without a gap, and a dialer that notes.
 */

import { describe, expect, it } from 'vitest';

import { sha256 } from '../../../src/base/digest.ts';
import { err, ok } from '../../../src/base/result.ts';
import { dialLinks } from '../../../src/discover/dial-links.ts';
import type { VerifyInput } from '../../../src/discover/verify-links.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { ObservedMember } from '../../../src/model/observed.ts';
import { worldOf } from '../../../src/model/observed-world.ts';
import { urlParts } from '../../../src/model/url.ts';
import type { World } from '../../../src/model/world.ts';
import type { MemberDoors, PeerDialer, PeerTroubleKind } from '../../../src/ports.ts';
import { FakeConfig, FakeHost, FakeService } from '../../support/fake-doors.ts';
import { observedOf } from '../../support/observed.ts';
import {
  TLS_PATHS,
  httpWorld,
  httpsUrl,
  httpsWorld,
  leafFor,
  mixedWorld,
  withDown,
} from '../../support/worlds.ts';

interface Bench {
  readonly input: VerifyInput;
  readonly asked: readonly string[];
}

interface Changes extends Partial<Pick<VerifyInput, 'isHere' | 'keysStay'>> {
  readonly trouble?: PeerTroubleKind;
  readonly fingerprint?: string;
  readonly member?: (member: ObservedMember) => Partial<ObservedMember>;
}

function benchOf(world: World, changes: Changes = {}): Bench {
  const { trouble, fingerprint, member: change, ...input } = changes;
  const asked: string[] = [];
  const never = (): Promise<never> => Promise.reject(new Error('a gate makes no such dial'));
  const failed = trouble && err({ kind: trouble, because: `it ended as ${trouble}` });
  const dialer: PeerDialer = {
    dial: ({ url }, { cert }) => {
      asked.push(`${cert} -> ${url}`);
      const name = `m${urlParts(url).host.split('.').at(-1) ?? ''}`;
      const shown = fingerprint ?? leafFor(name).fingerprint;
      const answer = { protocol: 'TLSv1.3', cipher: 'A_CIPHER', fingerprint: shown };
      return Promise.resolve(failed ?? ok({ ...answer, version: '3.4.23' }));
    },
    get: ({ url }) => {
      asked.push(`plain -> ${url}`);
      return Promise.resolve(failed ?? ok({ statusCode: 200, body: '', clusterId: undefined }));
    },
    dialWithoutLeaf: never,
    dialPlain: never,
  };
  const doors = new Map(
    world.members.map(({ name }): [typeof name, MemberDoors] => {
      const host = new FakeHost(`host-of-${name}`);
      for (const [kind, path] of Object.entries(TLS_PATHS)) host.put(path, `${kind} of ${name}`);
      const config = new FakeConfig(host, '/etc/default/etcd');
      const service = new FakeService(host, '/etc/default/etcd');
      // With keys that stay, the member can be dialed from: it is the key alone that is missing.
      const own = input.keysStay === true ? { dialer } : {};
      return [name, { host, config, service, log: undefined, ...own }];
    }),
  );
  const seen = observedOf(world);
  const members = seen.members.map((member) => {
    const files = member.files.map((file) => {
      const kind = Object.entries(TLS_PATHS).find(([, path]) => path === file.path)?.[0] ?? '';
      return { ...file, digest: sha256(`${kind} of ${member.name}`) };
    });
    const whole = { ...member, files };
    return member.name === 'm1' ? { ...whole, ...change?.(whole) } : whole;
  });
  const state = { ...seen, members };
  const judged = worldOf(state);
  if (!judged.ok) throw new Error(JSON.stringify(judged.error));
  return {
    input: { state, world: judged.value, doors, dialer, isHere: () => true, ...input },
    asked,
  };
}

const PAIR = ['m1>m2'];

describe('a dial for a gate', () => {
  it('is made with the own leaf of the dialing member, and answered by etcd', async () => {
    const { input, asked } = benchOf(httpsWorld());
    expect((await dialLinks(input, PAIR)).get('m1>m2')).toEqual({
      result: 'answered',
      because: `a dial from the host of m1 with its own leaf: ${httpsUrl('m2')}: TLSv1.3, A_CIPHER, etcd 3.4.23 answers`,
    });
    expect(asked).toEqual([`leaf of m1 -> ${httpsUrl('m2')}`]);
  });

  it('is a plain question where the URL is plain', async () => {
    const { input } = benchOf(httpWorld());
    expect((await dialLinks(input, PAIR)).get('m1>m2')).toMatchObject({ result: 'answered' });
  });

  it.each([
    ['client-rejected', 'refused'],
    ['connection-refused', 'refused'],
    ['timeout', 'undecided'],
  ] as const)('that ends as %s counts as %s', async (trouble, result) => {
    for (const world of [httpsWorld(), httpWorld()]) {
      const { input } = benchOf(world, { trouble });
      const dialed = (await dialLinks(input, PAIR)).get('m1>m2');
      expect(dialed).toMatchObject({ result });
      expect(dialed?.because).toContain(`it ended as ${trouble}`);
    }
  });

  it.each<[string, World, Changes, string]>([
    ['that the model says is refused', mixedWorld(), {}, 'no dial is made'],
    ['of a member that is down', withDown(httpsWorld(), 'm2'), {}, 'm2 does not run'],
    [
      'from a machine that cannot dial for us',
      httpsWorld(),
      { isHere: (name) => name !== memberName('m1') },
      'its dials cannot be made from here',
    ],
    [
      'whose key never leaves its host',
      httpsWorld(),
      { keysStay: true, isHere: () => false },
      'never leaves host-of-m1',
    ],
    [
      'whose process may have loaded another CA file',
      httpsWorld(),
      {
        member: ({ files, process }) => ({
          files: files.map((file) => {
            const startedAtMs =
              process.known && process.value !== 'stopped' ? process.value.startedAtMs : 0;
            return file.path === TLS_PATHS.ca
              ? { ...file, modifiedAtMs: startedAtMs + 60_000 }
              : file;
          }),
        }),
      },
      'was changed after the process had started',
    ],
    [
      'whose leaf was changed while it was looked at',
      httpsWorld(),
      {
        member: ({ files }) => ({
          files: files.map((file) =>
            file.path === TLS_PATHS.leaf ? { ...file, digest: 'x' } : file,
          ),
        }),
      },
      'was changed while it was looked at',
    ],
  ])('is not made, and decides nothing, %s', async (_what, world, changes, words) => {
    const { input, asked } = benchOf(world, changes);
    const pair = words.startsWith('no dial') ? 'm2>m1' : 'm1>m2';
    const dialed = (await dialLinks(input, [pair])).get(pair);
    expect(dialed).toMatchObject({ result: 'undecided' });
    expect(dialed?.because).toContain(words);
    expect(asked).toEqual([]);
  });

  it('decides nothing when another leaf answers than the one on the disk', async () => {
    const { input } = benchOf(httpsWorld(), { fingerprint: 'ff' });
    expect((await dialLinks(input, PAIR)).get('m1>m2')).toMatchObject({ result: 'undecided' });
  });
});
