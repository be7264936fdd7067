/** list: every member that takes part has the member list that we mean, read from each of them. */

import type { Verdict } from '../../model/gate.ts';
import { sameUrls } from '../../model/url.ts';
import type { PeerUrl } from '../../model/url.ts';
import { participants } from '../../model/steps/settle.ts';
import type { World } from '../../model/world.ts';
import type { RunDoors } from '../run-doors.ts';

export async function listVerdict(doors: RunDoors, expected: World): Promise<Verdict> {
  const names = participants(expected);
  const answers = await Promise.all(
    names.map(async (name) => ({ name, list: await doors.etcd.get(name)?.members() })),
  );
  const late = answers.flatMap(({ name, list }) => {
    if (list?.ok !== true) return [`${name} to answer`];
    const wrong = list.value.members.filter((member) => {
      const wanted = expected.record[member.name] ?? [];
      return !sameUrls(wanted, member.peerUrls as readonly PeerUrl[]);
    });
    return wrong.map(
      (member) =>
        `${name} to have ${(expected.record[member.name] ?? []).join(' and ')} for ${member.name}`,
    );
  });
  if (late.length > 0) return { kind: 'hold', waitsFor: late.join('; '), fault: 'foreign' };
  return {
    kind: 'pass',
    evidence: `the list reads back on ${String(names.length)} ${names.length === 1 ? 'member' : 'members'}`,
  };
}
