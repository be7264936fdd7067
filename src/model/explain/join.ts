/**
 * Turns what both ends of a dial say into one account: the listener knows the reason and not who it was,
 * the dialer knows whom it dialed and often not why it failed.
 */

import type { DialReason } from '../dial.ts';
import type { LogFinding } from '../signatures.ts';
import type { Fault } from './fault.ts';
import type { Member } from './roster.ts';
import { isLinkedSince, lastStart } from './standing.ts';

/** Two hosts' clocks, and a dialer that logs only its first failure and then a probe every 5 s. */
const TOGETHER_MS = 15_000;
/** A replay is over within seconds of the start. */
const REPLAY_MS = 3000;

/** A fault with the ends that remain possible after both logs were read, and the other ends' own words. */
export interface Joined {
  readonly fault: Fault;
  readonly remotes: readonly Member[];
  /** The other ends' logs were what told who they are. */
  readonly isTold: boolean;
  /** By teller, until when its own log has had such a dial: what came later was not of its making. */
  readonly toldUntilMs: ReadonlyMap<Member, number>;
  /** A member that replays its log at a start dials the URLs that others had then. */
  readonly isReplay: boolean;
  /** The same dial in the words of the other end; of several ends, that of the first. */
  readonly partner: Fault | undefined;
}

export function joinEnds(faults: readonly Fault[]): readonly Joined[] {
  const narrowed = new Map(faults.map((fault) => [fault, narrow(fault, faults)]));
  return faults.map((fault) => {
    const found = narrowed.get(fault) ?? narrow(fault, faults);
    return { fault, ...found, partner: partnerOf(fault, found, narrowed) };
  });
}

type Narrowed = Pick<Joined, 'remotes' | 'isTold' | 'toldUntilMs' | 'isReplay'>;

/** Those whose own log has a dial that failed like this, then; else those who are not linked since. */
function narrow(fault: Fault, faults: readonly Fault[]): Narrowed {
  const { remotes, speaker, finding, last } = fault;
  const same = { remotes, isTold: false, toldUntilMs: UNTOLD, isReplay: false };
  if (finding.speaker !== 'listener' || fault.basis === 'id') return same;
  const starting = finding.code === 'listener-plain-http' ? remotes.filter(isStartOf(fault)) : [];
  if (starting.length > 0) return { ...same, remotes: starting, isReplay: true };
  const dials = faults.filter((other) => {
    return remotes.includes(other.speaker) && isDialOf(other, speaker) && fits(fault, other);
  });
  // An exact reason is better evidence than one of many possible ones.
  const exact = dials.filter((dial) => !isVague(dial.finding));
  const told = new Map<Member, number>();
  for (const { speaker: teller, last: until } of exact.length > 0 ? exact : dials)
    told.set(teller, Math.max(told.get(teller) ?? 0, until?.ms ?? Infinity));
  if (told.size > 0) {
    const tellers = remotes.filter((each) => told.has(each));
    return { ...same, remotes: tellers, isTold: true, toldUntilMs: told };
  }
  const open = remotes.filter((remote) => {
    return last === undefined || !isLinkedSince(remote, speaker, last.ms);
  });
  return { ...same, remotes: open.length > 0 ? open : remotes };
}

const UNTOLD: ReadonlyMap<Member, number> = new Map();

function isStartOf({ first }: Fault): (member: Member) => boolean {
  return (member) => {
    const started = lastStart(member);
    if (started === undefined || first === undefined) return false;
    return first.ms >= started.ms && first.ms - started.ms <= REPLAY_MS;
  };
}

function isDialOf({ finding, basis, remotes }: Fault, listener: Member): boolean {
  return finding.speaker === 'dialer' && basis !== 'any' && remotes.includes(listener);
}

/** Both may be the same dial: a reason in common, at about the same time. */
function fits(a: Fault, b: Fault): boolean {
  return haveReasonInCommon(a.finding, b.finding) && areTogether(a, b);
}

function haveReasonInCommon(a: LogFinding, b: LogFinding): boolean {
  const reasons = telling(a);
  return telling(b).some((reason) => reasons.includes(reason));
}

/** A stop or a start explains anything, and so joins nothing. */
function telling({ reasons }: LogFinding): readonly DialReason[] {
  if (reasons === 'any') return [];
  return reasons.filter((reason) => reason !== 'target-down' && reason !== 'source-down');
}

function areTogether(a: Fault, b: Fault): boolean {
  if (a.first === undefined || b.first === undefined) return true;
  if (a.last === undefined || b.last === undefined) return true;
  return a.first.ms <= b.last.ms + TOGETHER_MS && b.first.ms <= a.last.ms + TOGETHER_MS;
}

/** The other end's words for the same dial: where they are the more exact, they are the cause. */
function partnerOf(
  fault: Fault,
  { remotes, isTold }: Narrowed,
  narrowed: ReadonlyMap<Fault, Narrowed>,
): Fault | undefined {
  const side = fault.finding.speaker;
  if (side === 'self' || (remotes.length > 1 && !isTold)) return undefined;
  const partners = [...narrowed].flatMap(([other, back]) => {
    const isOtherSide = remotes.includes(other.speaker) && other.finding.speaker !== side;
    const isBack = back.remotes.includes(fault.speaker) && !back.isReplay;
    const isClear = back.remotes.length === 1 || back.isTold;
    return isOtherSide &&
      other.finding.speaker !== 'self' &&
      isBack &&
      isClear &&
      fits(fault, other)
      ? [other]
      : [];
  });
  const best = partners.reduce<Fault | undefined>(moreExact, undefined);
  // Several ends with several reasons have no one cause.
  const isOne = partners.every(({ finding }) => finding.code === best?.finding.code);
  return remotes.length === 1 || isOne ? best : undefined;
}

function moreExact(best: Fault | undefined, each: Fault): Fault {
  if (best === undefined) return each;
  const [a, b] = [telling(best.finding).length, telling(each.finding).length];
  if (a !== b) return a < b ? best : each;
  return (each.last?.ms ?? 0) > (best.last?.ms ?? 0) ? each : best;
}

/** Does the finding leave open why the dial failed? */
export function isVague(finding: LogFinding): boolean {
  return telling(finding).length !== 1;
}
