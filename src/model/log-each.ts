/** Turns each sighting of a step into what it is taken for: predicted, explained by the change, noise, or unexpected. */

import type { MemberName } from './ids.ts';
import { type MoreAddresses, type Pair, isPredicted, pairsOf } from './log-pairs.ts';
import { type LogFinding, isTransient } from './signatures.ts';
import type { World } from './world.ts';
import { type Touched, isTouched } from './step.ts';

/** The plan names no log for this member: said in the evidence. A log that is named and cannot be read holds the gate. */
export const NO_LOG = 'no log is configured';

/** Equal findings of one member that were read together. */
export interface Sighting {
  readonly member: MemberName;
  readonly finding: LogFinding;
  readonly count: number;
  readonly readAtMs: number;
  /** Grows from line to line over all members; that of the last line. */
  readonly order: number;
}

/** What a member's log was full of before the first change, and no dial of that time explains. */
export interface Noise {
  readonly key: string;
  readonly perMinute: number;
}

export interface LogsInput {
  /** All that was read since `sinceMs` or earlier; earlier ones are not judged. */
  readonly sightings: readonly Sighting[];
  readonly noise: readonly Noise[];
  /** Members whose log cannot be read, with the reason. */
  readonly unreadable: ReadonlyMap<MemberName, string>;
  /** Members whose log grows faster than it is read. */
  readonly behind: readonly MemberName[];
  readonly before: World;
  readonly after: World;
  /** The member whose process or URL was changed. */
  readonly touched: Touched;
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly quietMs: number;
  readonly addresses?: MoreAddresses;
}

/**
 * How long a stop, a start or the world before may still speak after the touched member serves again. A
 * prober repeats its last result until its next probe 4 s later (rafthttp probing_status.go); a restarted
 * member dials old URLs while it replays its log; 2 s are for applying, writing and reading the line.
 */
export const GRACE_MS = 6000;

/** Noise may be this much louder than before and is still the same noise. */
const NOISE_FACTOR = 1.5;

/** Over which time the present rate is taken: long enough for lines that come every 30 s. */
const NOISE_WINDOW_MS = 60_000;

export type Judgement =
  /** The process ended, or data is in doubt: nothing to wait for. */
  | 'fatal'
  | 'unexpected'
  /** Explained by the stop, the start or the world before. */
  | 'transient'
  /** The present world predicts it. */
  | 'expected'
  /** There before the first change, at this rate. */
  | 'noise'
  /** From an address that no other member owns, or without any request: counted, never failing. */
  | 'foreign'
  /** Of a kind that is no evidence: load, member list, progress. */
  | 'aside';

export interface Judged {
  readonly sighting: Sighting;
  readonly judgement: Judgement;
  readonly pairs: readonly Pair[];
}

/** Every sighting since the step began with what it is taken for. */
export function judgeEach(input: LogsInput): readonly Judged[] {
  const since = input.sightings.filter(({ readAtMs }) => readAtMs >= input.sinceMs);
  const settledAtMs = Math.max(input.sinceMs, ...restartsOf(since, input.touched));
  const rates = ratesOf(since, input);
  return since.map((sighting) => {
    const { finding, member } = sighting;
    const pairs = pairsOf(finding, member, input.after, input.addresses);
    const judgement = judge({ input, sighting, pairs, settledAtMs, since, rates });
    return { sighting, pairs, judgement };
  });
}

/** What of a baseline is noise: peer-link lines whose pairs the world of that time does not explain. */
export function noiseOf(
  sightings: readonly Sighting[],
  world: World,
  spanMs: ReadonlyMap<MemberName, number>,
): readonly Noise[] {
  const counts = new Map<string, Noise>();
  for (const { member, finding, count } of sightings) {
    // A restart in the tail of the log would be taken for a habit.
    if (finding.kind !== 'peer-link' || isTransient(finding)) continue;
    const pairs = pairsOf(finding, member, world);
    if (pairs.some((pair) => isPredicted(finding, pair, world))) continue;
    const key = noiseKey(member, finding);
    const minutes = Math.max(spanMs.get(member) ?? 0, NOISE_WINDOW_MS) / 60_000;
    counts.set(key, { key, perMinute: (counts.get(key)?.perMinute ?? 0) + count / minutes });
  }
  return [...counts.values()];
}

