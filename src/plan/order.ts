/** Turns the members into the order in which they are converted: followers by name, the leader last. */

import type { DesiredSpec } from '../model/desired.ts';
import type { MemberName } from '../model/ids.ts';
import type { World } from '../model/world.ts';

export function orderOf(desired: DesiredSpec, world: World): readonly MemberName[] {
  if (desired.order !== undefined) return desired.order;
  const names = world.members.map((member) => member.name).sort();
  return [
    ...names.filter((name) => name !== world.leader),
    ...names.filter((name) => name === world.leader),
  ];
}
