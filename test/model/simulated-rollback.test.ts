/**
 * Goal: wherever a run died, its start can be brought back. Method: the real engine on a simulated
 * cluster, killed before each single act; `rollback` must leave every config file as it was, byte for
 * byte, every URL, every process, and no file of ours.
 */

import { describe, expect, it } from 'vitest';
import { STRATEGIES } from '../../src/model/desired.ts';
import { progressLine } from '../../src/show/progress.ts';
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

const start = startOf(new SimCluster(httpWorld(3)));
const straight = await runStory();
const acts = straight.life.acts.map((act, index) => ({ act, index }));

describe('rolled back', () => {
  // Before the first line is durable there is no run, and nothing was touched.
  it.each(acts.slice(1))('after a death before act $index, $act', async ({ index }) => {
    const killed = await runStory({ onAct: (_act, at) => (at === index ? 'die' : 'go on') });
    const back = await rolledBack(killed);
    expect(reasonOf(back)).toBe('');
    expect(back.ended?.exit).toBe(0);
    expect(outcomeOf(back)).toBe('rolled-back');
    expect(startOf(back.sim)).toEqual(start);
    expect(isWhole(back)).toBe(true);
  });

  it('leaves a file that someone else has changed, says so, and counts what it took away', async () => {
    const there = await runStory();
    const removals: string[] = [];
    const onAct = (act: string): 'go on' => {
      if (!act.startsWith('remove m1 ') || !act.endsWith('.pem')) return 'go on';
      // Before the first file of m1 goes, the others there become somebody else's.
      if (removals.length === 0) {
        const { host } = there.sim.member('m1');
        for (const path of host.files.keys()) {
          if (path.endsWith('.pem') && !act.endsWith(path)) host.put(path, 'of another owner');
        }
      }
      removals.push(act);
      return 'go on';
    };
    const back = await rolledBack(there, { onAct });
    expect(reasonOf(back)).toBe('');
    expect(removals).toHaveLength(1);
    const entries = back.state.entriesOf();
    const notes = entries.flatMap((entry) => (entry.type === 'noted' ? [entry.what] : []));
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      /peer.*\.pem on m1 was changed by someone else since; it is left there/u,
    );
    const told = entries.flatMap((entry) => progressLine(entry, { steps: [] }) ?? []);
    expect(told.filter((line) => line.includes('(1 file removed)'))).toHaveLength(1);
    expect(told.filter((line) => line.includes('(3 files removed)'))).toHaveLength(2);
  });

  it('without a run: refused, and nothing is touched', async () => {
    const killed = await runStory({ onAct: () => 'die' });
    const back = await rolledBack(killed);
    expect(back.ended?.exit).toBe(3);
    expect(reasonOf(back)).toContain('RUN_NOT_FOUND');
    expect(startOf(back.sim)).toEqual(start);
  });
});

describe('each strategy', () => {
  const built = STRATEGIES.filter((strategy) => strategy !== 'rebuild');

  it.each(built)('%s goes to the end and all the way back', async (strategy) => {
    const there = await runStory({ desired: { strategy } });
    expect(reasonOf(there)).toBe('');
    expect(outcomeOf(there)).toBe('done');
    expect(isWhole(there)).toBe(true);
    const back = await rolledBack(there, { desired: { strategy } });
    expect(reasonOf(back)).toBe('');
    expect(startOf(back.sim)).toEqual(start);
  });

  const inside = built.flatMap((strategy) =>
    ['m1', 'm2', 'm3'].map((member) => ({ strategy, member, act: `start ${member}` })),
  );

  it.each(inside)('$strategy, killed while $member is stopped: on and back', async (each) => {
    const desired = { strategy: each.strategy };
    const onAct = (act: string): 'die' | 'go on' => (act === each.act ? 'die' : 'go on');
    const on = await resumed(await runStory({ desired, onAct }), { desired });
    expect(reasonOf(on)).toBe('');
    expect(isWhole(on)).toBe(true);
    const back = await rolledBack(await runStory({ desired, onAct }), { desired });
    expect(reasonOf(back)).toBe('');
    expect(startOf(back.sim)).toEqual(start);
  });
});
