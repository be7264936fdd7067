/** Turns the worlds of a degraded window into what can go wrong in it, beyond raft itself, which stays linked. */

import { dialMatrix } from '../model/dial.ts';
import type { World } from '../model/world.ts';
import { andList } from './words.ts';

/**
 * A follower forwards lease keepalives to the leader's URL, a leader posts raft snapshots to a follower's
 * URL: each needs its own direction (etcd v3_server.go LeaseRenew, rafthttp snapshot_sender.go).
 */
export interface PreviewRisk {
  /** Members that cannot dial the leader of some world of the window. */
  readonly leasesThrough: readonly string[];
  /** Leaders of the window's worlds, as far as they are decided. */
  readonly leaders: readonly string[];
  /** Members that the leader cannot dial. */
  readonly snapshotsTo: readonly string[];
  /** Members that somebody cannot dial. */
  readonly undialable: readonly string[];
}

export function riskOf(worlds: readonly World[]): PreviewRisk {
  const leasesThrough = new Set<string>();
  const leaders = new Set<string>();
  const snapshotsTo = new Set<string>();
  const undialable = new Set<string>();
  for (const world of worlds) {
    if (world.leader !== undefined) leaders.add(world.leader);
    for (const [pair, answer] of dialMatrix(world)) {
      if (answer.can === 'yes') continue;
      const [from = '', to = ''] = pair.split('>');
      undialable.add(to);
      if (to === world.leader) leasesThrough.add(from);
      if (from === world.leader) snapshotsTo.add(to);
    }
  }
  const sorted = (names: ReadonlySet<string>): readonly string[] => [...names].sort();
  return {
    leasesThrough: sorted(leasesThrough),
    leaders: sorted(leaders),
    snapshotsTo: sorted(snapshotsTo),
    undialable: sorted(undialable),
  };
}

/** The risk in one sentence. */
export function riskText(risk: PreviewRisk): string {
  const { leaders, leasesThrough, snapshotsTo, undialable } = risk;
  const isSafe = leasesThrough.length === 0 && leaders.length > 0;
  const parts = [
    ...(leasesThrough.length === 0
      ? []
      : [`lease keepalives through ${andList(leasesThrough)} while ${leaders.join(' or ')} leads`]),
    ...(snapshotsTo.length === 0 ? [] : [`raft snapshots to ${andList(snapshotsTo)}`]),
    `version and hash checks of ${andList(undialable)}`,
  ];
  return parts.join(', ') + (isSafe ? `; leases are safe while ${leaders.join(' or ')} leads` : '');
}
