/**
 * Goal: every strategy moves a live cluster to mutual TLS, loses nothing, and costs what it says. Method:
 * the built command on three members each, under writers and lease keepers through every member; the
 * figures are those of the members and clients, not of peershift.
 */

import { afterAll, describe, expect, it } from 'vitest';

import { endRigs, expectExit } from '../support/lab-rig.ts';
import { migrate } from '../support/strategy-rig.ts';

const MEMBERS = 3;
/** All five, two at a time, on a machine that crawls. */
const STRATEGIES_MS = 600_000;

describe.concurrent('on three members under clients', () => {
  it.each([
    { strategy: 'documented', restarts: 2 * MEMBERS - 1, keepsLeases: false },
    { strategy: 'dual-url', restarts: 2 * MEMBERS, keepsLeases: true },
    { strategy: 'dual-listener', restarts: 2 * MEMBERS, keepsLeases: true },
    { strategy: 'trust-first', restarts: 2 * MEMBERS, keepsLeases: true },
    { strategy: 'fewest-restarts', restarts: MEMBERS, keepsLeases: false },
  ] as const)(
    'the strategy $strategy ends in mutual TLS with $restarts restarts and loses no write',
    async ({ strategy, restarts, keepsLeases }) => {
      await migrate(strategy, async (rig, migrated) => {
        expectExit(migrated.run, 0);
        expect(migrated.restarts).toBe(restarts);
        const { failed, failures, survived, leases } = migrated.leases;
        if (keepsLeases) {
          expect({ failed, failures }).toEqual({ failed: 0, failures: [] });
          expect({ leases, survived }).toEqual({ leases: MEMBERS, survived: MEMBERS });
        }
        if (strategy === 'dual-listener') expect(migrated.tlsLines).toEqual([]);
        expectExit(await rig.run('verify'), 0);
        await rig.expectNothingLost();
      });
    },
    STRATEGIES_MS,
  );
});

afterAll(endRigs);
