/** Turns the moments of a walk into what breaks a rule, what was accepted of that, and what was so before. */

import { type Answers, answersOf } from '../model/dial.ts';
import type { Failure } from '../model/failure.ts';
import type { Invariant, Moment } from '../model/invariant.ts';
import { lawOf, say } from '../model/laws.ts';
import type { Violation } from '../model/proof.ts';
import type { Rollout } from '../model/rollout.ts';
import { type Found, mishapText } from './counterexample.ts';
import type { Walk } from './explore.ts';
import { OF_LINKS } from './rules.ts';

export interface Judged {
  readonly open: readonly Found[];
  readonly accepted: readonly Violation[];
  /** By crash, rule and subject. */
  readonly inherited: ReadonlyMap<string, Violation>;
  /** The last step in whose moments any rule was breached, with or without leave; -1 for the start, -2 for none. */
  readonly lastBreach: number;
}

/**
 * What the start already breaks is inherited; the end has to hold all. A way back may end as the run
 * began: `before` has the keys of what the run's own start broke.
 */
export function judge(
  rollout: Rollout,
  moments: readonly Moment[],
  rules: readonly Invariant[],
  accept: readonly string[],
  before: ReadonlySet<string> = new Set(),
): Judged {
  const open: Found[] = [];
  const accepted = new Map<string, Violation>();
  const inherited = new Map<string, Violation>();
  let lastBreach = -2;
  const others = rules.filter((rule) => !OF_LINKS.includes(rule));
  for (const moment of moments) {
    for (const invariant of areLinksGood(moment, rollout, rules) ? others : rules) {
      for (const breach of invariant.check(moment, rollout)) {
        lastBreach = Math.max(lastBreach, moment.index);
        const key = `${invariant.name} ${breach.subject}`;
        const crash = crashText(moment);
        const { so, remedy } = breach;
        const but = moment.kind === 'start' ? `${crash}${breach.but}` : breach.but;
        const violation = { rule: invariant.name, severity: invariant.severity, but, so, remedy };
        if (before.has(key) || before.has(`${crash}${key}`)) {
          continue;
        } else if (moment.kind === 'start' && invariant.name !== 'known-dials') {
          inherited.set(`${crash}${key}`, violation);
        } else if (
          (inherited.has(key) || inherited.has(`${crash}${key}`)) &&
          !isAtLast(rollout, moment)
        ) {
          continue;
        } else if (isStartAgain(rollout, moment) && AS_IT_WAS.includes(invariant.name)) {
          continue;
        } else if (invariant.severity === 'costly' && accept.includes(invariant.name)) {
          accepted.set(key, violation);
        } else {
          open.push({ invariant, breach, moment });
        }
      }
    }
  }
  return { open, accepted: [...accepted.values()], inherited, lastBreach };
}

/**
 * Thousands of worlds have the same links, and rules that ask for nothing else are asked once of them. What
 * one of them holds against a world is told anew for each.
 */
function areLinksGood(moment: Moment, rollout: Rollout, rules: readonly Invariant[]): boolean {
  const known = GOOD.get(rules) ?? new WeakMap<Answers, boolean>();
  GOOD.set(rules, known);
  const answers = answersOf(moment.world);
  const before = known.get(answers);
  if (before !== undefined) return before;
  const asked = rules.filter((rule) => OF_LINKS.includes(rule));
  const areGood = asked.every((rule) => rule.check(moment, rollout).length === 0);
  known.set(answers, areGood);
  return areGood;
}

const GOOD = new WeakMap<readonly Invariant[], WeakMap<Answers, boolean>>();

/** The same crash breaks the same rule at the start already: `if m3 crashes and comes back: `. */
function crashText({ mishap }: Moment): string {
  return mishap === undefined ? '' : `if ${mishapText(mishap)}: `;
}

/** The end, and a crash in it; a way back may end as exposed as the run began. */
function isAtLast({ steps, direction }: Rollout, moment: Moment): boolean {
  if (moment.kind === 'end') return true;
  const isLastCrash = moment.kind === 'after' && moment.index === steps.length - 1;
  return isLastCrash && moment.mishap !== undefined && direction === 'forward';
}

/** A way back ends where the run began, and that may have been a degraded cluster. */
const AS_IT_WAS: readonly string[] = ['degraded', 'leader'];

function isStartAgain(rollout: Rollout, moment: Moment): boolean {
  return rollout.direction === 'rollback' && moment.kind === 'end';
}

/** The first step that could not be carried out, if any. */
export function unmetNeeds(rollout: Rollout, walk: Walk): Failure | undefined {
  for (const [index, step] of rollout.steps.entries()) {
    const world = walk.worlds[index];
    const unmet = world === undefined ? [] : lawOf(step).needs(world, step);
    if (unmet.length === 0) continue;
    return {
      code: 'UNSAFE_ROLLOUT',
      where: `before step ${String(index + 1)} of ${String(rollout.steps.length)}`,
      would: say(step),
      but: unmet.join('; '),
      so: 'the step could not be carried out; nothing has been changed',
      remedy: 'mend what is named above, then plan again',
    };
  }
  return undefined;
}
