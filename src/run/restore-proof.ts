/** Turns a saved snapshot into a sentence of what was shown of it, or into the failure that stops the run. */

import { type Result, err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { EtcdMember, KvHash, ScratchMember } from '../ports.ts';
import type { RunDoors } from './run-doors.ts';

/** A member alone elects itself in a moment; opening a database of some GB takes longer. */
const SERVES_MS = 90_000;
const POLL_MS = 200;

/**
 * Restored and compared by HashKV at the snapshot's own revision with the member that it came from; where this
 * machine has no programs for that, the sentence says so.
 */
export async function restoreProof(
  doors: Pick<RunDoors, 'restorer' | 'openHere' | 'clock' | 'backupPath'>,
  member: EtcdMember,
): Promise<Result<string, Failure>> {
  const notRestored = (why: string): string => `hash checked, not restored: ${why}`;
  const status = await member.status();
  if (!status.ok) return ok(notRestored(`the member's version is not known: ${status.error.but}`));
  const tools = await doors.restorer.tools(status.value.version);
  if (!tools.known) return ok(notRestored(tools.reason));
  const scratch = await doors.restorer.restore(doors.backupPath, tools.value);
  if (!scratch.ok) return scratch;
  const compared = await compare(doors, member, scratch.value);
  const ended = await scratch.value.end();
  if (!compared.ok) return compared;
  return ended.ok ? ok(`restored with ${tools.value.words}, ${compared.value}`) : ended;
}

async function compare(
  doors: Pick<RunDoors, 'openHere' | 'clock' | 'backupPath'>,
  member: EtcdMember,
  scratch: ScratchMember,
): Promise<Result<string, Failure>> {
  const { revision } = scratch;
  const restored = await whenItServes(doors, scratch);
  if (!restored.ok) return restored;
  const live = await member.hashKv(revision);
  const at = `at revision ${revision}`;
  if (!live.ok) return ok(`its hash ${at} not compared: ${live.error.but}`);
  const [a, b] = [restored.value, live.value];
  if (a.compactRevision !== b.compactRevision) {
    return ok(`its hash ${at} not compared: the cluster was compacted meanwhile`);
  }
  if (a.hash === b.hash) return ok(`HashKV ${a.hash} ${at} as on the member it came from`);
  return err(
    unlike(doors, `HashKV ${at} is ${a.hash}, and ${b.hash} on the member that it came from`),
  );
}

async function whenItServes(
  doors: Pick<RunDoors, 'openHere' | 'clock' | 'backupPath'>,
  scratch: ScratchMember,
): Promise<Result<KvHash, Failure>> {
  const client = doors.openHere(scratch.endpoint);
  const giveUpAtMs = doors.clock.nowMs() + SERVES_MS;
  try {
    for (;;) {
      const hash = await client.hashKv(scratch.revision);
      if (hash.ok) return hash;
      if (doors.clock.nowMs() > giveUpAtMs) {
        const said = await scratch.lastWords();
        const but = `the member that was made from it did not serve: ${hash.error.but}`;
        return err(unlike(doors, said === '' ? but : `${but}; its log ends: ${said}`));
      }
      await doors.clock.sleep(POLL_MS);
    }
  } finally {
    client.close();
  }
}

function unlike({ backupPath }: Pick<RunDoors, 'backupPath'>, but: string): Failure {
  return {
    code: 'BACKUP_FAILED',
    where: backupPath,
    would: 'restore the snapshot into a scratch member, and find the same data',
    but,
    so: 'a backup that does not hold the data is none; nothing was changed in the cluster',
    remedy:
      'compare the members (etcdctl endpoint hashkv) and look at the disk of this machine, then try again',
  };
}
