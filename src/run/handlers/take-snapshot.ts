/** take-snapshot: streamed from a follower where there is one, so that the leader keeps its time for writes. */

import type { Answer } from '../machine-types.ts';
import { restoreProof } from '../restore-proof.ts';
import { type Hands, done, failedBy } from './context.ts';

export async function takeSnapshot(hands: Hands): Promise<Answer> {
  const { doors, before } = hands;
  const names = [...doors.etcd.keys()].sort(
    (a, b) => rank(before.leader, a) - rank(before.leader, b),
  );
  let last: Answer | undefined;
  for (const name of names) {
    const member = doors.etcd.get(name);
    const saved = await member?.snapshot(doors.backupPath);
    if (member === undefined || saved === undefined) continue;
    if (!saved.ok) {
      last = failedBy({ ...saved.error, where: hands.where });
      continue;
    }
    const shown = await restoreProof(doors, member);
    if (!shown.ok) return failedBy({ ...shown.error, where: hands.where });
    const backup = { path: doors.backupPath, ...saved.value, shown: shown.value };
    return done({ kind: 'backed-up', ...backup });
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
