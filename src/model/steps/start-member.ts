/** start-member: a member that is down comes back from its disk. */

import type { StartMember, StepLaw } from '../step.ts';
import { memberOf } from '../world.ts';
import { startRefusal, started } from './restart-member.ts';

export const startMember: StepLaw<StartMember> = {
  say: (step) => `start ${step.member}`,
  place: (step) => step.member,
  needs: (world, step) => startRefusal(memberOf(world, step.member)),
  apply: (world, step) => started(world, step.member),
  halfway: () => [],
  undo: (_before, step) => `stop ${step.member}`,
};
