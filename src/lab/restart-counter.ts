/** Turns the pid files of a lab into how often each member was restarted while we looked. */

import type { LabMember } from './lab-folder.ts';
import { recordedPid } from './member-process.ts';

export interface RestartCounter {
  /** Restarts by member name, since the start. */
  stop(): Promise<ReadonlyMap<string, number>>;
}

/** Far shorter than a stop and a start take together, so no restart falls between two looks. */
const LOOK_INTERVAL_MS = 200;

/** Reads each member's `etcd.pid` now and then: another pid is a restart. */
export async function countRestarts(
  members: readonly LabMember[],
  read: (member: LabMember) => Promise<number | undefined> = recordedPid,
): Promise<RestartCounter> {
  const pids = new Map<string, number>();
  const counts = new Map(members.map((member) => [member.name, 0]));
  const look = async (): Promise<void> => {
    for (const member of members) {
      const pid = await read(member);
      if (pid === undefined) continue;
      const before = pids.get(member.name);
      pids.set(member.name, pid);
      if (before === undefined || before === pid) continue;
      counts.set(member.name, (counts.get(member.name) ?? 0) + 1);
    }
  };
  await look();
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_INTERVAL_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
      await look();
      return counts;
    },
  };
}
