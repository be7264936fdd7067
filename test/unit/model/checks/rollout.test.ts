/** Goal: a second port is known to be free before a restart needs it. Method: real rollouts, planted listeners. */

import { describe, expect, it } from 'vitest';
import {
  longestWindowMs,
  newSockets,
  portItems,
  rolloutItems,
} from '../../../../src/model/checks/rollout.ts';
import type { Strategy } from '../../../../src/model/desired.ts';
import type { Listening } from '../../../../src/model/host-probe.ts';
import { known } from '../../../../src/model/observed.ts';
import type { ProvenRollout } from '../../../../src/model/proof.ts';
import { probesOf, seenOn } from '../../../support/probes.ts';
import { desiredFor, provenFor } from '../../../support/rollouts.ts';
import { httpWorld } from '../../../support/worlds.ts';

const WORLD = httpWorld();

function proven(strategy: Strategy): ProvenRollout {
  return provenFor(WORLD, desiredFor(WORLD, { strategy }), 'forward only');
}

const withListener = (...listening: Listening[]) =>
  probesOf(WORLD, { m2: { seen: known(seenOn({ listening })) } });

describe('the ports of a rollout', () => {
  it('are those of now in every strategy but dual-listener', () => {
    for (const strategy of ['documented', 'dual-url', 'trust-first'] as const) {
      expect(newSockets(proven(strategy).rollout)).toEqual([]);
    }
    const sockets = newSockets(proven('dual-listener').rollout);
    const named = sockets.map(({ member, port }) => `${member} ${String(port)}`);
    expect(named.sort()).toEqual(['m1 2382', 'm2 2382', 'm3 2382']);
  });

  it('fail when something else listens there', () => {
    const sockets = newSockets(proven('dual-listener').rollout);
    for (const address of ['*', '10.0.0.2']) {
      const items = portItems(sockets, withListener({ address, port: 2382 }), true);
      expect(items.map(({ result, where }) => `${result} ${where}`)).toContain('fail m2');
    }
    for (const listening of [
      { address: '10.0.0.9', port: 2382 },
      { address: '*', port: 2380 },
    ]) {
      const items = portItems(sockets, withListener(listening), true);
      expect(items.map(({ result }) => result)).toEqual(['pass']);
    }
  });

  it('are a warning until a rehearsal has dialled them', () => {
    const items = portItems(newSockets(proven('dual-listener').rollout), probesOf(WORLD), false);
    expect(items.map(({ result }) => result)).toEqual(['warn', 'warn', 'warn']);
    expect(items[0]?.remedy).toContain('--rehearse');
  });
});

describe('the rollout', () => {
  it('passes when it is proven, and says so when there is nothing to do', () => {
    const [item] = rolloutItems({
      kind: 'proven',
      proven: proven('documented'),
      way: 'documented',
    });
    expect(item).toMatchObject({ result: 'pass' });
    expect(item?.because).toMatch(/^documented: \d+ steps, 5 restarts, proven in \d+ worlds; 3 /u);
    const done = proven('documented');
    const empty = { ...done, rollout: { ...done.rollout, steps: [] } };
    expect(
      rolloutItems({ kind: 'proven', proven: empty, way: 'documented' })[0]?.because,
    ).toContain('nothing to do');
  });

  it('fails by its refusal, and when it was not worked out', () => {
    expect(rolloutItems({ kind: 'not-planned' })[0]).toMatchObject({ result: 'fail' });
    const failure = {
      code: 'UNSAFE_ROLLOUT',
      where: 'step 4',
      would: 'a',
      but: 'b',
      so: 'c',
      remedy: 'd',
    } as const;
    const [item] = rolloutItems({ kind: 'refused', failures: [failure] });
    expect(item).toMatchObject({ rule: 'rollout', result: 'fail', because: 'b', remedy: 'd' });
  });

  it('has windows of some length where it degrades, and of none where it does not', () => {
    expect(longestWindowMs(proven('documented'))).toBeGreaterThan(5200);
    expect(longestWindowMs(proven('dual-url'))).toBe(0);
  });
});
