/**
 * Turns what members logged since a step into a verdict: did anything come that this step does not explain?
 *
 *   sinceMs        touched serves          last transient          now
 *      |-- its stop, start: transient --|-- grace --|     |
 *      |   old world still explains     |           |     |<----- quietMs ----->|  pass
 *
 * A line that the present world predicts never counts. One that the stop or start explains, or the world
 * before, never fails the gate and starts the quiet time anew. Everything else must have ceased.
 *
 * All times are those at which peershift read the lines: etcd's clocks are not compared with ours.
 */

import { durationText } from '../base/duration.ts';
import type { Fault, Verdict } from './gate.ts';
import {
  NO_LOG,
  type Judged,
  type Judgement,
  type LogsInput,
  judgeEach,
  restartsOf,
} from './log-each.ts';
import { type Touched, isTouched } from './step.ts';

export function judgeLogs(input: LogsInput): Verdict {
  const judged = judgeEach(input);
  const fatal = judged.find(({ judgement }) => judgement === 'fatal');
  if (fatal !== undefined) {
    const { member, finding } = fatal.sighting;
    // A roll-back restarts members: never because of doubtful data.
    const isOurs = finding.kind === 'start-up' && isTouched(input.touched, member);
    return { kind: 'fail', because: `${member} says "${finding.essence}"`, fault: faultOf(isOurs) };
  }
  if (input.behind.length > 0) {
    const waitsFor = `the log of ${input.behind.join(', ')} to be read to its end`;
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  const lost = [...input.unreadable].filter(([, reason]) => reason !== NO_LOG);
  if (lost.length > 0) {
    const waitsFor = lost.map(([name, reason]) => `the log of ${name} (${reason})`).join('; ');
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  return unexpectedVerdict(input, judged) ?? quietVerdict(input, judged);
}

function unexpectedVerdict(input: LogsInput, judged: readonly Judged[]): Verdict | undefined {
  const recent = judged.filter(({ judgement, sighting }) => {
    return judgement === 'unexpected' && sighting.readAtMs > input.nowMs - input.quietMs;
  });
  const last = recent.at(-1);
  if (last === undefined) return undefined;
  const isOurs = recent.some((each) => concerns(each, input.touched));
  const shown = recent.findLast((each) => !isOurs || concerns(each, input.touched)) ?? last;
  const lines = recent
    .filter((each) => isAlike(each, shown))
    .reduce((sum, { sighting }) => sum + sighting.count, 0);
  const quiet = durationText(input.nowMs - last.sighting.readAtMs);
  const waitsFor = [
    `a quiet log: ${shown.sighting.member} says "${shown.sighting.finding.essence}"`,
    `of ${pairsText(shown)} (${linesText(lines)}; quiet for ${quiet}`,
    `of ${durationText(input.quietMs)})`,
  ].join(' ');
  return { kind: 'hold', waitsFor, fault: faultOf(isOurs) };
}

function concerns({ sighting, pairs }: Judged, touched: Touched): boolean {
  if (isTouched(touched, sighting.member)) return true;
  return pairs.some(({ from, to }) => isTouched(touched, from) || isTouched(touched, to));
}

function isAlike(a: Judged, b: Judged): boolean {
  return (
    a.sighting.member === b.sighting.member && a.sighting.finding.code === b.sighting.finding.code
  );
}

function quietVerdict(input: LogsInput, judged: readonly Judged[]): Verdict {
  const restarts = restartsOf(
    judged.map(({ sighting }) => sighting),
    input.touched,
  );
  const spoken = judged
    .filter(({ judgement }) => judgement === 'transient' || judgement === 'unexpected')
    .map(({ sighting }) => sighting.readAtMs);
  const quietFor = input.nowMs - Math.max(input.sinceMs, ...restarts, ...spoken);
  const unread = unreadText(input);
  if (quietFor < input.quietMs) {
    const waitsFor = `quiet logs for ${durationText(input.quietMs)} (now ${durationText(quietFor)})`;
    const forMs = input.quietMs - quietFor;
    return { kind: 'hold', waitsFor: [waitsFor, ...unread].join('; '), fault: 'ours', forMs };
  }
  const names = input.after.members.map(({ name }) => name);
  const read = names.filter((name) => !input.unreadable.has(name));
  const counted = (['expected', 'noise', 'foreign'] as const).flatMap((judgement) => {
    const count = countOf(judged, judgement);
    return count === 0 ? [] : [`${String(count)} ${COUNTED[judgement]}`];
  });
  const aside = counted.length === 0 ? '' : ` (${counted.join(', ')})`;
  const quiet = `no unexpected line for ${durationText(input.quietMs)} in the log of ${read.join(', ')}${aside}`;
  return { kind: 'pass', evidence: [...(read.length === 0 ? [] : [quiet]), ...unread].join('; ') };
}

const COUNTED = {
  expected: 'expected',
  noise: 'as before the first change',
  foreign: 'from strangers or without a request',
} as const;

function countOf(judged: readonly Judged[], judgement: Judgement): number {
  return judged
    .filter((each) => each.judgement === judgement)
    .reduce((sum, { sighting }) => sum + sighting.count, 0);
}

function unreadText({ unreadable }: LogsInput): readonly string[] {
  return [...unreadable].map(([name, reason]) => `no log of ${name} can be read (${reason})`);
}

/** Whom a line is about, after `of`: `its dial of m2`, `a dial from m1`. */
export function pairsText({ pairs, sighting }: Judged): string {
  if (pairs.length === 0) return 'itself';
  if (sighting.finding.speaker === 'dialer') {
    return `its dial of ${pairs.map(({ to }) => to).join(' or ')}`;
  }
  if (sighting.finding.speaker === 'listener') {
    return `a dial from ${pairs.map(({ from }) => from).join(' or ')}`;
  }
  const peers = new Set(pairs.flatMap(({ from, to }) => [from, to]));
  return `its link with ${[...peers].filter((name) => name !== sighting.member).join(' or ')}`;
}

function linesText(count: number): string {
  return count === 1 ? '1 line' : `${String(count)} lines`;
}

function faultOf(isOurs: boolean): Fault {
  return isOurs ? 'ours' : 'foreign';
}
