/** restart-together: all of them are stopped, then all are started; the settings on their disks take effect. */

import type { RestartTogether, StepLaw } from '../step.ts';
import { type World, memberOf } from '../world.ts';
import { startRefusal, started, stopped } from './restart-member.ts';

export const restartTogether: StepLaw<RestartTogether> = {
  say: ({ members }) =>
    members.length < 2
      ? `stop ${members.join()} and start it again: nobody serves meanwhile`
      : `stop ${members.join(', ')}, all at once, and then start them all: nobody serves meanwhile`,
  place: (step) => step.members.join(', '),
  needs: (world, step) => step.members.flatMap((name) => startRefusal(memberOf(world, name))),
  apply: (world, step) => step.members.reduce(started, allStopped(world, step)),
  halfway: (world, step) => {
    const down = allStopped(world, step);
    // One by one, in the order of the list: who is quicker makes no world of another kind.
    const stopping = step.members.slice(1).map((_, index) => {
      return step.members.slice(0, index + 1).reduce(stopped, world);
    });
    const starting = step.members.slice(1).map((_, index) => {
      return step.members.slice(0, index + 1).reduce(started, down);
    });
    return [...stopping, down, ...starting];
  },
  undo: (_before, { members }) =>
    `put the original settings of ${members.join(', ')} back, stop them all and start them all`,
};

function allStopped(world: World, step: RestartTogether): World {
  return step.members.reduce(stopped, world);
}
