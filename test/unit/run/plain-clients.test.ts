/**
 * Goal: a member that serves both schemes serves plain gRPC, too, and no start is judged by one lost dial.
 * Method: a plain client that answers at the n-th look, on a clock that sleeping moves.
 */

import { describe, expect, test } from 'vitest';

import { err, ok } from '../../../src/base/result.ts';
import type { PeershiftEvent } from '../../../src/model/event.ts';
import { memberName } from '../../../src/model/ids.ts';
import { clientSettings } from '../../../src/model/client-settings.ts';
import { type Hands, done } from '../../../src/run/handlers/context.ts';
import { untilPlainClientsAreServed } from '../../../src/run/handlers/plain-clients.ts';
import type { Answer } from '../../../src/run/machine-types.ts';
import { FakeClock, failureWith } from '../../support/fake-doors.ts';

const M1 = memberName('m1');
const AT = '10.0.0.1:2379';
const BOTH = `https://${AT},http://${AT}`;

interface Stand {
  readonly hands: Hands;
  readonly told: string[];
  readonly asked: string[];
  starts: number;
  readonly again: () => Promise<Answer>;
}

/** `servesFrom`: the start from which on plain gRPC is served. */
function stand(
  urls: string,
  servesFrom: number,
  code: 'ENDPOINT_UNREACHABLE' | 'ETCD_REFUSED',
): Stand {
  const [told, asked]: [string[], string[]] = [[], []];
  const settings = { 'listen-client-urls': urls, 'advertise-client-urls': urls };
  const made: Stand = {
    told,
    asked,
    starts: 1,
    again: () => {
      made.starts += 1;
      return Promise.resolve(done());
    },
    hands: {
      where: 'step 9 of 23',
      after: { members: [{ name: M1, process: { client: clientSettings(settings) } }] },
      doors: {
        clock: new FakeClock(0),
        events: {
          emit: (event: PeershiftEvent) => {
            if (event.type === 'warning') told.push(event.text);
          },
        },
        openPlain: (url: string) => ({
          status: () => {
            asked.push(url);
            return Promise.resolve(
              made.starts >= servesFrom ? ok({}) : err(failureWith(code, 'no')),
            );
          },
          close: () => undefined,
        }),
      },
    } as unknown as Hands,
  };
  return made;
}

const looked = ({ hands, again }: Stand): Promise<Answer> =>
  untilPlainClientsAreServed(hands, M1, done(), again);

describe('a member that was started to serve both', () => {
  test('is left alone where plain gRPC is served', async () => {
    const good = stand(BOTH, 1, 'ENDPOINT_UNREACHABLE');
    expect((await looked(good)).kind).toBe('good');
    expect(good).toMatchObject({ starts: 1, asked: [`http://${AT}`], told: [] });
  });

  test('is started again until plain gRPC is served, and says so', async () => {
    const third = stand(BOTH, 3, 'ENDPOINT_UNREACHABLE');
    expect((await looked(third)).kind).toBe('good');
    expect(third.starts).toBe(3);
    expect(third.told).toHaveLength(2);
    expect(third.told[0]).toContain('m1 answers plain gRPC with TLS');
  });

  test('has failed when no start of many serves it', async () => {
    const never = stand(BOTH, Infinity, 'ENDPOINT_UNREACHABLE');
    const answer = await looked(never);
    expect(answer.failure).toMatchObject({ code: 'START_FAILED', where: 'step 9 of 23' });
    expect(answer.failure?.but).toContain('in 20 starts');
    expect(never.starts).toBe(20);
  });

  test('is served where etcd says no to the call itself', async () => {
    const refused = stand(BOTH, Infinity, 'ETCD_REFUSED');
    expect((await looked(refused)).kind).toBe('good');
    expect(refused.starts).toBe(1);
  });
});

test.each([`http://${AT}`, `https://${AT}`])('a member of %s alone is not asked', async (urls) => {
  const one = stand(urls, Infinity, 'ENDPOINT_UNREACHABLE');
  expect((await looked(one)).kind).toBe('good');
  expect(one.asked).toEqual([]);
});
