/** Goal: a leader is not stopped while it leads. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { handOver } from '../../../../src/prove/invariants/hand-over.ts';
import { before, breaches, momentOf } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpWorld } from '../../../support/worlds.ts';

const restart = stepOf({ kind: 'restart-member', member: memberName('m1') });

describe('hand-over', () => {
  it('is broken before the leader is restarted, or stopped', () => {
    expect(breaches(handOver, before(httpWorld(3), restart))).toEqual([
      'm1: m1 leads and would be restarted without handing over',
    ]);
    const stop = stepOf({ kind: 'stop-member', member: memberName('m1') });
    expect(breaches(handOver, before(httpWorld(3), stop))).toHaveLength(1);
  });

  it('holds for a follower, for a lone member, and after the step', () => {
    const follower = { ...restart, member: memberName('m2') };
    expect(breaches(handOver, before(httpWorld(3), follower))).toEqual([]);
    expect(breaches(handOver, before(httpWorld(1), restart))).toEqual([]);
    expect(breaches(handOver, momentOf(httpWorld(3), { step: restart }))).toEqual([]);
  });

  it('is costly, so that a person can accept it', () => {
    expect(handOver.severity).toBe('costly');
  });
});
