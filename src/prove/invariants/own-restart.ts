/** own-restart: settings are written directly before the restart that loads them, never earlier. */

import { actsAlike, loadDisk } from '../../model/load.ts';
import type { Invariant } from '../../model/invariant.ts';
import type { Rollout } from '../../model/rollout.ts';
import { type ConfigureMember, bringsUp } from '../../model/step.ts';
import { memberOf } from '../../model/world.ts';

export const ownRestart: Invariant = {
  name: 'own-restart',
  severity: 'fatal',
  rule: 'a configure step stands directly before its own restart',
  check: (moment, rollout) => {
    const { step, index } = moment;
    if (moment.kind !== 'after' || moment.mishap !== undefined || step?.kind !== 'configure-member')
      return [];
    const next = rollout.steps[index + 1];
    const isOwn =
      (bringsUp(next) && next.member === step.member) || startsTogether(rollout, index, step);
    if (isOwn) return [];
    const member = memberOf(moment.world, step.member);
    const loaded = loadDisk(member.disk, member.version);
    const isLoaded =
      loaded.ok &&
      member.process !== undefined &&
      actsAlike(moment.world, loaded.value, member.process);
    if (isLoaded) return [];
    return [
      {
        subject: step.member,
        but: `the settings of ${step.member} would be written and ${step.member} not restarted at once`,
        so: `a crash of ${step.member} in between would bring it back with settings that the cluster does not expect yet`,
        remedy: `restart ${step.member} directly after the write`,
      },
    ];
  },
};

/** The settings of all are written in one go before all of them stop: a crash in between is walked like any other. */
function startsTogether({ steps }: Rollout, index: number, step: ConfigureMember): boolean {
  const next = steps.slice(index + 1).find(({ kind }) => kind !== 'configure-member');
  if (next?.kind !== 'restart-together' || next.group !== step.group) return false;
  return step.group !== undefined && next.members.includes(step.member);
}
