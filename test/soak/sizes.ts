/** Turns clusters of five and seven members into whole runs on two versions, each one clean. */

import { liveTest } from './live-test.ts';
import type { Soak } from './soaks.ts';

const SIZES = [5, 7];

export const sizes: Soak = {
  shows: 'whole runs on real clusters of five and seven members, on two versions',
  covers: ['src', 'test/e2e/clean-runs.test.ts', 'test/support', 'test/soak/sizes.ts'],
  seed: 0,
  units: () =>
    SIZES.map((size) => ({
      name: `${String(size)} members, one run of each version`,
      run: async () => {
        const environment = { CLEAN_MEMBERS: String(size) };
        const { output, wrong } = await liveTest('test/e2e/clean-runs.test.ts', environment);
        const ends = [...output.matchAll(/clean runs: etcd (\S+), /gu)];
        const runs = Object.fromEntries(ends.map(([, etcd = '']) => [etcd, 1]));
        return { counts: { [`runs of ${String(size)} members`]: runs }, wrong };
      },
    })),
};
