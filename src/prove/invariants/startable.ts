/** startable: whatever a member is left with on its disk, it can start from it. */

import type { Breach, Invariant } from '../../model/invariant.ts';
import { loadDisk } from '../../model/load.ts';
import type { MemberWorld, World } from '../../model/world.ts';

export const startable: Invariant = {
  name: 'startable',
  severity: 'fatal',
  rule: 'every member can start from what stands on its disk',
  check: ({ mishap, world }) => {
    // What a dead-man leaves stays until somebody comes; a crash leaves the disk as it was.
    if (mishap !== undefined && mishap.fired !== mishap.member) return [];
    const known = KNOWN.get(world.members);
    if (known !== undefined) return known;
    const breaches = world.members.flatMap(stuck);
    KNOWN.set(world.members, breaches);
    return breaches;
  },
};

/** Members never change, and most steps change none of them. */
const KNOWN = new WeakMap<World['members'], readonly Breach[]>();

function stuck(member: MemberWorld): readonly Breach[] {
  const loaded = loadDisk(member.disk, member.version);
  if (loaded.ok) return [];
  return [
    {
      subject: member.name,
      but: `etcd on ${member.name} would refuse to start: ${loaded.error}`,
      so: `a restart or crash of ${member.name} would leave it down`,
      remedy: `mend the named file on ${member.name}`,
    },
  ];
}
