/**
 * Turns a way back into the part of it that needs no API: what stands before its first member update. Of
 * dual-url before strict that is all listeners; the list and the trust follow when the API answers.
 */

import { type Result, ok } from '../base/result.ts';
import type { DesiredGates } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { GateSpec } from '../model/gate.ts';
import { stepId } from '../model/ids.ts';
import { applyStep } from '../model/laws.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Step } from '../model/step.ts';
import { owned } from './target.ts';
import { type RollbackInput, planRollback } from './plan-rollback.ts';
import { type PlanInput, planRollout } from './plan-rollout.ts';

/** Its goal is where it ends: both URLs stay advertised. Always begins with a look at every peer port. */
export function planBlindBack(input: RollbackInput): Result<Rollout, readonly Failure[]> {
  const whole = planRollback(input);
  return whole.ok ? ok(onHostsAlone(whole.value, input.gates)) : whole;
}

/** The same of the way on: what a run has stopped itself, all of it, is started as it was about to be. */
export function planBlindOn(input: PlanInput): Result<Rollout, readonly Failure[]> {
  const whole = planRollout(input);
  return whole.ok ? ok(onHostsAlone(whole.value, input.desired.gates)) : whole;
}

function onHostsAlone(whole: Rollout, gates: DesiredGates): Rollout {
  const hostSteps = whole.steps.filter((step) => step.kind !== 'check-links');
  const cut = hostSteps.findIndex(needsApi);
  const kept = cut < 0 ? hostSteps : hostSteps.slice(0, cut);
  const steps = [lookFirst(gates), ...kept.map((step) => withGate(step, gates))];
  const end = steps.reduce(applyStep, whole.start);
  const goal = end.members.map(({ name, disk }) => {
    return { member: name, urls: end.record[name] ?? [], settings: owned(disk.settings) };
  });
  const assumptions = [...whole.assumptions, 'data and health cannot be seen while no API answers'];
  return { ...whole, steps, goal, assumptions };
}

const OF_THE_API: readonly Step['kind'][] = ['advertise-peer', 'transfer-leader', 'take-snapshot'];

/** Trust is dropped and files are removed behind the member updates, by the second half. */
function needsApi(step: Step): boolean {
  return OF_THE_API.includes(step.kind) || step.phase === 'clean';
}

function lookFirst(gates: DesiredGates): Step {
  return {
    id: stepId('check/all'),
    phase: 'prepare',
    group: undefined,
    why: 'nothing may rest on a link that was not seen, and no API shows one',
    after: peerGate(gates),
    kind: 'check-links',
  };
}

function withGate(step: Step, gates: DesiredGates): Step {
  return step.after === undefined ? step : { ...step, after: peerGate(gates) };
}

/** The own gate of a run that sees no API: processes, peer ports from every host, and the logs. */
function peerGate({ quietMs, timeoutMs }: DesiredGates): GateSpec {
  return { checks: ['peer-ports', 'logs'], quietMs, timeoutMs };
}
