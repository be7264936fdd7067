/**
 * Goal: peershift may die at any moment. Method: the real engine on a simulated cluster; everything in
 * memory is dropped before each single act (a journal line, a file, a restart, an update), and `resume`
 * must reach the end of the run that nobody interrupted.
 */

import { describe, expect, it } from 'vitest';
import { foldJournal } from '../../src/model/run-state.ts';
import {
  begunAgain,
  endOf,
  isWhole,
  outcomeOf,
  reasonOf,
  resumed,
  rolledBack,
  runStory,
} from '../support/sim-runs.ts';

const straight = await runStory();
const acts = straight.life.acts.map((act, index) => ({ act, index }));

describe('a run that nobody interrupts', () => {
  it('ends with every link on https, on few acts, in little simulated time', () => {
    expect(reasonOf(straight)).toBe('');
    expect(straight.ended?.exit).toBe(0);
    expect(outcomeOf(straight)).toBe('done');
    expect(isWhole(straight)).toBe(true);
    expect(JSON.stringify(straight.sim.world.record)).not.toContain('http:');
    expect(straight.sim.lock).toBeUndefined();
  });

  it('changes each URL once and restarts each member as often as the order says', () => {
    expect(straight.sim.updates.map((update) => update.split(' ')[0])).toEqual(['m2', 'm3', 'm1']);
    const starts = straight.life.acts.filter((act) => act.startsWith('start'));
    expect(starts).toEqual(['start m2', 'start m3', 'start m1', 'start m3', 'start m1']);
  });

  it('writes each intent before the act and each act before the next intent', () => {
    const kinds = acts.flatMap(({ act }) => (act.startsWith('journal') ? [act.slice(8)] : ['act']));
    expect(kinds.join(' ')).not.toMatch(/done(?: gate)? act|planned act/u);
    expect(foldJournal(straight.state.entriesOf()).ok).toBe(true);
  });
});

describe('killed at any moment', () => {
  it.each(acts)('before act $index, $act: resume reaches the same end', async ({ index }) => {
    const killed = await runStory({ onAct: (_act, at) => (at === index ? 'die' : 'go on') });
    expect(killed.ended).toBeUndefined();
    const again = await resumed(killed);
    expect(reasonOf(again)).toBe('');
    expect(again.ended?.exit).toBe(0);
    expect(endOf(again)).toEqual(endOf(straight));
    expect(isWhole(again)).toBe(true);
    for (const id of again.state.runs.keys()) {
      expect(foldJournal(again.state.entriesOf(id))).toMatchObject({ ok: true });
    }
  });
});

describe('killed when all is done and recorded, and the lock still stands', () => {
  it.each([
    ['run', begunAgain],
    ['resume', resumed],
  ] as const)('%s with the same state folder takes it over at once', async (_name, again) => {
    const moved = await runStory();
    let hasClosed = false;
    const killed = await rolledBack(moved, {
      onAct: (act) => {
        if (hasClosed) return 'die';
        hasClosed = act === 'journal closed';
        return 'go on';
      },
    });
    expect(killed.ended).toBeUndefined();
    expect(killed.sim.lock?.owner).toContain('peershift run');
    const next = await again(killed);
    expect(reasonOf(next)).toBe('');
    expect(next.ended?.exit).toBe(0);
    expect(isWhole(next)).toBe(true);
    expect(next.sim.lock).toBeUndefined();
  });

  it('and one that belongs to no run of the state folder is left alone', async () => {
    const story = await runStory((sim) => {
      sim.lock = {
        key: '/peershift/lock',
        owner: 'peershift run elsewhere',
        leaseId: 'lease-1',
        createRevision: '1',
        expiresAtMs: sim.time.nowMs + 180_000,
      };
      return {};
    });
    expect(story.ended?.exit).toBe(3);
    expect(reasonOf(story)).toContain('peershift run elsewhere holds the lock');
  });
});
