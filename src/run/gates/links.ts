/**
 * links: the observed dial matrix against the predicted one, from each member's own probes.
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

import { type DialAnswer, dialMatrix } from '../../model/dial.ts';
import type { Verdict } from '../../model/gate.ts';
import { type MemberName, memberIdFromHex } from '../../model/ids.ts';
import { participants } from '../../model/steps/settle.ts';
import { type World, pairKey } from '../../model/world.ts';
import type { EtcdMember } from '../../ports.ts';
import type { RunDoors } from '../run-doors.ts';

/** A first tick that says `not reached` is asked once more: the listener may have come up between probe and tick. */
const MAX_ROUNDS = 2;
/** One sample from each of the two probers (message and snapshot transport). */
const SAMPLES_PER_TICK = 2;
/** While a prober fails it ticks again after 5 s. */
const TICK_MS = 5000;
/** The first tick comes 5 s after the re-issue; this much later it is missing. */
const TICK_OVERDUE_MS = 9000;

type Seen = 'waiting' | 'reached' | 'not-reached' | 'unreadable';

interface Sample {
  readonly count: number;
  readonly sum: number;
}

export interface LinkProbe {
  /** Reads the metrics again. */
  poll(): Promise<Verdict>;
  /** Pairs shown broken although predicted good; pairs not shown. */
  result(): { readonly blocked: readonly string[]; readonly unobserved: readonly string[] };
}

export interface LinkProbeInput {
  readonly expected: World;
  /** The ordered pairs to be shown, `a>b`: those that nobody has seen since they last changed. */
  readonly pairs: readonly string[];
  readonly touched: MemberName | undefined;
  /** Before every membership write: is the lock still ours? */
  readonly isFenced: () => Promise<boolean>;
}

export function makeLinkProbe(doors: RunDoors, input: LinkProbeInput): LinkProbe {
  const wanted = new Set(input.pairs);
  const predicted = new Map([...dialMatrix(input.expected)].filter(([pair]) => wanted.has(pair)));
  const seen = new Map<string, Seen>([...predicted.keys()].map((pair) => [pair, 'waiting']));
  let baseline: ReadonlyMap<string, Sample> | undefined;
  let startedAtMs = 0;
  let round = 0;
  const sourceOf = (pair: string): MemberName => pair.split('>')[0] as MemberName;
  const urlCount = (pair: string): number =>
    input.expected.record[pair.split('>')[1] ?? '']?.length ?? 1;
  const mostUrls = Math.max(1, ...Object.values(input.expected.record).map((urls) => urls.length));

  const begin = async (): Promise<Verdict | undefined> => {
    const refused = await reissue(doors, input);
    if (refused !== undefined) return refused;
    round += 1;
    startedAtMs = doors.clock.nowMs();
    baseline = await readAll(doors, predicted);
    for (const pair of predicted.keys())
      seen.set(pair, baseline.has(pair) ? 'waiting' : 'unreadable');
    return undefined;
  };

  const read = async (): Promise<void> => {
    const latest = await readAll(
      doors,
      predicted,
      [...seen].filter(([, state]) => state === 'waiting').map(([pair]) => sourceOf(pair)),
    );
    for (const [pair, state] of seen) {
      const [before, now] = [baseline?.get(pair), latest.get(pair)];
      if (state !== 'waiting' || before === undefined || now === undefined) continue;
      const samples = now.count - before.count;
      if (samples >= SAMPLES_PER_TICK && now.sum > before.sum) seen.set(pair, 'reached');
      else if (samples >= SAMPLES_PER_TICK * urlCount(pair)) seen.set(pair, 'not-reached');
    }
  };

  return {
    async poll() {
      if (predicted.size === 0) return { kind: 'pass', evidence: 'no peer link to probe' };
      if (baseline === undefined) return (await begin()) ?? waiting(seen);
      await read();
      const verdict = judge(predicted, seen, input.touched);
      const waitedMs = doors.clock.nowMs() - startedAtMs;
      const isOverdue = waitedMs > TICK_OVERDUE_MS + TICK_MS * (mostUrls - 1);
      const hasSurprise = verdict.kind === 'fail';
      if ((hasSurprise || (verdict.kind === 'hold' && isOverdue)) && round < MAX_ROUNDS) {
        baseline = undefined;
        return {
          kind: 'hold',
          waitsFor: `a second look: ${verdict.kind === 'fail' ? verdict.because : verdict.waitsFor}`,
          fault: 'ours',
        };
      }
      return verdict;
    },
    result: () => ({
      blocked: surprises(predicted, seen).filter((pair) => seen.get(pair) === 'not-reached'),
      unobserved: [...seen].filter(([, state]) => state !== 'reached').map(([pair]) => pair),
    }),
  };
}

