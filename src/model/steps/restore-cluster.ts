/** restore-cluster: all are stopped, each gets data made from one database, all are started as a new cluster. */

import type { RestoreCluster, StepLaw } from '../step.ts';
import { type World, oneRecord, withMember } from '../world.ts';
import { restartTogether } from './restart-together.ts';

export const restoreCluster: StepLaw<RestoreCluster> = {
  say: ({ members, from }) =>
    `make a new cluster of ${members.join(', ')} from the database of ${from}, with new IDs; what each has stays beside`,
  place: (step) => step.members.join(', '),
  needs: (world, step) => restartTogether.needs(world, together(step)),
  apply: (world, step) => restartTogether.apply(afresh(world, step), together(step)),
  halfway: (world, step) => [
    ...restartTogether.halfway(world, together(step)),
    ...restartTogether.halfway(afresh(world, step), together(step)),
  ],
  undo: () => 'none: the old data stay beside as member.before-peershift-RUN, for a person',
};

function together(step: RestoreCluster): Parameters<typeof restartTogether.apply>[1] {
  return { ...step, kind: 'restart-together' };
}

/** Whoever starts then has no other list than the one its data were made with. */
function afresh(world: World, { members, urls }: RestoreCluster): World {
  const record = oneRecord({ ...world.record, ...urls });
  const renewed = world.members.filter(({ name }) => members.includes(name));
  return renewed.reduce((each, member) => withMember(each, { ...member, view: record }), {
    ...world,
    record,
  });
}
