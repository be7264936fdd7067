/** Turns the first breach of a walk into the five lines that refuse the rollout. */

import { worldCells } from '../model/dial-cells.ts';
import type { Failure, FailureCode, FailureStory } from '../model/failure.ts';
import type { Breach, Invariant, Mishap, Moment } from '../model/invariant.ts';
import { say } from '../model/laws.ts';
import type { Rollout } from '../model/rollout.ts';
import type { World } from '../model/world.ts';

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
    story: storyOf(moment, rollout),
  };
}

/** More steps than these say little of the one that breaks the rule. */
const STEPS_SHOWN = 3;

function storyOf({ world, index, kind, mishap }: Moment, { steps }: Rollout): FailureStory {
  const verb = kind === 'before' ? 'about to ' : kind === 'halfway' ? 'half done: ' : '';
  const from = Math.max(0, index + 1 - STEPS_SHOWN);
  const width = String(index + 1).length;
  const lines = steps.slice(from, index + 1).map((step, at) => {
    const isLast = from + at === index;
    return `${String(from + at + 1).padStart(width)}  ${isLast ? verb : ''}${say(step)}`;
  });
  if (mishap?.fired !== undefined) {
    lines.push(
      `then the dead-man of ${mishap.fired} goes off: it has its settings of before again`,
    );
  }
  if (mishap !== undefined && mishap.fired !== mishap.member) {
    const back = mishap.isBack ? ' and comes back from its disk' : '';
    lines.push(`then ${mishap.member} crashes${back}`);
  }
  return worldStory(world, lines);
}

/** `m3 crashes and comes back`, `the dead-man of m2 goes off and m3 crashes`. */
export function mishapText({ member, isBack, fired }: Mishap): string {
  const crash = `${member} crashes${isBack ? ' and comes back' : ''}`;
  if (fired === undefined) return crash;
  const first = `the dead-man of ${fired} goes off`;
  return fired === member ? first : `${first} and ${crash}`;
}

/** The world as a small table, with what led to it. */
export function worldStory(world: World, lines: readonly string[]): FailureStory {
  const members = world.members.map(({ name }) => name);
  return { lines, members, leader: world.leader, cells: worldCells(world) };
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
  return moment.mishap === undefined ? at : `${at}, if ${mishapText(moment.mishap)} there`;
}
