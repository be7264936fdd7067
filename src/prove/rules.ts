/** All invariants, in the order in which a reader should hear of them: causes before consequences. */

import type { Invariant } from '../model/invariant.ts';
import { backAtStart } from './invariants/back-at-start.ts';
import { clientCerts } from './invariants/client-certs.ts';
import { clientClose } from './invariants/client-close.ts';
import { clientServed } from './invariants/client-served.ts';
import { cutOff } from './invariants/cut-off.ts';
import { degraded } from './invariants/degraded.ts';
import { downtime } from './invariants/downtime.ts';
import { groups } from './invariants/groups.ts';
import { handOver } from './invariants/hand-over.ts';
import { knownDials } from './invariants/known-dials.ts';
import { leaderDialable } from './invariants/leader.ts';
import { learner } from './invariants/learner.ts';
import { observedLinks } from './invariants/observed-links.ts';
import { oneChange } from './invariants/one-change.ts';
import { ownRestart } from './invariants/own-restart.ts';
import { quorum } from './invariants/quorum.ts';
import { startable } from './invariants/startable.ts';
import { urls } from './invariants/urls.ts';

export const INVARIANTS: readonly Invariant[] = [
  knownDials,
  startable,
  urls,
  learner,
  quorum,
  cutOff,
  degraded,
  leaderDialable,
  handOver,
  downtime,
  observedLinks,
  oneChange,
  ownRestart,
  groups,
  backAtStart,
];

/** Of a rollout that moves clients, beside the others. */
export const CLIENT_RULES: readonly Invariant[] = [clientServed, clientClose, clientCerts];

/** Those that ask of a moment only which members of its world are up and can dial each other. */
export const OF_LINKS: readonly Invariant[] = [knownDials, quorum, cutOff];
