/** Turns a rollout into a proven one, or into the shortest story that breaks a rule. */

import { type Result, err, ok } from '../base/result.ts';
import { dialMatrix, openPairs } from '../model/dial.ts';
import type { Failure } from '../model/failure.ts';
import type { Invariant, Moment } from '../model/invariant.ts';
import { lawOf, say } from '../model/laws.ts';
import type { DegradedWindow, ProvenRollout, Violation } from '../model/proof.ts';
import { quorumOf } from '../model/quorum.ts';
import type { Rollout } from '../model/rollout.ts';
import { takesDown } from '../model/step.ts';
import { type World, upMembers } from '../model/world.ts';
import { type Found, refusalOf, shortest } from './counterexample.ts';
import { type Walk, explore } from './explore.ts';
import { INVARIANTS } from './rules.ts';

export interface ProveOptions {
  /** Names of rules whose costly breach was accepted. */
  readonly accept: readonly string[];
  /** The rollout back from a world; undefined for a rollout that is itself a way back. */
  readonly rollbackFrom: ((world: World) => Result<Rollout, readonly Failure[]>) | undefined;
  /** For tests: another set of rules. */
  readonly invariants?: readonly Invariant[];
}

export function prove(rollout: Rollout, options: ProveOptions): Result<ProvenRollout, Failure> {
  const walk = explore(rollout, true);
  const rules = options.invariants ?? INVARIANTS;
  const goal = goalRefusal(rollout, walk);
  if (goal !== undefined) return err(goal);
  const unmet = unmetNeeds(rollout, walk);
  if (unmet !== undefined) return err(unmet);
  const { open, accepted, inherited } = judge(rollout, walk.moments, rules, options.accept);
  const worst = shortest(open);
  if (worst !== undefined) return err(refusalOf(worst, rollout));
  const back = proveWayBack(rollout, walk, options, rules);
  if (!back.ok) return back;
  return ok({
    rollout,
    worlds: walk.worlds,
    proof: {
      rules: rules.map((rule) => rule.name),
      worldCount: walk.moments.length,
      rollbackWorldCount: back.value,
      assumptions: rollout.assumptions,
      accepted,
      inherited,
      windows: windowsOf(rollout, walk),
      zeroToleranceSteps: zeroTolerance(rollout, walk),
    },
  } as unknown as ProvenRollout);
}

interface Judged {
  readonly open: readonly Found[];
  readonly accepted: readonly Violation[];
  readonly inherited: readonly Violation[];
}

