/** Turns what the logs tell of streams, starts and stops into answers: is that pair linked since, who is down now? */

import type { LogTime } from './log-time.ts';
import { type Member, latest } from './roster.ts';

/** Did a dial of `from` reach `to` at or after that time, by either log? */
export function isLinkedSince(from: Member, to: Member, ms: number): boolean {
  return (lastDialed(from, to)?.ms ?? -Infinity) >= ms;
}

/** When a stream that `from` dialed was last seen opened. */
export function lastDialed(from: Member, to: Member): LogTime | undefined {
  return latest([
    ...linksOf(from, to).map(({ dialedTime }) => dialedTime),
    ...linksOf(to, from).map(({ acceptedTime }) => acceptedTime),
  ]);
}

function linksOf(
  { sections }: Member,
  peer: Member,
): readonly { readonly dialedTime?: string; readonly acceptedTime?: string }[] {
  return sections.flatMap(({ links }) => {
    const times = peer.id === undefined ? undefined : links.get(peer.id);
    return times === undefined ? [] : [times];
  });
}

/** When its process was last asked to end, or started, by its own log. */
export function lastRestart({ sections }: Member): LogTime | undefined {
  return latest(sections.flatMap(({ startTime, stopTime }) => [startTime, stopTime]));
}

export function lastStart({ sections }: Member): LogTime | undefined {
  return latest(sections.map(({ startTime }) => startTime));
}

export function lastServed({ sections }: Member): LogTime | undefined {
  return latest(sections.map(({ serveTime }) => serveTime));
}

/** Its own log ends with a stop, or with a start that never came to serving. */
export function isDown(member: Member): boolean {
  const moved = lastRestart(member);
  const served = lastServed(member);
  if (moved === undefined) return false;
  return served === undefined || moved.ms > served.ms;
}

export function endOf({ sections }: Member): LogTime | undefined {
  return latest(sections.map(({ lastTime }) => lastTime));
}
