/** Turns the members' metrics, read twice, into what is too busy for the next step; nothing when all are calm. */

import { durationText } from '../base/duration.ts';
import type { LoadBounds } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import { type LoadReading, type Metrics, loadBetween } from '../model/load-reading.ts';
import type { RunDoors } from './run-doors.ts';

/** Some hundred writes even on a quiet cluster; a spike of one second does not decide. */
const WINDOW_MS = 5000;
/** An older reading would tell of a time long past. */
const STALE_MS = 30_000;

export interface LoadWatch {
  /** What stands against going on, with the numbers; undefined: nothing. */
  busy(): Promise<string | undefined>;
}

interface Sample {
  readonly atMs: number;
  readonly metrics: ReadonlyMap<MemberName, Metrics>;
}

export function makeLoadWatch(
  { etcd, clock }: Pick<RunDoors, 'etcd' | 'clock'>,
  bounds: LoadBounds,
): LoadWatch {
  let last: Sample | undefined;
  let said: string | undefined;
  const read = async (): Promise<Sample> => {
    const atMs = clock.nowMs();
    const all = await Promise.all(
      [...etcd].map(async ([name, member]) => [name, await member.metrics()] as const),
    );
    const readable = all.flatMap(([name, metrics]) => {
      return metrics.ok ? [[name, metrics.value] as const] : [];
    });
    return { atMs, metrics: new Map(readable) };
  };
  return {
    async busy() {
      const ageMs = last === undefined ? STALE_MS : clock.nowMs() - last.atMs;
      // What the last window has shown holds until the next one is full.
      if (last !== undefined && ageMs < WINDOW_MS) return said;
      if (last === undefined || ageMs >= STALE_MS) {
        last = await read();
        said = `a first look at the load (${durationText(WINDOW_MS)})`;
        return said;
      }
      const [before, now] = [last, await read()];
      last = now;
      const texts = [...etcd.keys()].flatMap((name) => {
        const [then, after] = [before.metrics.get(name), now.metrics.get(name)];
        const reading =
          then === undefined || after === undefined ? undefined : loadBetween(then, after);
        return reading === undefined
          ? [`the load of ${name}: its metrics do not tell it yet`]
          : tooBusy(name, reading, bounds);
      });
      said = texts.length === 0 ? undefined : texts.join('; ');
      return said;
    },
  };
}

function tooBusy(
  name: MemberName,
  { fsyncP99Ms, pending }: LoadReading,
  { fsyncMs, pending: most }: LoadBounds,
): readonly string[] {
  const slow = fsyncMs !== undefined && fsyncP99Ms !== undefined && fsyncP99Ms > fsyncMs;
  const full = most !== undefined && pending > most;
  return [
    ...(slow
      ? [
          `${name} to write its log faster (99 % within ${durationText(fsyncP99Ms)}, gates.maxFsync is ${durationText(fsyncMs)})`,
        ]
      : []),
    ...(full
      ? [
          `${name} to have fewer proposals pending (${String(pending)}, gates.maxPending is ${String(most)})`,
        ]
      : []),
  ];
}

export function loadFailure(where: string, would: string, waitsFor: string): Failure {
  return {
    code: 'LOAD_TOO_HIGH',
    where,
    would,
    but: `load of the cluster: waiting for ${waitsFor}`,
    so: 'a restart under such load costs clients more than it has to; the step was not begun',
    remedy: 'peershift resume when it is calmer, or raise gates.maxFsync and gates.maxPending',
  };
}