/** What the start already breaks is inherited; the end has to hold all. */
function judge(
  rollout: Rollout,
  moments: readonly Moment[],
  rules: readonly Invariant[],
  accept: readonly string[],
): Judged {
  const open: Found[] = [];
  const accepted = new Map<string, Violation>();
  const inherited = new Map<string, Violation>();
  for (const moment of moments) {
    for (const invariant of rules) {
      for (const breach of invariant.check(moment, rollout)) {
        const key = `${invariant.name} ${breach.subject}`;
        const crash = crashText(moment);
        const { so, remedy } = breach;
        const but = moment.kind === 'start' ? `${crash}${breach.but}` : breach.but;
        const violation = { rule: invariant.name, severity: invariant.severity, but, so, remedy };
        if (moment.kind === 'start' && invariant.name !== 'known-dials') {
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
  return { open, accepted: [...accepted.values()], inherited: [...inherited.values()] };
}

/** The same crash breaks the same rule at the start already: `if m3 crashes and comes back: `. */
function crashText({ mishap }: Moment): string {
  if (mishap === undefined) return '';
  return `if ${mishap.member} crashes${mishap.isBack ? ' and comes back' : ''}: `;
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

/** The end is judged first: a leaf that can never serve is named as such, before any window that it would break. */
function goalRefusal(rollout: Rollout, walk: Walk): Failure | undefined {
  const end = walk.worlds.at(-1);
  if (end === undefined || rollout.direction === 'rollback') return undefined;
  const broken = [...dialMatrix(end)].filter(([, answer]) => answer.can === 'no');
  const reasons = [
    ...new Set(broken.map(([, answer]) => (answer.can === 'no' ? answer.because : ''))),
  ];
  if (reasons.length === 0) return undefined;
  const isLeaf = broken.some(
    ([, answer]) => answer.can === 'no' && LEAF_REASONS.includes(answer.reason),
  );
  const total = end.members.length * (end.members.length - 1);
  return {
    code: isLeaf ? 'CERTIFICATE_UNUSABLE' : 'UNSAFE_ROLLOUT',
    where: 'at the end of the rollout',
    would: 'have every peer link on https with mutual TLS',
    but: `${String(broken.length)} of ${String(total)} ordered pairs could not dial: ${reasons.join('; ')}`,
    so: 'every health check would stay green until the last member is switched, and then the cluster would lose quorum; nothing has been changed',
    remedy: isLeaf
      ? 'issue leaves whose SANs hold the peer URL host and the source address of each member, with serverAuth and clientAuth, from the CA of the plan'
      : 'see the reasons above; bring the cluster to a state from which the steps lead to the goal',
  };
}

const LEAF_REASONS: readonly string[] = [
  'server-name',
  'server-usage',
  'server-leaf',
  'client-source',
  'client-usage',
  'client-untrusted',
  'no-trust',
  'expired',
  'allowed-name',
];

function unmetNeeds(rollout: Rollout, walk: Walk): Failure | undefined {
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

/** From every world between two steps a rollout back exists and keeps the same rules. */
function proveWayBack(
  rollout: Rollout,
  walk: Walk,
  options: ProveOptions,
  rules: readonly Invariant[],
): Result<number, Failure> {
  if (options.rollbackFrom === undefined) return ok(0);
  let worldCount = 0;
  for (const [index, world] of walk.worlds.entries()) {
    const back = options.rollbackFrom(world);
    const failure = back.ok ? undefined : back.error[0];
    if (!back.ok) return err(noWayBack(rollout, index, failure?.but ?? 'no steps lead back'));
    const wayBack = explore(back.value, false);
    worldCount += wayBack.moments.length;
    const unmet = unmetNeeds(back.value, wayBack);
    if (unmet !== undefined) return err(noWayBack(rollout, index, unmet.but));
    const { open } = judge(back.value, wayBack.moments, rules, options.accept);
    const worst = shortest(open);
    if (worst !== undefined) {
      const { where, but } = refusalOf(worst, back.value);
      return err(noWayBack(rollout, index, `the way back breaks a rule ${where}: ${but}`));
    }
  }
  return ok(worldCount);
}

function noWayBack(rollout: Rollout, index: number, but: string): Failure {
  const step = rollout.steps[index - 1];
  return {
    code: 'UNSAFE_ROLLOUT',
    where:
      index === 0
        ? 'at the start'
        : `after step ${String(index)} of ${String(rollout.steps.length)}`,
    would: step === undefined ? 'begin the rollout' : say(step),
    but: `${but} (rule way-back)`,
    so: 'a failure there could not be undone; nothing has been changed',
    remedy: 'bring the cluster to a healthy state first, then plan again',
  };
}

function windowsOf(rollout: Rollout, walk: Walk): readonly DegradedWindow[] {
  const windows: DegradedWindow[] = [];
  let open: { from: number; pairs: Set<string>; because: string } | undefined;
  walk.worlds.forEach((world, index) => {
    const broken = openPairs(world).filter(({ answer }) => answer.can === 'no');
    if (broken.length > 0 && open === undefined) {
      const step = rollout.steps[index - 1];
      const because =
        rollout.windows.find((each) => each.phase === step?.phase)?.because ?? 'as it was found';
      open = { from: Math.max(0, index - 1), pairs: new Set(), because };
    }
    for (const { pair } of broken) open?.pairs.add(pair);
    if (broken.length === 0 && open !== undefined) {
      windows.push({
        fromStep: open.from,
        toStep: index - 1,
        brokenPairs: [...open.pairs],
        because: open.because,
      });
      open = undefined;
    }
  });
  return windows;
}

/** Restarts in whose middle one more crash would cost quorum, whatever the links. */
function zeroTolerance(rollout: Rollout, walk: Walk): readonly number[] {
  return rollout.steps.flatMap((step, index) => {
    const world = walk.worlds[index];
    if (!takesDown(step) || world === undefined) return [];
    return upMembers(world).length - 1 <= quorumOf(world.members.length) ? [index] : [];
  });
}
