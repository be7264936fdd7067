/** Turns the documented order for three members into a table: each step, when it was over, who cannot dial whom then. */

import { dialMatrix } from '../../src/model/dial.ts';
import { memberName } from '../../src/model/ids.ts';
import type { JournalBody } from '../../src/model/journal.ts';
import { say } from '../../src/model/laws.ts';
import { type World, allPairs } from '../../src/model/world.ts';
import { textOf } from './checkout.ts';
import { provenFor } from './rollouts.ts';
import { httpWorld } from './worlds.ts';

/** The kept journal of a real run; in it m2 led at the start. */
const DEMO_JOURNAL = 'fixtures/journals/lab-demo.jsonl';

export type KeptEntry = JournalBody & { readonly at: string };

export function keptEntries(): readonly KeptEntry[] {
  const lines = textOf(DEMO_JOURNAL).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as KeptEntry);
}

/** Steps and worlds are planned and proven now; times are those of the kept run, from its first line. */
export function cutoverTable(): string {
  const world = httpWorld();
  const unobserved = allPairs(world.members.map(({ name }) => name));
  const start = { ...world, leader: memberName('m2'), unobserved };
  const { rollout, worlds } = provenFor(start);
  const overAt = timesOf(keptEntries());
  const rows = rollout.steps.map((step, index) => {
    const time = overAt.get(step.id);
    if (time === undefined) throw new Error(`the kept run had no step ${step.id}`);
    const after = worlds[index + 1] ?? start;
    const cells = [time, step.phase, say(step), brokenText(after), after.leader ?? 'nobody'];
    return `| ${cells.join(' | ')} |`;
  });
  const head = '| Over at | Phase | Step | Who cannot dial whom then | Leads |';
  return [head, '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function brokenText(world: World): string {
  const broken = [...dialMatrix(world)].flatMap(([pair, answer]) =>
    answer.can === 'no' ? [`${pair.replace('>', ' → ')} (${answer.reason})`] : [],
  );
  return broken.length === 0 ? 'everybody can' : broken.join(', ');
}

/** Minutes and seconds at which each step, and its gate where it has one, was over. */
function timesOf(entries: readonly KeptEntry[]): ReadonlyMap<string, string> {
  const beganAtMs = Date.parse(entries[0]?.at ?? '');
  return new Map(
    entries.flatMap((entry) => {
      if (entry.type !== 'done' && entry.type !== 'gate') return [];
      const seconds = Math.round((Date.parse(entry.at) - beganAtMs) / 1000);
      const time = `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
      return [[entry.step, time] as const];
    }),
  );
}
