/**
 * Goal: five and seven members are moved and brought back as three are, and one that is down from the start
 * is refused, or taken along when that was asked for. Method: whole runs of each strategy on simulated clusters;
 * at each act of theirs a majority can commit.
 */

import { describe, expect, it } from 'vitest';
import { stopped } from '../../src/model/steps/restart-member.ts';
import { ROLLING, watched } from '../support/fault-matrix.ts';
import { SimCluster } from '../support/sim-cluster.ts';
import {
  isWhole,
  outcomeOf,
  reasonOf,
  resumed,
  rolledBack,
  runStory,
  startOf,
} from '../support/sim-runs.ts';
import { httpWorld } from '../support/worlds.ts';

const sizes = [5, 7].flatMap((size) => ROLLING.map((strategy) => ({ size, strategy })));

describe.each(sizes)('$size members, $strategy', ({ size, strategy }) => {
  it('go to the end and all the way back, with a majority at each act', async () => {
    const world = httpWorld(size);
    const start = startOf(new SimCluster(world));
    const there = await runStory((sim) => watched(sim, strategy), world);
    expect(reasonOf(there)).toBe('');
    expect(outcomeOf(there)).toBe('done');
    expect(isWhole(there)).toBe(true);
    const back = await rolledBack(there, watched(there.sim, strategy));
    expect(reasonOf(back)).toBe('');
    expect(startOf(back.sim)).toEqual(start);
  });
});

describe.each(ROLLING)('a member that is down from the start, %s', (strategy) => {
  const five = stopped(httpWorld(5), 'm5');
  const desired = { strategy };

  it('is refused by name, and nothing is touched', async () => {
    const refused = await runStory({ desired }, five);
    expect(refused.ended?.exit).toBe(3);
    expect(reasonOf(refused)).toContain('MEMBER_DOWN: m5 is down');
    expect(refused.life.acts).toEqual([]);
  });

  it('is refused among three even when it is tolerated: a restart would cost the quorum', async () => {
    const tolerateDown = ['m3'];
    const refused = await runStory({ desired, tolerateDown }, stopped(httpWorld(3), 'm3'));
    expect(refused.ended?.exit).toBe(3);
    expect(reasonOf(refused)).toContain('1 run during a restart, and 2 are needed to write');
    expect(refused.life.acts).toEqual([]);
  });

  it('is taken along among five when it is tolerated: the way is proven with it down', async () => {
    const there = await runStory(
      (sim) => ({ ...watched(sim, strategy), tolerateDown: ['m5'] }),
      five,
    );
    expect(reasonOf(there)).toBe('');
    expect(outcomeOf(there)).toBe('done');
    expect(isWhole(there)).toBe(true);
  });
});

describe('another member that crashes in the middle', () => {
  it.each(ROLLING)(
    '%s: nothing is restarted, the run pauses, and goes on when it is back',
    async (strategy) => {
      const straight = await runStory({ desired: { strategy } });
      const restarts = straight.life.acts.flatMap((act, index) =>
        /^stop m\d/u.test(act) ? [index] : [],
      );
      const at = restarts[1] ?? 0;
      const touched = straight.life.acts[at]?.slice('stop '.length);
      const other = ['m1', 'm2', 'm3'].findLast((name) => name !== touched) ?? 'm3';
      // Before the intent of the second restart is written.
      const before = straight.life.acts.findLastIndex((act, index) => {
        return index < at && act === 'journal done';
      });
      const held = await runStory((sim) => ({
        ...watched(sim, strategy),
        onAct: (_act, index) => {
          if (index === before) sim.crash(other);
          return 'go on';
        },
      }));
      expect(held.ended?.exit).toBe(4);
      expect(outcomeOf(held)).toBe('paused');
      expect(reasonOf(held)).toContain(other);
      const after = held.life.acts
        .slice(before)
        .filter((act) => /^(?:stop|start|update)/u.test(act));
      expect(after).toEqual([]);
      await held.sim.member(other).service.start();
      const on = await resumed(held, watched(held.sim, strategy));
      expect(reasonOf(on)).toBe('');
      expect(isWhole(on)).toBe(true);
    },
  );
});
