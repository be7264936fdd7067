/** Turns good ways back into bad ones, which leave a member behind, with the rule that must refuse it. */

import type { Rollout } from '../../src/model/rollout.ts';
import type { Step } from '../../src/model/step.ts';
import { prove } from '../../src/prove/prove.ts';
import type { Mutant } from './bad-rollouts.ts';
import { desiredFor } from './rollouts.ts';
import { planBack, planOn } from './small-clusters.ts';
import { httpWorld } from './worlds.ts';

export const BAD_WAYS_BACK: readonly Mutant[] = [
  {
    name: 'a way back strands a member that is advertised as https and not restarted yet',
    rollout: wayBack('advertise/m1', (step) => isOf('m1', step)),
    rule: 'back-at-start',
    code: 'UNSAFE_ROLLOUT',
    where: 'at the end',
    but: 'm1 would stay advertised at https://10.0.0.1:2380; it was at http://10.0.0.1:2380',
  },
  {
    name: 'a way back leaves a member with the trust that the run gave it',
    rollout: wayBack(undefined, (step) => isOf('m3', step) && step.phase === 'clean'),
    rule: 'back-at-start',
    code: 'UNSAFE_ROLLOUT',
    where: 'at the end',
    but: 'of m3 would stay /etc/etcd/pki/peer.pem; it was unset',
  },
];

/** Back from the world after this step of a good rollout, or after its end, with some steps left out. */
function wayBack(afterId: string | undefined, drop: (step: Step) => boolean): Rollout {
  const start = { ...httpWorld(3), leader: undefined };
  const desired = desiredFor(start);
  const rollout = planOn(start, desired);
  const { length } = rollout.steps;
  const index =
    afterId === undefined ? length - 1 : rollout.steps.findIndex(({ id }) => id === afterId);
  const proven = prove(rollout, { accept: [], rollbackFrom: undefined });
  const world = proven.ok ? proven.value.worlds[index + 1] : undefined;
  if (world === undefined || index < 0) throw new Error(`no world after ${afterId ?? 'the end'}`);
  const back = planBack(start, world, desired);
  const steps = back.steps.filter((step) => !drop(step));
  if (steps.length === back.steps.length) throw new Error('nothing was left out');
  return { ...back, steps };
}

function isOf(name: string, step: Step): boolean {
  return 'member' in step && step.member === name;
}
