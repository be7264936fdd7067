/**
 * Goal: a journal that was once written can be gone on with by every later peershift, and one of a later
 * format is left alone. Method: kept journals, on a simulated cluster brought to where each of them stopped.
 */

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import type { JournalEntry } from '../../src/model/journal.ts';
import { foldJournal } from '../../src/model/run-state.ts';
import { CHECKOUT } from '../support/checkout.ts';
import {
  type Story,
  endOf,
  outcomeOf,
  reasonOf,
  resumed,
  rolledBack,
  runStory,
  startOf,
} from '../support/sim-runs.ts';
import { SimCluster } from '../support/sim-cluster.ts';
import { httpWorld } from '../support/worlds.ts';

const FOLDER = path.join(CHECKOUT, 'fixtures/journals/v1');
/** The act that the unfinished one did not come to. */
const DIED_BEFORE = 'start m2';

const start = startOf(new SimCluster(httpWorld(3)));
const straight = await runStory();
const end = endOf(straight);

function linesOf(name: string): string[] {
  return readFileSync(path.join(FOLDER, `${name}.jsonl`), 'utf8')
    .split('\n')
    .slice(0, -1);
}

/** The story, as if the kept journal were the one that its run left. */
function withKept(story: Story, lines: readonly string[]): Story {
  const id = [...story.state.runs.keys()].at(-1) ?? 'run-1';
  story.state.runs.set(id, [...lines]);
  return story;
}

function unfinished(): Promise<Story> {
  return runStory({ onAct: (act) => (act === DIED_BEFORE ? 'die' : 'go on') });
}

describe('a kept journal', () => {
  it.each([
    ['finished', 'final', 'forward', 'done'],
    ['rolled-back', 'final', 'rollback', 'rolled-back'],
    ['unfinished', 'acting', 'forward', undefined],
    ['rescue', 'final', 'rescue', 'done'],
  ])('%s folds into state %s of a %s', (name, state, direction, outcome) => {
    const entries = linesOf(name).map((line) => JSON.parse(line) as JournalEntry);
    const folded = foldJournal(entries);
    expect(folded).toMatchObject({ ok: true, value: { state, direction, outcome } });
  });

  it('is one of these, each of them tried here', () => {
    const names = ['finished', 'rescue', 'rolled-back', 'unfinished'];
    expect(readdirSync(FOLDER).sort()).toEqual(names.map((name) => `${name}.jsonl`));
  });

  it('of an unfinished run is resumed to its end', async () => {
    const on = await resumed(withKept(await unfinished(), linesOf('unfinished')));
    expect(reasonOf(on)).toBe('');
    expect(outcomeOf(on)).toBe('done');
    expect(endOf(on)).toEqual(end);
  });

  it('of an unfinished run is rolled back to the first byte', async () => {
    const back = await rolledBack(withKept(await unfinished(), linesOf('unfinished')));
    expect(reasonOf(back)).toBe('');
    expect(startOf(back.sim)).toEqual(start);
  });

  it('of a finished run is rolled back to the first byte, and resumed with nothing to do', async () => {
    const there = withKept(await runStory(), linesOf('finished'));
    const again = await resumed(there);
    expect(again.ended?.exit).toBe(0);
    expect(again.life.acts).toEqual([]);
    const back = await rolledBack(there);
    expect(reasonOf(back)).toBe('');
    expect(startOf(back.sim)).toEqual(start);
  });

  it.each(['rolled-back', 'rescue'])('of a %s run does not bind the next one', async (name) => {
    const none = await runStory({ onAct: () => 'die' });
    none.state.runs.set('run-0', linesOf(name));
    const on = await resumed(none);
    expect(reasonOf(on)).toBe('');
    expect(endOf(on)).toEqual(end);
  });
});

describe('a journal of a format to come', () => {
  it.each([
    ['from its first line on', 0],
    ['from where a newer peershift took it up', 20],
  ])('%s is refused by name, and nothing is touched', async (_what, from) => {
    const lines = linesOf('unfinished').map((line, index) => {
      if (index < from) return line;
      const { type, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return JSON.stringify({ ...rest, v: 2, kind: type });
    });
    const story = withKept(await unfinished(), lines);
    const before = startOf(story.sim);
    for (const command of [resumed, rolledBack]) {
      const refused = await command(story);
      expect(refused.ended?.exit).toBe(3);
      const [failure] = refused.ended?.failures ?? [];
      expect(failure?.but).toBe('it is written in format version 2, and this peershift reads 1');
      expect(failure?.remedy).toContain('that wrote it, or a newer one');
      expect(refused.life.acts).toEqual([]);
    }
    expect(startOf(story.sim)).toEqual(before);
  });
});
