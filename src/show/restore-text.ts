/** Turns a new cluster made from one member's database into what a person must know of it, before and behind it. */

import type { ObservedState } from '../model/observed.ts';
import type { RestoreCluster } from '../model/step.ts';

/** In the preview, before the question. */
export function restoreRisks(
  { from }: Pick<RestoreCluster, 'from'>,
  lost: ReadonlyMap<string, string>,
): readonly string[] {
  const gone = [...lost].map(([name, reason]) => `${name}: ${reason}`).join('; ');
  return [
    `at risk: writes that only members now without data had on disk, and of ${from}, if it was killed, the last 0.1 s; how much that is nobody can tell (${gone})`,
    'the cluster and its members get new IDs: whoever has kept the old ones (backups, dashboards) must learn them',
    'an older database is never taken: the one with the highest revision of all that are left, or nothing is touched',
    'all of what the members have stays on their hosts as member.before-peershift-RUN in the data folder, and is yours to remove',
  ];
}

/** What there is afterwards. */
export function newClusterText(
  { clusterId, members }: ObservedState,
  before: string,
  planFile: string,
): string {
  const ids = members.map(({ name, id }) => `${name} ${id}`).join(', ');
  return [
    `the cluster serves again, as a new one: cluster ID ${clusterId} (it was ${before}); members ${ids}.`,
    'The old data stay beside the new ones on each host, as member.before-peershift-RUN in the data folder.',
    `Next: peershift check ${planFile}`,
  ].join(' ');
}
