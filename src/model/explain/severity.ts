/**
 * Turns a joined fault into how bad it is at the end of the logs.
 *
 *   info     a stop or a start explains it, or the pair is linked since, or nobody of the cluster is concerned
 *   warning  it was there: the pair is linked since, or one of the two was restarted since, or it has ceased
 *   error    still broken at the end of the log
 *   fatal    the process ended by itself and did not come back, or data is in doubt
 */

import { isTransient } from '../signatures.ts';
import type { Fault } from './fault.ts';
import type { Joined } from './join.ts';
import type { Member } from './roster.ts';
import { endOf, isDown, isLinkedSince, lastDialed, lastRestart, lastServed } from './standing.ts';

export type Severity = 'info' | 'warning' | 'error' | 'fatal';

/** While a dial fails a prober says so every 5 s and a listener ten times a second; a log rotates. */
const CEASED_MS = 60_000;
/** A prober repeats its last result until its next probe; a stop takes seconds. */
const AROUND_MS = 10_000;
/** Three rounds of a prober: longer than a restart takes. */
const LASTING_MS = 15_000;
/** Slow disks and late heartbeats come in ones and twos at every start. */
const MANY_LINES = 10;

export interface Judged {
  readonly severity: Severity;
  /** Why it is no worse; empty for what is still broken. */
  readonly because: string;
}

export function severityOf(joined: Joined): Judged {
  const { finding } = joined.fault;
  switch (finding.kind) {
    case 'data':
      return { severity: 'fatal', because: '' };
    case 'start-up':
      return startSeverity(joined.fault);
    case 'peer-link':
      return linkSeverity(joined);
    case 'no-request':
      return { severity: 'info', because: 'a connection that asked for nothing' };
    case 'load':
      return joined.fault.count < MANY_LINES
        ? { severity: 'info', because: 'a few such lines are normal around a start' }
        : { severity: 'warning', because: 'no fault of peer links' };
    case 'membership':
    case 'progress':
    case 'link-good':
      return { severity: 'info', because: '' };
  }
}

function startSeverity({ speaker, finding, last }: Fault): Judged {
  const served = lastServed(speaker);
  if (served !== undefined && last !== undefined && served.ms > last.ms) {
    return { severity: 'warning', because: `${speaker.label} serves again since ${served.text}` };
  }
  return { severity: finding.isFinal ? 'fatal' : 'error', because: '' };
}

function linkSeverity(joined: Joined): Judged {
  const { fault, remotes } = joined;
  if (fault.basis === 'foreign' && !joined.isTold) {
    return { severity: 'info', because: 'the address belongs to no member' };
  }
  if (fault.last === undefined || remotes.length === 0) return { severity: 'warning', because: '' };
  const ms = fault.last.ms;
  const passing = isTransient(fault.finding);
  if (joined.isReplay)
    return { severity: 'info', because: 'a starting member dials URLs of its past' };
  const softer: Severity = passing ? 'info' : 'warning';
  const linked = linkedSince(joined, ms);
  if (linked !== undefined) return { severity: softer, because: `linked since ${linked}` };
  const moved = movedSince(joined, ms);
  if (moved !== undefined) return { severity: softer, because: moved };
  if (hasCeased(fault, ms)) return { severity: softer, because: 'not said again since' };
  // The other end's exact reason is what the vague words stand for: no stop explains that.
  const isNamed = joined.partner !== undefined && !isTransient(joined.partner.finding);
  return passing && !isNamed ? passingSeverity(joined, ms) : lastingSeverity(joined);
}

/** An address that nobody is known to have may be a stranger's: then only the other end's log would tell. */
function lastingSeverity({ fault, isTold, remotes }: Joined): Judged {
  const { remoteIp } = fault.finding;
  const isUnknown = fault.basis === 'any' && remoteIp !== undefined && !isTold;
  const areHostsKnown = remotes.every(({ hosts }) => hosts.size > 0);
  if (isUnknown && areHostsKnown && !remotes.some(({ hosts }) => hosts.has(remoteIp))) {
    const isNear = remoteIp.startsWith('127.') || remoteIp === '::1';
    if (!isNear) return { severity: 'warning', because: 'no member is known to have that address' };
  }
  return { severity: 'error', because: '' };
}

function passingSeverity(joined: Joined, ms: number): Judged {
  const { fault } = joined;
  const ends = [...new Set(pairsOf(joined).flat())];
  const down = ends.find((member) => member !== fault.speaker && isDown(member));
  if (down !== undefined) {
    const isDial = fault.finding.code === 'dialer-connection-refused';
    const because = `${down.label} is down by its own log`;
    return { severity: isDial ? 'warning' : 'info', because };
  }
  const isAround = ends.some((member) => {
    const moves = [lastRestart(member), lastServed(member)];
    return moves.some((move) => move !== undefined && Math.abs(ms - move.ms) <= AROUND_MS);
  });
  if (isAround) return { severity: 'info', because: 'around a stop or a start' };
  const isDial = fault.finding.reasons !== 'any';
  const hasLasted = fault.first !== undefined && ms - fault.first.ms >= LASTING_MS;
  if (isDial && hasLasted) return { severity: 'error', because: '' };
  return { severity: 'warning', because: 'too short to tell a fault from a stop' };
}

type Ends = readonly [from: Member, to: Member];

function pairsOf({ fault, remotes }: Joined): readonly Ends[] {
  const { speaker, finding } = fault;
  return remotes.flatMap((remote): readonly Ends[] => {
    if (finding.speaker === 'listener') return [[remote, speaker]];
    if (finding.speaker === 'dialer') return [[speaker, remote]];
    return [
      [speaker, remote],
      [remote, speaker],
    ];
  });
}

/**
 * When the pair was linked after the last such line. Of several that it may be about one has said it last: the
 * others are linked when they are so since the end of their own such dials.
 */
function linkedSince(joined: Joined, ms: number): string | undefined {
  const pairs = pairsOf(joined);
  const last = pairs.filter(([from, to]) => isLinkedSince(from, to, ms));
  const [first] = last;
  if (first === undefined) return undefined;
  const areOthers = pairs.every((pair) => {
    const untilMs = joined.toldUntilMs.get(pair[0]) ?? ms;
    return last.includes(pair) || isLinkedSince(...pair, untilMs);
  });
  return areOthers ? (lastDialed(...first)?.text ?? '') : undefined;
}

/** A process that was started anew has not said it again. */
function movedSince(joined: Joined, ms: number): string | undefined {
  const ends = pairsOf(joined);
  const isMoved = ([from, to]: Ends): boolean =>
    isLinkedSince(from, to, ms) ||
    [from, to].some((member) => (lastRestart(member)?.ms ?? -1) > ms);
  if (!ends.every(isMoved)) return undefined;
  const restarted = ends.flat().find((member) => (lastRestart(member)?.ms ?? -1) > ms);
  return restarted === undefined ? undefined : `${restarted.label} was stopped or started since`;
}

function hasCeased({ speaker }: Fault, ms: number): boolean {
  const end = endOf(speaker);
  return end !== undefined && end.ms - ms > CEASED_MS;
}
