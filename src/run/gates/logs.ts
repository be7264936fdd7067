/** logs: nothing came in any member's log, for the quiet time, that the step and the world after it do not explain. */

import type { Verdict } from '../../model/gate.ts';
import type { ToldLine } from '../../model/journal.ts';
import type { MoreAddresses } from '../../model/log-pairs.ts';
import type { LogsInput } from '../../model/log-each.ts';
import { judgeLogs } from '../../model/log-judge.ts';
import { toldLines } from '../../model/log-told.ts';
import type { World } from '../../model/world.ts';
import type { LogWatch } from '../log-watch.ts';
import type { Touched } from '../../model/step.ts';

export interface LogsGateInput {
  readonly watch: LogWatch;
  /** The world that the step began in, and the one that it leads to. */
  readonly before: World;
  readonly after: World;
  /** The member whose process or URL was changed. */
  readonly touched: Touched;
  /** When the hand moved, or when the gate began: what was read earlier is not judged. */
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly quietMs: number;
  /** What hosts are called, beyond what the world knows. */
  readonly addresses?: MoreAddresses;
}

/** Judges what `watch.collect()` has read; call that first. */
export function logsVerdict(input: LogsGateInput): Verdict {
  return judgeLogs(withSightings(input));
}

/** What was read, line by line, with what it is taken for: for the record. */
export function logsTold(input: LogsGateInput): readonly ToldLine[] {
  return toldLines(withSightings(input));
}

function withSightings({ watch, ...rest }: LogsGateInput): LogsInput {
  return {
    ...rest,
    sightings: watch.findingsSince(rest.sinceMs),
    noise: watch.noise(),
    unreadable: watch.unreadable(),
    behind: watch.behind(),
  };
}
