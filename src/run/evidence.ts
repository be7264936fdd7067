/** Turns what the logs said since a step began into the few words that belong beside a failure. */

import { type Judged, judgeEach } from '../model/log-each.ts';
import { pairsText } from '../model/log-judge.ts';
import type { MemberName } from '../model/ids.ts';
import type { World } from '../model/world.ts';
import type { LogWatch } from './log-watch.ts';

export interface EvidenceInput {
  readonly logs: LogWatch;
  readonly before: World;
  readonly after: World;
  readonly touched: MemberName | undefined;
  readonly sinceMs: number;
  readonly nowMs: number;
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

/** What the member itself said last about its start, its data or its peers. */
export function lastWordsOf(input: EvidenceInput, member: MemberName): string | undefined {
  const said = judgeAll(input).filter(({ sighting }) => sighting.member === member);
  const last = said.findLast(({ judgement }) => judgement === 'fatal') ?? said.at(-1);
  return last === undefined ? undefined : `"${last.sighting.finding.essence}"`;
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
