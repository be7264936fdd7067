/** Turns the members' applied indexes, read again and again, into how fast the store changes and who leads. */

import { isoTime } from '../base/time.ts';
import type { MemberName } from '../model/ids.ts';
import type { WriteSample } from '../model/journal.ts';
import type { Clock, EtcdMember, EventSink } from '../ports.ts';

export interface WriteWatchDoors {
  readonly etcd: ReadonlyMap<MemberName, Pick<EtcdMember, 'status'>>;
  readonly ids: ReadonlyMap<MemberName, string>;
  readonly clock: Clock;
  readonly events: EventSink;
}

export interface WriteWatch {
  /** All samples since the start; nothing is read any more. */
  stop(): Promise<readonly WriteSample[]>;
}

/** Each member is asked this often, so a standstill is known to so much. */
const ASK_MS = 200;
const SAMPLE_MS = 1000;
/** Half an hour each second; from then on each entry stands for twice the time. */
const SAMPLES_KEPT = 1800;

/** Reads only: no member is asked for a quorum, and one that is down holds nobody up. */
export function watchWrites(doors: WriteWatchDoors): WriteWatch {
  const { clock, events } = doors;
  const ending = new AbortController();
  const pulse = makePulse(doors, clock.nowMs());
  let samples: readonly WriteSample[] = [];

  const askOf = async (member: Pick<EtcdMember, 'status'>): Promise<void> => {
    while (!ending.signal.aborted) {
      const status = await member.status();
      if (status.ok) pulse.beat(clock.nowMs(), status.value.appliedIndex, status.value.leaderId);
      await clock.sleep(ASK_MS, ending.signal);
    }
  };
  const sampling = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await clock.sleep(SAMPLE_MS, ending.signal);
      const sample = pulse.sample(clock.nowMs());
      if (sample === undefined) continue;
      samples = thinned([...samples, sample]);
      events.emit({ type: 'writes', ...sample });
    }
  };
  // A member that does not answer is left alone: its call has a deadline of its own.
  for (const member of doors.etcd.values()) void askOf(member);
  const sampled = sampling();
  return {
    stop: async () => {
      ending.abort();
      await sampled;
      return samples;
    },
  };
}

/** What the reads since the last sample add up to; undefined before the first two. */
function makePulse({ ids }: WriteWatchDoors, startMs: number) {
  let highest: number | undefined;
  let sampled: { readonly atMs: number; readonly index: number } | undefined;
  let movedAtMs = startMs;
  let longestMs = 0;
  let leaderId: string | undefined;
  return {
    beat(nowMs: number, index: number, leader: string | undefined): void {
      leaderId = leader ?? leaderId;
      if (highest !== undefined && index <= highest) return;
      if (highest !== undefined) longestMs = Math.max(longestMs, nowMs - movedAtMs);
      highest = index;
      movedAtMs = nowMs;
    },
    sample(nowMs: number): WriteSample | undefined {
      if (highest === undefined) return undefined;
      const before = sampled;
      sampled = { atMs: nowMs, index: highest };
      if (before === undefined || nowMs <= before.atMs) return undefined;
      const perSecond = ((highest - before.index) * 1000) / (nowMs - before.atMs);
      const stillMs = Math.round(Math.max(longestMs, nowMs - movedAtMs));
      longestMs = 0;
      const leader = [...ids].find(([, id]) => id === leaderId)?.[0];
      return { at: isoTime(nowMs), perSecond: Math.round(perSecond * 10) / 10, leader, stillMs };
    },
  };
}

/** Two neighbours become one with their mean rate and the longer standstill. */
function thinned(samples: readonly WriteSample[]): readonly WriteSample[] {
  if (samples.length <= SAMPLES_KEPT) return samples;
  return samples.flatMap((sample, index) => {
    const next = samples[index + 1];
    if (index % 2 === 1 || next === undefined) return index % 2 === 1 ? [] : [sample];
    const perSecond = Math.round((sample.perSecond + next.perSecond) * 5) / 10;
    return [{ ...next, perSecond, stillMs: Math.max(sample.stillMs, next.stillMs) }];
  });
}
