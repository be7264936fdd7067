/**
 * Goal: a snapshot counts as a backup only when it was restored and holds the same data, or when it is said that
 * nobody could try. Method: a restorer of memory whose member has one hash or another, at once or late.
 */

import { describe, expect, it } from 'vitest';

import { err, ok } from '../../../src/base/result.ts';
import { known, unknown } from '../../../src/model/observed.ts';
import type { EtcdMember, Restorer } from '../../../src/ports.ts';
import { restoreProof } from '../../../src/run/restore-proof.ts';
import { failureWith } from '../../support/fake-doors.ts';

const TOOLS = {
  etcd: '/usr/bin/etcd',
  restorer: '/usr/bin/etcdctl',
  words: 'etcdctl and etcd 3.4.23',
};
const HASH = { hash: '77', compactRevision: '3' };

/** Answers these things and nothing else. */
function memberWith(answers: Partial<EtcdMember>): EtcdMember {
  return answers as EtcdMember;
}

const live = memberWith({
  status: () => Promise.resolve(ok({ version: '3.4.23' })) as ReturnType<EtcdMember['status']>,
  hashKv: () => Promise.resolve(ok(HASH)),
});

interface Story {
  readonly hash?: typeof HASH;
  readonly silentFor?: number;
  readonly endsWith?: ReturnType<typeof failureWith>;
}

function doorsOf({ hash = HASH, silentFor = 0, endsWith }: Story = {}) {
  const seen = { asked: 0, ended: 0, closed: 0, revisions: [] as string[] };
  const restorer: Restorer = {
    tools: () => Promise.resolve(known(TOOLS)),
    restore: () =>
      Promise.resolve(
        ok({
          endpoint: 'http://127.0.0.1:4001',
          revision: '12',
          lastWords: () => Promise.resolve('panic: page 4 already freed'),
          end: () => {
            seen.ended += 1;
            return Promise.resolve(endsWith === undefined ? ok(undefined) : err(endsWith));
          },
        }),
      ),
  };
  const openHere = (): EtcdMember =>
    memberWith({
      hashKv: (revision) => {
        seen.asked += 1;
        seen.revisions.push(revision);
        const late = err(failureWith('ENDPOINT_UNREACHABLE', 'connection refused'));
        return Promise.resolve(seen.asked > silentFor ? ok(hash) : late);
      },
      close: () => {
        seen.closed += 1;
      },
    });
  let nowMs = 0;
  const clock = {
    nowMs: () => nowMs,
    sleep: (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  return { restorer, openHere, clock, backupPath: 'state/backup.db', seen };
}

describe('a saved snapshot', () => {
  it('that is restored has the same hash at its own revision, and the member is ended', async () => {
    const doors = doorsOf({ silentFor: 3 });
    expect(await restoreProof(doors, live)).toEqual(
      ok(
        'restored with etcdctl and etcd 3.4.23, HashKV 77 at revision 12 as on the member it came from',
      ),
    );
    expect(doors.seen).toMatchObject({ asked: 4, ended: 1, closed: 1 });
    expect(new Set(doors.seen.revisions)).toEqual(new Set(['12']));
  });

  it('that holds other data is no backup, and the member is ended all the same', async () => {
    const doors = doorsOf({ hash: { hash: '78', compactRevision: '3' } });
    const shown = await restoreProof(doors, live);
    expect(shown.ok ? '' : `${shown.error.code}: ${shown.error.but}`).toBe(
      'BACKUP_FAILED: HashKV at revision 12 is 78, and 77 on the member that it came from',
    );
    expect(doors.seen.ended).toBe(1);
  });

  it('from which no member comes up fails at the deadline, with what it said last', async () => {
    const doors = doorsOf({ silentFor: 1_000_000 });
    const shown = await restoreProof(doors, live);
    expect(shown.ok ? '' : shown.error.but).toContain('its log ends: panic: page 4 already freed');
    expect(doors.seen).toMatchObject({ ended: 1, closed: 1 });
  });

  it('is said to be restored and not compared where the cluster was compacted meanwhile', async () => {
    const doors = doorsOf({ hash: { hash: '78', compactRevision: '2' } });
    expect(await restoreProof(doors, live)).toEqual(
      ok(
        'restored with etcdctl and etcd 3.4.23, its hash at revision 12 not compared: the cluster was compacted meanwhile',
      ),
    );
  });

  it('whose scratch member does not end stops the run: nothing is left behind unsaid', async () => {
    const doors = doorsOf({ endsWith: failureWith('BACKUP_FAILED', 'it does not end') });
    expect(await restoreProof(doors, live)).toMatchObject({
      ok: false,
      error: { but: 'it does not end' },
    });
  });

  it('is said to be checked and not restored where this machine has no programs for it', async () => {
    const doors = doorsOf();
    const restorer = {
      ...doors.restorer,
      tools: () => Promise.resolve(unknown('there is no etcd on the PATH of this machine')),
    };
    expect(await restoreProof({ ...doors, restorer }, live)).toEqual(
      ok('hash checked, not restored: there is no etcd on the PATH of this machine'),
    );
    expect(doors.seen.ended).toBe(0);
  });
});
