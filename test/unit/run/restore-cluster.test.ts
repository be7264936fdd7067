/** Goal: of the members that have data, only the database of one that nobody is ahead of becomes the new cluster's. */

import { describe, expect, it } from 'vitest';

import { ok } from '../../../src/base/result.ts';
import { type MemberName, memberName } from '../../../src/model/ids.ts';
import { known } from '../../../src/model/observed.ts';
import { planRestore, restoreWords } from '../../../src/plan/plan-restore.ts';
import { prove } from '../../../src/prove/prove.ts';
import { RESCUE_RULES } from '../../../src/prove/rescue-rules.ts';
import type { Hands } from '../../../src/run/handlers/context.ts';
import { restoreCluster } from '../../../src/run/handlers/restore-cluster.ts';
import { desiredFor } from '../../support/rollouts.ts';
import { httpWorld, httpsWorld, peerUrl, withDown } from '../../support/worlds.ts';

const [m1, m2, m3] = ['m1', 'm2', 'm3'].map(memberName) as [MemberName, MemberName, MemberName];
const https = httpsWorld(3);
const world = withDown(withDown(https, m2), m3);
const desired = desiredFor(https);
const what = { ...restoreWords(world, m1, [m1, m3]), folders: { m1: '/1', m2: '/2', m3: '/3' } };

describe('the one step of a restore', () => {
  it('is proven: all are up and linked behind it, called by what they listen on', () => {
    const rollout = planRestore({ desired, world, clusterId: 'c', what });
    const proven = prove(rollout, {
      accept: [],
      rollbackFrom: undefined,
      invariants: RESCUE_RULES,
    });
    expect(proven.ok).toBe(true);
    expect(rollout.steps.map(({ id, after }) => [id, after?.checks])).toEqual([
      ['restore/all', ['peer-ports', 'data']],
    ]);
    // The list says https, and their settings http: as it was.
    const mixed = { ...httpWorld(3), record: https.record };
    expect(restoreWords(mixed, m1, [m1]).urls).toEqual({
      m1: [peerUrl('http://10.0.0.1:2380')],
      m2: [peerUrl('http://10.0.0.2:2380')],
      m3: [peerUrl('http://10.0.0.3:2380')],
    });
  });

  it('touches no data where another member reaches further than the one that was named', async () => {
    const done: string[] = [];
    const reach: Readonly<Record<string, bigint>> = { '/1': 100n, '/3': 101n };
    const doors = new Map(
      [m1, m2, m3].map((name) => {
        const stop = (): Promise<unknown> => {
          done.push(`stop ${name}`);
          return Promise.resolve(ok(undefined));
        };
        return [name, { host: {}, service: { stop } }];
      }),
    );
    const dataRestorer = {
      restorer: () => Promise.resolve(known('etcdctl')),
      revision: ({ folder }: { readonly folder: string }) => Promise.resolve(ok(reach[folder])),
      restore: () => Promise.reject(new Error('data are touched')),
    };
    const journal = { write: () => Promise.resolve(ok(undefined)) };
    const logs = { collect: () => Promise.resolve(), ended: () => undefined };
    const hands = {
      ...{ logs, before: world, after: https, where: 'step 1 of 1' },
      doors: { members: doors, dataRestorer, journal, marker: 'peershift-run' },
    } as unknown as Hands;
    const [step] = planRestore({ desired, world, clusterId: 'c', what }).steps;
    if (step?.kind !== 'restore-cluster') throw new Error('another step was planned');
    const answer = await restoreCluster(hands, step);
    expect(answer.failure).toMatchObject({
      code: 'RESTORE_REFUSED',
      but: 'm3 reaches further: revision 101, m1 100',
      remedy: 'peershift rescue again, with --restore-from m3',
    });
    expect(done).toEqual(['stop m1', 'stop m2', 'stop m3']);
  });
});
