/**
 * Goal: whoever waits for a start knows what for. Method: a member whose status answers with a failure, on a clock
 * that sleeping moves; what the handler reaches for, and no more.
 */

import { expect, test } from 'vitest';

import { err, ok } from '../../../src/base/result.ts';
import type { PeershiftEvent } from '../../../src/model/event.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { Hands } from '../../../src/run/handlers/context.ts';
import { untilItAnswers } from '../../../src/run/handlers/restart-member.ts';
import { FakeClock, failureWith } from '../../support/fake-doors.ts';

const M1 = memberName('m1');
const START_MS = 120_000;

/** `servesAtMs`: from then on its status has a leader. */
function starting(servesAtMs: number): { readonly hands: Hands; readonly told: string[] } {
  const clock = new FakeClock(0);
  const told: string[] = [];
  const state = { known: true, value: { isRunning: true, pid: 4711 } };
  const etcd = {
    status: () =>
      Promise.resolve(
        clock.ms < servesAtMs
          ? err(failureWith('STEP_FAILED', 'etcd says: invalid auth token'))
          : ok({ leaderId: 'a' }),
      ),
  };
  const doors = {
    clock,
    peers: undefined,
    members: new Map([[M1, { service: { state: () => Promise.resolve(state) } }]]),
    etcd: new Map([[M1, etcd]]),
    desired: { members: [], gates: { startMs: START_MS, timeoutMs: 60_000 } },
    events: {
      emit: (event: PeershiftEvent) => {
        if (event.type === 'warning') told.push(event.text);
      },
    },
  };
  const logs = {
    collect: () => Promise.resolve(),
    findingsSince: () => [],
    noise: () => [],
    unreadable: () => [],
  };
  const world = { members: [], record: {} };
  const hands = { doors, logs, before: world, after: world, sinceMs: 0, where: 'step 9 of 23' };
  return { hands: hands as unknown as Hands, told };
}

test('a start that takes its time is told with its reason, ever more rarely', async () => {
  const { hands, told } = starting(50_000);
  const answer = await untilItAnswers(hands, M1);
  expect(answer).toMatchObject({ kind: 'good', effects: [{ kind: 'restarted', pid: 4711 }] });
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(
    /^m1 was started 15\.\d s ago and does not serve yet: etcd says: invalid/u,
  );
  expect(told[1]).toMatch(
    /^m1 was started 3\d(?:\.\d)? s ago .*; it has 2 min 00 s \(gates\.start\)$/u,
  );
});

test('a start that is given up says what the last answer was', async () => {
  const { hands } = starting(Infinity);
  const answer = await untilItAnswers(hands, M1);
  expect(JSON.stringify(answer)).toContain('for 2 min 00 s (etcd says: invalid auth token)');
});
