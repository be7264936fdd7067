/** transfer-leader: the leader hands over before its own restart or URL change. */

import type { StepLaw, TransferLeader } from '../step.ts';
import { isUp, memberOf } from '../world.ts';

export const transferLeader: StepLaw<TransferLeader> = {
  say: (step) => `hand leadership from ${step.from} to ${step.to}`,
  place: () => 'etcd',
  needs: (world, step) => [
    ...(world.leader === undefined || world.leader === step.from
      ? []
      : [`${step.from} does not lead, ${world.leader} does`]),
    ...(isUp(memberOf(world, step.to)) ? [] : [`${step.to} is down`]),
  ],
  apply: (world, step) => ({ ...world, leader: step.to }),
  halfway: (world) => [{ ...world, leader: undefined }],
  undo: (_before, step) => `hand it back to ${step.from}`,
};
