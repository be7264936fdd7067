/** Turns what a canary has met into words and a verdict: what clients felt while the members were moved. */

import { durationText } from '../base/duration.ts';
import type { DesiredCanary } from './desired.ts';
import type { Verdict } from './gate.ts';
import type { MemberName } from './ids.ts';

/** Writes, reads and keepalives through every member, all run long. */
export interface CanaryTold {
  /** What the plan file asks for. */
  readonly does: readonly ('writes' | 'leases')[];
  readonly members: readonly MemberName[];
  /** Acknowledged, and read back linearizably at once. */
  readonly writes: number;
  /** Acknowledged, and not there when they were read back. */
  readonly lost: number;
  /** The longest time in which no member took a write: what a client felt that asks the next member. */
  readonly longestGapMs: number;
  /** When it began, RFC 3339; undefined: there was none yet. */
  readonly longestGapAt: string | undefined;
  readonly keepalives: number;
  /** Unanswered for 3 s through a member that is up and outside its own stop and start. */
  readonly failedKeepalives: number;
  /** Leases that ended although they were kept alive. */
  readonly expired: number;
}

/** What the canary's keys begin with. */
export function canaryPrefix(clusterId: string): string {
  return `/peershift/${clusterId}/canary/`;
}

/** `1204 writes through m1, m2, m3, the longest gap 210 ms; 64 keepalives, 0 failed`. */
export function canaryText(told: CanaryTold): string {
  const [writes, leases] = [told.does.includes('writes'), told.does.includes('leases')];
  const gap = durationText(told.longestGapMs);
  const through = `through ${told.members.join(', ')}`;
  const lost = told.lost === 0 ? '' : `, ${String(told.lost)} NOT READ BACK`;
  const expired = told.expired === 0 ? '' : `, ${String(told.expired)} EXPIRED`;
  return [
    ...(writes ? [`${String(told.writes)} writes ${through}, the longest gap ${gap}${lost}`] : []),
    ...(leases
      ? [`${String(told.keepalives)} keepalives, ${String(told.failedKeepalives)} failed${expired}`]
      : []),
  ].join('; ');
}

/** Over the budget it fails, and the change in hand is at fault: that is what the budget is for. */
export function canaryVerdict(told: CanaryTold, desired: DesiredCanary): Verdict {
  const over = [
    ...(told.lost > 0 ? [`${String(told.lost)} acknowledged writes were not read back`] : []),
    ...(told.expired > 0 ? [`${String(told.expired)} leases ended although kept alive`] : []),
    ...(desired.writes && told.longestGapMs > desired.longestGapMs ? [gapText(told, desired)] : []),
    ...(told.failedKeepalives > (desired.failedKeepalives ?? Infinity)
      ? [keepaliveText(told, desired.failedKeepalives)]
      : []),
  ];
  if (over.length > 0)
    return { kind: 'fail', because: `the canary: ${over.join('; ')}`, fault: 'ours' };
  return { kind: 'pass', evidence: `canary: ${canaryText(told)}` };
}

function gapText({ longestGapMs, longestGapAt }: CanaryTold, desired: DesiredCanary): string {
  const from = longestGapAt === undefined ? '' : ` from ${longestGapAt}`;
  const most = durationText(desired.longestGapMs);
  return `no member took a write for ${durationText(longestGapMs)}${from} (gates.canary.longestGap: ${most})`;
}

function keepaliveText({ failedKeepalives }: CanaryTold, most = 0): string {
  return `${String(failedKeepalives)} keepalives failed (gates.canary.failedKeepalives: ${String(most)})`;
}

/** Of a run that was taken up again: all of its canaries as one. */
export function joinedCanaries(all: readonly CanaryTold[]): CanaryTold | undefined {
  return all.reduce<CanaryTold | undefined>((sum, each) => {
    if (sum === undefined) return each;
    const worst = each.longestGapMs > sum.longestGapMs ? each : sum;
    return {
      does: [...new Set([...sum.does, ...each.does])],
      members: [...new Set([...sum.members, ...each.members])],
      writes: sum.writes + each.writes,
      lost: sum.lost + each.lost,
      longestGapMs: worst.longestGapMs,
      longestGapAt: worst.longestGapAt,
      keepalives: sum.keepalives + each.keepalives,
      failedKeepalives: sum.failedKeepalives + each.failedKeepalives,
      expired: sum.expired + each.expired,
    };
  }, undefined);
}
