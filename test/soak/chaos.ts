/** Turns seeds into real runs under faults, counted by how they ended and what they went through. */

import { liveTest } from './live-test.ts';
import type { Soak, Unit } from './soaks.ts';

const RUNS = 102;
/** Side by side, a cluster each. */
const RUNS_A_UNIT = 3;

export const chaos: Soak = {
  shows: 'runs under one to three faults each end truthfully, and no acknowledged write is lost',
  covers: ['src', 'test/faults/chaos.test.ts', 'test/support', 'test/soak/chaos.ts'],
  seed: 1000,
  units: (seed) => {
    return Array.from({ length: RUNS / RUNS_A_UNIT }, (_, index) => {
      const first = seed + index * RUNS_A_UNIT;
      return unitOf(Array.from({ length: RUNS_A_UNIT }, (__, nth) => first + nth));
    });
  },
  unitOf: (seed) => unitOf([seed]),
};

function unitOf(seeds: readonly number[]): Unit {
  const names = seeds.map(String);
  return {
    name: `seeds ${names.join(', ')}`,
    run: async () => {
      const environment = { CHAOS_SEEDS: names.join(' ') };
      const { output, wrong } = await liveTest('test/faults/chaos.test.ts', environment);
      const line =
        /chaos: etcd (\S+), (\S+), first ([^,]+), last (\S+), (\d+) resumes, injected ([^,]+),/gu;
      const told = [...output.matchAll(line)];
      const of = (group: number): Readonly<Record<string, number>> => {
        const counts: Record<string, number> = {};
        for (const match of told) {
          for (const word of (match[group] ?? '').split('+'))
            counts[word] = (counts[word] ?? 0) + 1;
        }
        return counts;
      };
      const counts = {
        runs: told.length,
        etcd: of(1),
        strategies: of(2),
        'the run ended': of(3),
        'in the end': of(4),
        resumes: of(5),
        faults: of(6),
      };
      const isTold = told.length === seeds.length;
      return { counts, wrong: isTold || wrong.length > 0 ? wrong : ['not every run was told'] };
    },
  };
}
