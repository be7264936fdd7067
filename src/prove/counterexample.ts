/** Turns the first breach of a walk into the five lines that refuse the rollout. */

import type { Failure, FailureCode } from '../model/failure.ts';
import type { Breach, Invariant, Moment } from '../model/invariant.ts';
import { say } from '../model/laws.ts';
import type { Rollout } from '../model/rollout.ts';

export interface Found {
  readonly invariant: Invariant;
  readonly breach: Breach;
  readonly moment: Moment;
}

/** The shortest story: the earliest step, whole worlds before half ones, without a mishap before with one. */
export function shortest(found: readonly Found[]): Found | undefined {
  const weight = ({ moment }: Found): number => {
    const half = moment.kind === 'halfway' ? 1 : 0;
    return moment.index * 4 + half + (moment.mishap === undefined ? 0 : 2);
  };
  return [...found].sort((a, b) => weight(a) - weight(b))[0];
}

export function refusalOf(found: Found, rollout: Rollout): Failure {
  const { moment, breach, invariant } = found;
  const total = rollout.steps.length;
  return {
    code: codeOf(found),
    where: whereOf(moment, total),
    would: moment.step === undefined ? `migrate ${rollout.planName}` : say(moment.step),
    but: `${breach.but} (rule ${invariant.name})`,
    so: `${breach.so}; nothing has been changed`,
    remedy: breach.remedy,
  };
}

function codeOf({ invariant }: Found): FailureCode {
  if (invariant.name === 'known-dials') return 'FACT_UNKNOWN';
  if (invariant.name === 'downtime') return 'DOWNTIME_NOT_ACCEPTED';
  return 'UNSAFE_ROLLOUT';
}

function whereOf(moment: Moment, total: number): string {
  const step = `step ${String(moment.index + 1)} of ${String(total)}`;
  const at =
    moment.kind === 'start'
      ? 'at the start'
      : moment.kind === 'end'
        ? 'at the end'
        : moment.kind === 'before'
          ? `before ${step}`
          : moment.kind === 'halfway'
            ? `in the middle of ${step}`
            : `after ${step}`;
  if (moment.mishap === undefined) return at;
  const { member, isBack } = moment.mishap;
  return `${at}, if ${member} crashes${isBack ? ' and comes back' : ''} there`;
}
