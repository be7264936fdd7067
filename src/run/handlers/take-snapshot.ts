/** take-snapshot: streamed from a follower where there is one, so that the leader keeps its time for writes. */

import type { Answer } from '../machine-types.ts';
import { type Hands, done, failedBy } from './context.ts';

export async function takeSnapshot(hands: Hands): Promise<Answer> {
  const { doors, before } = hands;
  const names = [...doors.etcd.keys()].sort(
    (a, b) => rank(before.leader, a) - rank(before.leader, b),
  );
  let last: Answer | undefined;
  for (const name of names) {
    const saved = await doors.etcd.get(name)?.snapshot(doors.backupPath);
    if (saved === undefined) continue;
    if (saved.ok) return done({ kind: 'backed-up', path: doors.backupPath, ...saved.value });
    last = failedBy({ ...saved.error, where: hands.where });
  }
  return (
    last ??
    failedBy({
      code: 'BACKUP_FAILED',
      where: hands.where,
      would: 'save a snapshot of the store',
      but: 'no member has a client URL that is known',
      so: 'there would be no way back from a lost store; nothing has been changed',
      remedy: 'check the endpoints of the plan file',
    })
  );
}

function rank(leader: string | undefined, name: string): number {
  return name === leader ? 1 : 0;
}
