/** data: equal HashKV at one revision, with equal compact revision, on all members that take part. */

import type { Verdict } from '../../model/gate.ts';
import { participants } from '../../model/steps/settle.ts';
import type { World } from '../../model/world.ts';
import type { RunDoors } from '../run-doors.ts';

export async function dataVerdict(doors: RunDoors, expected: World): Promise<Verdict> {
  const serving = participants(expected);
  const members = [...doors.etcd].filter(([name]) => serving.includes(name));
  const [first] = members;
  if (first === undefined) return { kind: 'hold', waitsFor: 'a member to ask', fault: 'foreign' };
  const revision = await first[1].revision();
  if (!revision.ok)
    return { kind: 'hold', waitsFor: `a revision: ${revision.error.but}`, fault: 'foreign' };
  const hashes = await Promise.all(
    members.map(async ([name, etcd]) => {
      // A read through the member itself: one that follows late has applied that revision then.
      const reached = await etcd.revision();
      return { name, hash: reached.ok ? await etcd.hashKv(revision.value) : reached };
    }),
  );
  const silent = hashes.filter((each) => !each.hash.ok).map((each) => each.name);
  if (silent.length > 0) {
    const waitsFor = `a hash at revision ${revision.value} from ${silent.join(', ')}`;
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  const values = hashes.flatMap(({ name, hash }) => (hash.ok ? [{ name, ...hash.value }] : []));
  const compacts = new Set(values.map((each) => each.compactRevision));
  if (compacts.size > 1) {
    return { kind: 'hold', waitsFor: 'one compact revision on all members', fault: 'foreign' };
  }
  const distinct = new Set(values.map((each) => each.hash));
  if (distinct.size > 1) {
    const list = values.map((each) => `${each.name} ${each.hash}`).join(', ');
    return {
      kind: 'fail',
      because: `the members hold different data at revision ${revision.value}: ${list}`,
      fault: 'foreign',
    };
  }
  return {
    kind: 'pass',
    evidence:
      values.length === 1
        ? `one member, with a hash at revision ${revision.value}`
        : `equal data on ${String(values.length)} members at revision ${revision.value}`,
  };
}