function judge(
  predicted: ReadonlyMap<string, DialAnswer>,
  seen: ReadonlyMap<string, Seen>,
  touched: MemberName | undefined,
): Verdict {
  const wrong = surprises(predicted, seen);
  if (wrong.length > 0) {
    const text = wrong.map(
      (pair) =>
        `${pairText(pair)}: ${seen.get(pair) === 'reached' ? 'reached, predicted not' : 'not reached by fresh probes, predicted good'}`,
    );
    const isOurs = touched === undefined || wrong.some((pair) => pair.split('>').includes(touched));
    return { kind: 'fail', because: text.join('; '), fault: isOurs ? 'ours' : 'foreign' };
  }
  const open = [...seen].filter(([, state]) => state === 'waiting' || state === 'unreadable');
  if (open.length > 0) return waiting(seen);
  const good = [...seen.values()].filter((state) => state === 'reached').length;
  return {
    kind: 'pass',
    evidence: `${String(good)}/${String(seen.size)} peer links up on fresh probes, as predicted`,
  };
}

function waiting(seen: ReadonlyMap<string, Seen>): Verdict {
  const open = [...seen]
    .filter(([, state]) => state !== 'reached' && state !== 'not-reached')
    .map(([pair]) => pairText(pair));
  const shown = open.slice(0, 6).join(', ');
  const waitsFor = `a fresh probe of ${String(open.length)} of ${String(seen.size)} links (${shown})`;
  return { kind: 'hold', waitsFor, fault: 'ours' };
}

function surprises(
  predicted: ReadonlyMap<string, DialAnswer>,
  seen: ReadonlyMap<string, Seen>,
): readonly string[] {
  return [...predicted].flatMap(([pair, answer]) => {
    const state = seen.get(pair);
    // What was seen broken once may work again, now that one of its ends has changed.
    const wasBroken = answer.can === 'no' && answer.reason === 'seen-broken';
    const isWrong =
      (state === 'reached' && answer.can === 'no' && !wasBroken) ||
      (state === 'not-reached' && answer.can === 'yes');
    return isWrong ? [pair] : [];
  });
}

/** One update of the same URLs for each target, one after the other, and then everybody has applied them. */
async function reissue(doors: RunDoors, input: LinkProbeInput): Promise<Verdict | undefined> {
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

/** Count and sum of each source's round trip histogram, by pair; a source that does not answer is missing. */
async function readAll(
  doors: RunDoors,
  predicted: ReadonlyMap<string, DialAnswer>,
  only?: readonly MemberName[],
): Promise<ReadonlyMap<string, Sample>> {
  const sources = [...doors.etcd].filter(([name]) => only === undefined || only.includes(name));
  const all = await Promise.all(
    sources.map(async ([name, etcd]) => ({ name, metrics: await etcd.metrics() })),
  );
  const samples = new Map<string, Sample>();
  for (const { name, metrics } of all) {
    if (!metrics.ok) continue;
    for (const [to, id] of doors.ids) {
      const pair = pairKey(name, to);
      if (!predicted.has(pair)) continue;
      samples.set(pair, roundTrips(metrics.value, id));
    }
  }
  return samples;
}

const HISTOGRAM = 'etcd_network_peer_round_trip_time_seconds';

function roundTrips(metrics: ReadonlyMap<string, number>, id: string): Sample {
  const label = `{To="${memberIdFromHex(id)}"}`;
  return {
    count: metrics.get(`${HISTOGRAM}_count${label}`) ?? 0,
    sum: metrics.get(`${HISTOGRAM}_sum${label}`) ?? 0,
  };
}

function pairText(pair: string): string {
  return pair.replace('>', ' to ');
}