/** Who says what about whom. */
function noiseKey(member: MemberName, finding: LogFinding): string {
  return [member, finding.code, finding.remoteIp ?? finding.remotePeerId ?? ''].join(' ');
}

interface Case {
  readonly input: LogsInput;
  readonly sighting: Sighting;
  readonly pairs: readonly Pair[];
  readonly settledAtMs: number;
  readonly since: readonly Sighting[];
  readonly rates: ReadonlyMap<string, number>;
}

function judge(at: Case): Judgement {
  const { input, sighting, pairs } = at;
  const { finding } = sighting;
  if (finding.kind === 'data') return 'fatal';
  if (finding.kind === 'start-up') return startJudgement(at);
  if (finding.kind === 'no-request') return 'foreign';
  if (finding.kind !== 'peer-link') return 'aside';
  if (pairs.length === 0) return 'foreign';
  if (pairs.some((pair) => isPredicted(finding, pair, input.after))) return 'expected';
  if (sighting.readAtMs <= at.settledAtMs + GRACE_MS && isExplainedByChange(at)) return 'transient';
  return isNoise(at) ? 'noise' : 'unexpected';
}

/** A process that ended and serves again since has told its own end. */
function startJudgement({ sighting, since }: Case): Judgement {
  const { member, finding, order } = sighting;
  const hasRecovered = since.some((each) => {
    return each.member === member && each.order > order && serves(each.finding);
  });
  if (hasRecovered) return 'transient';
  return finding.isFinal ? 'fatal' : 'unexpected';
}

function serves(finding: LogFinding): boolean {
  return finding.code === 'serving-peers' || finding.code === 'serving-clients';
}

/** Within the grace only. */
function isExplainedByChange({ input, sighting, pairs }: Case): boolean {
  const { finding } = sighting;
  const { touched, before } = input;
  if (pairs.some((pair) => isPredicted(finding, pair, before))) return true;
  const ofTouched = pairs.filter(
    ({ from, to }) => isTouched(touched, from) || isTouched(touched, to),
  );
  if (ofTouched.length === 0) return false;
  if (isTransient(finding)) return true;
  return ofTouched.some(({ from }) => isTouched(touched, from)) && isOldDial(finding);
}

/** Replaying its log, a restarted member dials the URLs that others once had, by either scheme. */
function isOldDial({ reasons }: LogFinding): boolean {
  if (reasons === 'any') return true;
  return reasons.includes('http-to-tls') || reasons.includes('https-to-plain');
}

function isNoise({ input, sighting, rates }: Case): boolean {
  const key = noiseKey(sighting.member, sighting.finding);
  const before = input.noise.find((each) => each.key === key);
  if (before === undefined) return false;
  const windowMs = Math.min(NOISE_WINDOW_MS, Math.max(1000, input.nowMs - input.sinceMs));
  const allowed = Math.ceil((before.perMinute * NOISE_FACTOR * windowMs) / 60_000);
  return (rates.get(key) ?? 0) <= allowed;
}

/** Lines of each key within the last minute of the gate. */
function ratesOf(since: readonly Sighting[], input: LogsInput): ReadonlyMap<string, number> {
  const rates = new Map<string, number>();
  for (const { member, finding, count, readAtMs } of since) {
    if (readAtMs < input.nowMs - NOISE_WINDOW_MS) continue;
    const key = noiseKey(member, finding);
    rates.set(key, (rates.get(key) ?? 0) + count);
  }
  return rates;
}

/** When the touched member's own log last told of its stop, its start, or that it serves. */
export function restartsOf(since: readonly Sighting[], touched: Touched): readonly number[] {
  return since
    .filter(({ member, finding }) => isTouched(touched, member) && finding.kind === 'progress')
    .map(({ readAtMs }) => readAtMs);
}
