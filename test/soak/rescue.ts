/** Turns dead clusters, one for each strategy and version of etcd and each means of a rescue, into living ones. */

import { ROLLING } from '../support/fault-matrix.ts';
import { liveTest } from './live-test.ts';
import type { Soak, Unit } from './soaks.ts';

const VERSIONS = ['3.3', '3.4', '3.5'];

export const rescue: Soak = {
  shows: 'the SAN trap of each strategy and version, and each means of a rescue, brought back',
  covers: ['src', 'test/faults/rescue.test.ts', 'test/support', 'test/soak/rescue.ts'],
  seed: 0,
  units: () => [
    unitOf('other means'),
    ...ROLLING.map((strategy) =>
      unitOf(VERSIONS.map((version) => `${strategy} on ${version}`).join('; ')),
    ),
  ],
};

function unitOf(name: string): Unit {
  return {
    name,
    run: async () => {
      const file = 'test/faults/rescue.test.ts';
      const { output, wrong } = await liveTest(file, { RESCUES: name });
      const told = [...output.matchAll(/rescued: etcd (\S+), (\S+)$/gmu)];
      const counts = Object.fromEntries(
        told.map(([, etcd, by]) => [`${by ?? ''} on ${etcd ?? ''}`, 1]),
      );
      return { counts: { rescued: counts }, wrong };
    },
  };
}
