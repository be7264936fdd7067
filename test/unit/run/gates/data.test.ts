/** Goal: data are compared at a revision that every member has, and never called equal when they are not. */

import { describe, expect, it } from 'vitest';

import { err, ok } from '../../../../src/base/result.ts';
import { memberName } from '../../../../src/model/ids.ts';
import type { EtcdMember } from '../../../../src/ports.ts';
import { dataVerdict } from '../../../../src/run/gates/data.ts';
import type { RunDoors } from '../../../../src/run/run-doors.ts';
import { failureWith } from '../../../support/fake-doors.ts';
import { httpsWorld } from '../../../support/worlds.ts';

const NEWEST = 100;

/** It has applied so much, until somebody reads through it. */
function following(applied: number, hash = 'a'): EtcdMember {
  let reached = applied;
  return {
    revision: () => {
      reached = NEWEST;
      return Promise.resolve(ok(String(NEWEST)));
    },
    hashKv: (revision: string) => {
      const isFuture = Number(revision) > reached;
      const future = err(failureWith('ENDPOINT_UNREACHABLE', 'a future revision'));
      return Promise.resolve(isFuture ? future : ok({ hash, compactRevision: '1' }));
    },
  } as unknown as EtcdMember;
}

function verdictOf(...members: readonly EtcdMember[]): ReturnType<typeof dataVerdict> {
  const etcd = new Map(members.map((member, at) => [memberName(`m${String(at + 1)}`), member]));
  return dataVerdict({ etcd } as unknown as RunDoors, httpsWorld(members.length));
}

describe('the data gate', () => {
  it('waits for a member whose disk is late, which under writes is always a little behind', async () => {
    const verdict = await verdictOf(following(NEWEST), following(NEWEST - 5), following(NEWEST));
    expect(verdict).toEqual({
      kind: 'pass',
      evidence: `equal data on 3 members at revision ${String(NEWEST)}`,
    });
  });

  it('names the hashes where the members hold different data', async () => {
    const verdict = await verdictOf(following(NEWEST), following(NEWEST, 'b'), following(NEWEST));
    expect(verdict).toMatchObject({
      kind: 'fail',
      because: expect.stringContaining('m2 b') as string,
    });
  });
});
