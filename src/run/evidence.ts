/** Turns what the logs said since a step began into the few words that belong beside a failure. */

import type { MemberName } from '../model/ids.ts';
import type { LineEvidence } from '../model/link-cell.ts';
import { type Judged, judgeEach } from '../model/log-each.ts';
import { pairsText } from '../model/log-judge.ts';
import type { LogEvent } from '../model/log-line.ts';
import type { MoreAddresses } from '../model/log-pairs.ts';
import { type World, pairKey } from '../model/world.ts';
import type { LogWatch } from './log-watch.ts';
import type { Touched } from '../model/step.ts';

export interface EvidenceInput {
  readonly logs: LogWatch;
  readonly before: World;
  readonly after: World;
  readonly touched: Touched;
  readonly sinceMs: number;
  readonly nowMs: number;
  /** What hosts are called, beyond what the world knows. */
  readonly addresses?: MoreAddresses;
}

/** A line every few seconds is a fault that lasts: probers repeat theirs every 5 s. */
const STILL_SPEAKING_MS = 10_000;
/** More quotes than this say less. */
const MAX_QUOTES = 3;

/** What cuts the member off, when its log or its peers' have said so for longer than `patienceMs`. */
export function isolationOf(
  input: EvidenceInput,
  member: MemberName,
  patienceMs: number,
): string | undefined {
  const about = unexplained(input).filter(({ sighting, pairs }) => {
    return (
      sighting.member === member || pairs.some(({ from, to }) => from === member || to === member)
    );
  });
  const [first, last] = [about[0], about.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const hasLasted = input.nowMs - first.sighting.readAtMs > patienceMs;
  const isLasting = input.nowMs - last.sighting.readAtMs < STILL_SPEAKING_MS;
  return hasLasted && isLasting ? quoteOf(last) : undefined;
}

/** The last line of each kind and pair that nothing explains, as `m2 logs "..." of its dial of m1`. */
export function unexplainedQuotes(input: EvidenceInput): readonly string[] {
  const quotes = new Map<string, string>();
  for (const judged of unexplained(input)) {
    const { member, finding } = judged.sighting;
    // Lines of one kind differ by their times and ports alone.
    const key = `${member} ${finding.code} ${pairsText(judged)}`;
    quotes.delete(key);
    quotes.set(key, quoteOf(judged));
  }
  return [...quotes.values()].slice(-MAX_QUOTES);
}

/** The line in which the member itself said why it ended, else what it said last that nothing explains, as it stands in its log. */
export function lastWordsOf(input: EvidenceInput, member: MemberName): string | undefined {
  const said = judgeAll(input).filter(({ sighting }) => sighting.member === member);
  const isBad = ({ judgement }: Judged): boolean => judgement === 'unexpected';
  const last = said.findLast(({ judgement }) => judgement === 'fatal') ?? said.findLast(isBad);
  if (last === undefined) return undefined;
  const { code, essence } = last.sighting.finding;
  return input.logs.quote(member, code) ?? essence;
}

/** Lines that tell of one dial that failed; a stream that broke was dialed well. */
const OF_A_DIAL: readonly LogEvent[] = [
  'dial-failed',
  'probe-failed',
  'version-failed',
  'rejected',
];

/**
 * The last dial failure that a log tells of each pair `a>b`: what nothing explains, and, of pairs that the
 * world after the step predicts to fail, what came since that moment. A line that names the pair counts
 * before one that may be about several.
 */
export function dialFailures(
  input: EvidenceInput,
  expectedSinceMs: number,
): ReadonlyMap<string, LineEvidence> {
  const failures = new Map<string, LineEvidence>();
  for (const judged of judgeAll(input)) {
    const { sighting, judgement, pairs } = judged;
    const { readAtMs, finding } = sighting;
    const isNamed = pairs.length === 1;
    const isFresh = judgement === 'expected' && isNamed && readAtMs >= expectedSinceMs;
    if (!OF_A_DIAL.includes(finding.event)) continue;
    if (judgement !== 'unexpected' && !isFresh) continue;
    for (const { from, to } of pairs) {
      const pair = pairKey(from, to);
      if (!isNamed && failures.get(pair)?.isNamed === true) continue;
      failures.set(pair, { quote: quoteOf(judged), readAtMs, isNamed });
    }
  }
  return failures;
}

function unexplained(input: EvidenceInput): readonly Judged[] {
  return judgeAll(input).filter(
    ({ judgement }) => judgement === 'unexpected' || judgement === 'fatal',
  );
}

function judgeAll({ logs, ...input }: EvidenceInput): readonly Judged[] {
  return judgeEach({
    ...input,
    sightings: logs.findingsSince(input.sinceMs),
    noise: logs.noise(),
    unreadable: logs.unreadable(),
    behind: [],
    quietMs: 0,
  });
}

function quoteOf(judged: Judged): string {
  const { sighting, pairs } = judged;
  const whom = pairs.length === 0 ? '' : ` of ${pairsText(judged)}`;
  return `${sighting.member} logs "${sighting.finding.essence}"${whom}`;
}
