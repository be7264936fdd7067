/**
 * Goal: with a dead-man, peershift may die at any moment and nobody may come for hours. Method: the real engine
 * on a simulated cluster; killed before each single act, then the dead-man goes off or does not, and `resume` or
 * `rollback` must reach the same end as a run that nobody interrupted.
 */

import { describe, expect, it } from 'vitest';
import { STRATEGIES } from '../../src/model/desired.ts';
import { armedOf, foldJournal } from '../../src/model/run-state.ts';
import type { LifeOptions } from '../support/sim-life.ts';
import {
  type Story,
  endOf,
  isWhole,
  outcomeOf,
  reasonOf,
  resumed,
  rolledBack,
  runStory,
  startOf,
} from '../support/sim-runs.ts';
import { SimCluster } from '../support/sim-cluster.ts';
import { httpWorld } from '../support/worlds.ts';

const AFTER_MS = 120_000;
const WITH = {
  startMs: 20_000,
  timeoutMs: 20_000,
  quietMs: 500,
  maxLag: 1000,
  canary: false,
} as const;
const OPTIONS: LifeOptions = { desired: { gates: { ...WITH, deadmanMs: AFTER_MS } } };
/** Every so many-th act, in each strategy from another one on: all kinds of acts are met. */
const EVERY = 19;

/** No dead-man waits or has left anything, and the journal says the same. */
function expectDisarmed({ sim, state }: Story): Promise<void> {
  const folded = foldJournal(state.entriesOf());
  expect(folded.ok ? armedOf(folded.value) : folded.error).toEqual([]);
  return Promise.all(sim.members.map(({ deadMan }) => deadMan.look())).then((all) => {
    expect(all.map((each) => (each.ok ? each.value : each.error))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
}

const ROLLING = STRATEGIES.filter((each) => each !== 'rebuild');

describe.each(ROLLING)('%s with a dead-man', async (strategy) => {
  const options: LifeOptions = { desired: { ...OPTIONS.desired, strategy } };
  const straight = await runStory(options);
  const start = startOf(new SimCluster(httpWorld(3)));
  const turn = ROLLING.indexOf(strategy) * 4;
  const acts = straight.life.acts
    .map((act, index) => ({ act, index }))
    .filter(({ index }) => index % EVERY === turn % EVERY);

  it('goes through undisturbed, and leaves none', async () => {
    expect(reasonOf(straight)).toBe('');
    expect(straight.ended?.exit).toBe(0);
    expect(straight.life.acts.filter((act) => act.startsWith('arm')).length).toBeGreaterThan(2);
    await expectDisarmed(straight);
  });

  const dieAt = (index: number): LifeOptions => ({
    ...options,
    onAct: (_act, at) => (at === index ? 'die' : 'go on'),
  });

  it.each(acts)('killed before act $index, $act: resume reaches the end', async ({ index }) => {
    for (const waitMs of [0, AFTER_MS + 1000]) {
      const killed = await runStory(dieAt(index));
      killed.sim.pass(waitMs);
      expect(killed.sim.majority.size, 'the cluster commits').toBeGreaterThan(1);
      const again = await resumed(killed, options);
      expect(reasonOf(again)).toBe('');
      expect(again.ended?.exit).toBe(0);
      expect(endOf(again)).toEqual(endOf(straight));
      expect(isWhole(again)).toBe(true);
      await expectDisarmed(again);
    }
  });

  it.each(acts)('killed before act $index, $act: rollback reaches the start', async ({ index }) => {
    const killed = await runStory(dieAt(index));
    killed.sim.pass(AFTER_MS + 1000);
    const back = await rolledBack(killed, options);
    if (killed.state.runs.size === 0 || killed.state.entriesOf().length === 0) return;
    expect(reasonOf(back)).toBe('');
    expect(outcomeOf(back)).toBe('rolled-back');
    expect(startOf(back.sim)).toEqual(start);
    await expectDisarmed(back);
  });
});

describe('a dead-man that goes off under a run that lives', () => {
  it.each([
    ['while a member starts', 'start m1'],
    ['right before it would be disarmed', 'disarm m2'],
    ['before the settings are written', 'configure m3'],
  ])('%s pauses it, and resume goes on from what is there', async (_when, act) => {
    let isSlow = true;
    const story = await runStory((sim) => ({
      ...OPTIONS,
      onAct: (each) => {
        if (each === act && isSlow) {
          isSlow = false;
          sim.pass(AFTER_MS + 1000);
        }
        return 'go on';
      },
    }));
    expect(story.ended?.exit).toBe(4);
    expect(reasonOf(story)).toContain('DEADMAN_FIRED');
    const again = await resumed(story, OPTIONS);
    expect(reasonOf(again)).toBe('');
    expect(again.ended?.exit).toBe(0);
    expect(isWhole(again)).toBe(true);
    await expectDisarmed(again);
  });

  it('whose disarming gets no answer is not gone on over', async () => {
    const story = await runStory({
      ...OPTIONS,
      onAct: (each) => (each.startsWith('disarm') ? 'fail' : 'go on'),
    });
    expect(story.ended?.exit).toBe(4);
    expect(story.life.acts.filter((each) => each.startsWith('restart')).length).toBe(0);
    expect(story.life.acts.filter((each) => each.startsWith('start')).length).toBe(1);
    const notes = story.state
      .entriesOf()
      .flatMap((each) => (each.type === 'noted' ? [each.what] : []));
    expect(notes.join()).toContain('is armed: unless the run goes on before');
    const again = await resumed(story, OPTIONS);
    expect(again.ended?.exit).toBe(0);
    await expectDisarmed(again);
  });
});
