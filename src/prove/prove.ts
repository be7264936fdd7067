/** Turns a rollout into a proven one, or into the shortest story that breaks a rule. */

import { type Result, err, ok } from '../base/result.ts';
import { dialMatrix, openPairs } from '../model/dial.ts';
import type { Failure } from '../model/failure.ts';
import type { Invariant } from '../model/invariant.ts';
import type { DegradedWindow, ProvenRollout } from '../model/proof.ts';
import { quorumOf } from '../model/quorum.ts';
import type { Rollout } from '../model/rollout.ts';
import { takesDown } from '../model/step.ts';
import { upMembers } from '../model/world.ts';
import { refusalOf, shortest, worldStory } from './counterexample.ts';
import { type Walk, explore } from './explore.ts';
import { judge, unmetNeeds } from './judge.ts';
import { CLIENT_RULES, INVARIANTS } from './rules.ts';
import { type RollbackFrom, proveWaysBack } from './ways-back.ts';

export interface ProveOptions {
  /** Names of rules whose costly breach was accepted. */
  readonly accept: readonly string[];
  /** The rollout back from a world; undefined for a rollout that is itself a way back. */
  readonly rollbackFrom: RollbackFrom | undefined;
  /** For tests: another set of rules. */
  readonly invariants?: readonly Invariant[];
}

export function prove(rollout: Rollout, options: ProveOptions): Result<ProvenRollout, Failure> {
  const walk = explore(rollout, true);
  const rules = options.invariants ?? rulesFor(rollout);
  const goal = goalRefusal(rollout, walk);
  if (goal !== undefined) return err(goal);
  const unmet = unmetNeeds(rollout, walk);
  if (unmet !== undefined) return err(unmet);
  const { open, accepted, inherited } = judge(rollout, walk.moments, rules, options.accept);
  const worst = shortest(open);
  if (worst !== undefined) return err(refusalOf(worst, rollout));
  const back =
    options.rollbackFrom === undefined
      ? ok(0)
      : proveWaysBack(rollout, walk, {
          ...options,
          rules,
          rollbackFrom: options.rollbackFrom,
          before: new Set(inherited.keys()),
        });
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
      inherited: [...inherited.values()],
      windows: windowsOf(rollout, walk),
      zeroToleranceSteps: zeroTolerance(rollout, walk),
    },
  } as unknown as ProvenRollout);
}

function rulesFor({ start }: Rollout): readonly Invariant[] {
  return start.movesClients === true ? [...INVARIANTS, ...CLIENT_RULES] : INVARIANTS;
}

/** The end is judged first: a leaf that can never serve is named as such, before any window that it would break. */
function goalRefusal(rollout: Rollout, walk: Walk): Failure | undefined {
  const end = walk.worlds.at(-1);
  if (end === undefined || rollout.direction !== 'forward') return undefined;
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
    story: worldStory(end, [`after all ${String(rollout.steps.length)} steps`]),
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
