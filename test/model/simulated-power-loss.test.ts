/**
 * Goal: a journal that a power loss has cut off, at whatever byte, costs nothing. Method: the bytes of
 * simulated runs are cut, read back by the real reader and folded, and the next life goes on from there;
 * last, disks that lost more than the line in hand, which an honest fsync never does.
 */

import { describe, expect, it } from 'vitest';
import { foldJournal } from '../../src/model/run-state.ts';
import { SimCluster } from '../support/sim-cluster.ts';
import type { Story } from '../support/sim-runs.ts';
import {
  endOf,
  isWhole,
  outcomeOf,
  reasonOf,
  resumed,
  rolledBack,
  runStory,
  startOf,
} from '../support/sim-runs.ts';
import { atEachByte, journalBytes, leaveOnDisk } from '../support/torn-journal.ts';
import { httpWorld } from '../support/worlds.ts';

/** How many of a random walk's deep cuts are tried, half of them on the way on, half back. */
const DEEP_CUTS = 24;
/** Below these acts nothing of the cluster is touched. */
const PREPARATION_ACTS = 16;

/** Half-done work that no line tells of, a stopped member, or the lock of a run of which nothing is left. */
const REFUSED =
  /CONFIG_CONTRADICTION: \S+ says \S+ \S+, the process|MEMBER_DOWN: m\d is down|ALREADY_RUNNING: /u;

const start = startOf(new SimCluster(httpWorld(3)));
const straight = await runStory();
const whole = journalBytes(straight.state);
const acts = straight.life.acts;
const lines = acts.flatMap((act, index) => (act.startsWith('journal') ? [{ act, index }] : []));

describe('a journal of a run on one member, cut at each of its bytes', () => {
  it('folds into what its whole lines say, and knows of the torn one', async () => {
    const { state } = await runStory({}, httpWorld(1));
    const bytes = journalBytes(state);
    const entries = [...state.entriesOf()];
    const seen = await atEachByte(bytes, (at, { entries: left, tornTail }) => {
      const isBehindLine = at === 0 || bytes[at - 1] === 0x0a;
      if (tornTail === isBehindLine) return `byte ${String(at)}: torn ${String(tornTail)}`;
      if (bytes[at] === 0x0a) entries.pop();
      const isRead = JSON.stringify(left) === JSON.stringify(entries);
      if (!isRead) return `byte ${String(at)}: ${String(left.length)} entries`;
      if (foldJournal(entries).ok) return undefined;
      return `byte ${String(at)}: no history`;
    });
    expect(seen).toEqual({ wrong: [], cuts: bytes.length + 1 });
    expect(entries).toEqual([]);
  });
});

describe('power that goes while a line is written', () => {
  /** Line `nth` of the straight run, of which `part` of its bytes came to the disk. */
  async function tornAt(index: number, nth: number, part: number): Promise<Story> {
    const story = await runStory({ onAct: (_act, at) => (at === index ? 'die' : 'go on') });
    const before = journalBytes(story.state).length;
    const line = whole.subarray(before, whole.indexOf(0x0a, before));
    expect(lines[nth]?.index).toBe(index);
    await leaveOnDisk(story.state, whole.subarray(0, before + Math.ceil(line.length * part)));
    return story;
  }

  const cases = lines.map((line, nth) => ({ ...line, nth, part: ((nth * 7) % 10) / 10 }));

  it.each(cases)('$act at act $index: resume reaches the same end', async (each) => {
    const torn = await tornAt(each.index, each.nth, 1 - each.part);
    const again = await resumed(torn);
    expect(reasonOf(again)).toBe('');
    expect(endOf(again)).toEqual(endOf(straight));
    expect(isWhole(again)).toBe(true);
  });

  it.each(cases.slice(1).filter(({ nth }) => nth % 3 === 0))(
    '$act at act $index: rollback reaches the first byte',
    async (each) => {
      const back = await rolledBack(await tornAt(each.index, each.nth, each.part));
      expect(reasonOf(back)).toBe('');
      expect(startOf(back.sim)).toEqual(start);
      expect(isWhole(back)).toBe(true);
    },
  );
});

describe('a disk that lost lines it had vouched for', () => {
  const cuts = Array.from({ length: DEEP_CUTS }, (_, nth) => {
    const index = PREPARATION_ACTS + ((nth * 37) % (acts.length - PREPARATION_ACTS));
    return { nth, index, act: acts[index] ?? '', part: 0.1 + ((nth * 29) % 80) / 100 };
  });

  it.each(cuts)('$part of the journal at act $index, $act: on, back, or refused', async (cut) => {
    const killed = await runStory({ onAct: (_act, at) => (at === cut.index ? 'die' : 'go on') });
    const bytes = journalBytes(killed.state);
    await leaveOnDisk(killed.state, bytes.subarray(0, Math.floor(bytes.length * cut.part)));
    const before = startOf(killed.sim);
    const isBack = cut.nth % 2 === 1;
    const next = isBack ? await rolledBack(killed) : await resumed(killed);
    expect(next.sim.majority.size).toBeGreaterThan(1);
    if (next.ended?.exit === 0) {
      expect(outcomeOf(next)).toBe(isBack ? 'rolled-back' : 'done');
      expect(isWhole(next)).toBe(true);
      // What no line tells of is not ours to take away: files stay, and are in nobody's way.
      if (isBack) expect(urlsOf(next)).toEqual(urlsOf(await runStory({ onAct: () => 'die' })));
      else expect(endOf(next)).toEqual(endOf(straight));
      return;
    }
    expect(next.ended?.exit).toBe(3);
    expect(reasonOf(next)).toMatch(REFUSED);
    expect(startOf(next.sim)).toEqual(before);
  });
});

/** The list, and what the processes listen on. */
function urlsOf({ sim }: Story): unknown {
  const { record, members } = sim.world;
  return { record, processes: members.map(({ process }) => process?.peer) };
}
