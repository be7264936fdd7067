/** All invariants, in the order in which a reader should hear of them: causes before consequences. */

import type { Invariant } from '../model/invariant.ts';
import { backAtStart } from './invariants/back-at-start.ts';
import { cutOff } from './invariants/cut-off.ts';
import { degraded } from './invariants/degraded.ts';
import { downtime } from './invariants/downtime.ts';
import { groups } from './invariants/groups.ts';
import { handOver } from './invariants/hand-over.ts';
import { knownDials } from './invariants/known-dials.ts';
import { leaderDialable } from './invariants/leader.ts';
import { observedLinks } from './invariants/observed-links.ts';
import { ownRestart } from './invariants/own-restart.ts';
import { quorum } from './invariants/quorum.ts';
import { startable } from './invariants/startable.ts';

export const INVARIANTS: readonly Invariant[] = [
  knownDials,
  startable,
  quorum,
  cutOff,
  degraded,
  leaderDialable,
  handOver,
  downtime,
  observedLinks,
  ownRestart,
  groups,
  backAtStart,
];
