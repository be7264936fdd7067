/** stop-member: down until its group starts it again; its URL is changed through the others meanwhile. */

import type { StepLaw, StopMember } from '../step.ts';
import { stopped } from './restart-member.ts';

export const stopMember: StepLaw<StopMember> = {
  say: (step) => `stop ${step.member}`,
  place: (step) => step.member,
  needs: () => [],
  apply: (world, step) => stopped(world, step.member),
  halfway: () => [],
  undo: (_before, step) => `start ${step.member}`,
};
