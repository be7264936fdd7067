/** Turns good rollouts into ones that are wrong about who votes, what is updated, or how many at once. */

import { type MemberName, memberName, stepId } from '../../src/model/ids.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import type { Step } from '../../src/model/step.ts';
import type { World } from '../../src/model/world.ts';
import { type Mutant, good } from './bad-rollouts.ts';
import { desiredFor } from './rollouts.ts';
import { planOn } from './small-clusters.ts';
import { httpWorld } from './worlds.ts';

export const BAD_MEMBERSHIP: readonly Mutant[] = [
  {
    name: 'two members are down at once',
    rollout: withBothDown('m2', 'm3'),
    rule: 'downtime',
    code: 'DOWNTIME_NOT_ACCEPTED',
    where: 'after step 3 of',
    but: '1 of 3 members would be up; quorum needs 2',
  },
  {
    name: 'a learner is updated where that makes it a voter',
    rollout: good(withLearner(httpWorld(4), 'm4', '3.5.30')),
    rule: 'learner',
    code: 'UNSAFE_ROLLOUT',
    where: 'before step',
    but: 'm4 is a learner, and a member update makes it a voter on 3.5.30 (m1)',
  },
  {
    name: 'a learner is counted for the quorum',
    rollout: good(withLearner(httpWorld(3), 'm3', '3.5.31')),
    rule: 'learner',
    code: 'UNSAFE_ROLLOUT',
    where: 'before step',
    but: 'without m2 1 of 2 voters would be up and quorum needs 2: m3 is a learner and does not count',
  },
  {
    name: 'two member updates are under way at once',
    rollout: withoutReadBack(),
    rule: 'one-change',
    code: 'UNSAFE_ROLLOUT',
    where: 'after step',
    but: 'the update of m3 would be sent before that of m2 was read back',
  },
];

function withLearner(world: World, name: string, version: string): World {
  return {
    ...world,
    members: world.members.map((member) => {
      return { ...member, version, ...(member.name === name ? { isLearner: true } : {}) };
    }),
  };
}

/** Before anything is changed, both are stopped and started again. */
function withBothDown(one: string, other: string): Rollout {
  const rollout = good();
  const [first] = rollout.steps;
  const gate = rollout.steps.find((step) => step.kind === 'restart-member')?.after;
  const names = [memberName(one), memberName(other)];
  const stops = names.map((name) => alone('stop-member', name));
  const starts = names.map((name) => ({ ...alone('start-member', name), after: gate }));
  if (first === undefined) throw new Error('the rollout has no step');
  return { ...rollout, steps: [first, ...stops, ...starts, ...rollout.steps.slice(1)] };
}

function alone(kind: 'stop-member' | 'start-member', member: MemberName): Step {
  const base = { phase: 'prepare', group: undefined, why: 'by hand', after: undefined } as const;
  return { ...base, kind, member, id: stepId(`${kind}/${member}`) };
}

/** The row of updates of dual-url, with nobody asked what became of them before its end. */
function withoutReadBack(): Rollout {
  const world = httpWorld(3);
  const rollout = planOn(world, desiredFor(world, { strategy: 'dual-url' }));
  const steps = rollout.steps.map((step) => {
    if (step.phase !== 'announce' || step.after === undefined) return step;
    const checks = step.after.checks.filter((check) => check !== 'list');
    return { ...step, after: { ...step.after, checks } };
  });
  return { ...rollout, steps };
}
