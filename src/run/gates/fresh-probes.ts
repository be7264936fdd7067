/**
 * Makes members probe their peers anew, and turns their round trip histograms into samples.
 *
 *   re-issue the same URLs of b   ->  every other member a starts two fresh probers of b (UpdatePeer)
 *   first probe 4 s later, first tick 5 s later: the round trip histogram gets +2 samples
 *   sum grown: at least one probe reached b's URL; sum as before: none did
 *
 * A member with several URLs is probed at the next one 4 s after a failure, so each URL gets a tick. A
 * prober that was never reached adds nothing, however often it ticks; one that was repeats its value, so
 * growth shows that the link worked since the re-issue, not that it works now. (rafthttp
 * probing_status.go and xiang90/probing; seen on 3.3.25, 3.4.23, 3.5.16.)
 */

import type { Verdict } from '../../model/gate.ts';
import { type MemberName, memberIdFromHex } from '../../model/ids.ts';
import { participants } from '../../model/steps/settle.ts';
import { type World, pairKey } from '../../model/world.ts';
import type { EtcdMember } from '../../ports.ts';
import type { RunDoors } from '../run-doors.ts';

/** One sample from each of the two probers (message and snapshot transport). */
export const SAMPLES_PER_TICK = 2;
/** While a prober fails it ticks again after 5 s. */
export const TICK_MS = 5000;
/** The first tick comes 5 s after the re-issue; this much later it is missing. */
export const TICK_OVERDUE_MS = 9000;

export interface Sample {
  readonly count: number;
  readonly sum: number;
}

export interface ReissueInput {
  readonly expected: World;
  /** The ordered pairs to be probed, `a>b`. */
  readonly pairs: readonly string[];
  /** Before every membership write: is the lock still ours? */
  readonly isFenced: () => Promise<boolean>;
}

/** One update of the same URLs for each target, one after the other, and then everybody has applied them. */
export async function reissue(doors: RunDoors, input: ReissueInput): Promise<Verdict | undefined> {
  const writer = await anyAnswering(doors);
  if (writer === undefined)
    return { kind: 'hold', waitsFor: 'a member that answers', fault: 'foreign' };
  const targets = input.expected.members.map(({ name }) => name);
  for (const target of targets.filter((name) =>
    input.pairs.some((pair) => pair.endsWith(`>${name}`)),
  )) {
    if (!(await input.isFenced()))
      return { kind: 'fail', because: 'the cluster lock is no longer ours', fault: 'foreign' };
    const member = input.expected.members.find((each) => each.name === target);
    const urls = input.expected.record[target];
    if (member === undefined || urls === undefined) continue;
    const updated = await writer.updatePeerUrls(member.id, urls);
    if (!updated.ok)
      return {
        kind: 'hold',
        waitsFor: `the list to take the URLs of ${target} again: ${updated.error.but}`,
        fault: 'foreign',
      };
  }
  const status = await writer.status();
  if (!status.ok)
    return {
      kind: 'hold',
      waitsFor: 'the member that took the updates to answer',
      fault: 'foreign',
    };
  const late = await behind(doors, input.expected, status.value.appliedIndex);
  return late === undefined ? undefined : { kind: 'hold', waitsFor: late, fault: 'foreign' };
}

/** Probers start when the update is applied, and the baseline must be read after that. */
async function behind(
  doors: RunDoors,
  expected: World,
  index: number,
): Promise<string | undefined> {
  const giveUpAtMs = doors.clock.nowMs() + 2000;
  for (;;) {
    const names = participants(expected);
    const statuses = await Promise.all(
      names.map(async (name) => ({ name, status: await doors.etcd.get(name)?.status() })),
    );
    const late = statuses.filter(
      ({ status }) => status?.ok !== true || status.value.appliedIndex < index,
    );
    if (late.length === 0) return undefined;
    if (doors.clock.nowMs() > giveUpAtMs)
      return `${late.map((each) => each.name).join(', ')} to apply the updates`;
    await doors.clock.sleep(50);
  }
}

async function anyAnswering(doors: RunDoors): Promise<EtcdMember | undefined> {
  for (const etcd of doors.etcd.values()) {
    if ((await etcd.status()).ok) return etcd;
  }
  return undefined;
}

export interface Samples {
  /** By pair; of sources that did not answer there are none. */
  readonly of: ReadonlyMap<string, Sample>;
  /** By source, why its metrics could not be read. */
  readonly unread: ReadonlyMap<string, string>;
}

/** Count and sum of each source's round trip histogram, by pair. */
export async function readSamples(
  doors: RunDoors,
  sources: ReadonlySet<MemberName>,
): Promise<Samples> {
  const asked = [...doors.etcd].filter(([name]) => sources.has(name));
  const all = await Promise.all(
    asked.map(async ([name, etcd]) => ({ name, metrics: await etcd.metrics() })),
  );
  const of = new Map<string, Sample>();
  const unread = new Map<string, string>();
  for (const { name, metrics } of all) {
    if (!metrics.ok) unread.set(name, metrics.error.but);
    if (!metrics.ok) continue;
    for (const [to, id] of doors.ids) of.set(pairKey(name, to), roundTrips(metrics.value, id));
  }
  return { of, unread };
}

const HISTOGRAM = 'etcd_network_peer_round_trip_time_seconds';

function roundTrips(metrics: ReadonlyMap<string, number>, id: string): Sample {
  const label = `{To="${memberIdFromHex(id)}"}`;
  return {
    count: metrics.get(`${HISTOGRAM}_count${label}`) ?? 0,
    sum: metrics.get(`${HISTOGRAM}_sum${label}`) ?? 0,
  };
}
