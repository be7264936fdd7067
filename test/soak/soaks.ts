/** The soaks by name. A new one is a file beside this and a line here. */

import type { Counts } from './record.ts';
import { chaos } from './chaos.ts';
import { cleanRuns } from './clean-runs.ts';
import { conformance } from './conformance.ts';
import { exhaustive } from './exhaustive.ts';
import { faults } from './faults.ts';
import { matrix } from './matrix.ts';
import { recordCorpus } from './record-corpus.ts';
import { rescue } from './rescue.ts';
import { sizes } from './sizes.ts';

export interface Soak {
  /** What it shows, in one line. */
  readonly shows: string;
  /** Files and folders of this checkout: a change of any of them makes a record an old one. */
  readonly covers: readonly string[];
  readonly seed: number;
  /** Small enough that little is lost with a kill; always the same ones in the same order for one seed. */
  readonly units: (seed: number) => readonly Unit[] | Promise<readonly Unit[]>;
  /** Of a soak whose units are drawn by seeds of their own: the one of this seed. */
  readonly unitOf?: (seed: number) => Unit;
}

export interface Unit {
  /** Its own in this soak. */
  readonly name: string;
  readonly run: () => Promise<Walked>;
}

export interface Walked {
  readonly counts: Counts;
  /** What was found wrong, a line each. */
  readonly wrong: readonly string[];
}

export const SOAKS: Readonly<Record<string, Soak>> = {
  exhaustive,
  conformance,
  'clean-runs': cleanRuns,
  faults,
  chaos,
  matrix,
  'record-corpus': recordCorpus,
  rescue,
  sizes,
};
