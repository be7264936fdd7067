/**
 * Turns what a person asked for at the start (before a phase, after a step or member, before a member, only
 * at certain hours) into the place where a run pauses. Never inside a group.
 */

import { type DayWindow, isInWindow } from '../base/day-window.ts';
import { type Result, err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName, StepId } from '../model/ids.ts';
import type { Rollout } from '../model/rollout.ts';
import { type Phase, type Step, bringsUp, memberOfStep, takesDown } from '../model/step.ts';

export interface Pauses {
  /** Before the first step of this phase. */
  readonly beforePhase?: Phase | undefined;
  /** When this step is done, or this member has been restarted for the last time, and the gate has passed. */
  readonly after?: PauseAfter | undefined;
  /** Before this member's URL, settings or process are touched. */
  readonly beforeMember?: MemberName | undefined;
  readonly during?: DayWindow | undefined;
}

/** As the command line has it. */
export interface PauseRequest {
  readonly beforePhase?: Phase | undefined;
  /** A member, a step's id, or its number in the preview. */
  readonly after?: string | undefined;
  /** A member. */
  readonly until?: string | undefined;
  readonly during?: DayWindow | undefined;
}

export type PauseAfter =
  | { readonly kind: 'member'; readonly member: MemberName }
  | { readonly kind: 'step'; readonly step: StepId };

export interface Standing {
  readonly rollout: Rollout;
  /** Of the next step. */
  readonly index: number;
  /** The last step that this process has carried out, of this rollout or of one before it. */
  readonly lastDone: Step | undefined;
}

/** Why the run pauses before the next step; undefined: it goes on. */
export function pauseBefore(
  { rollout: { steps, direction }, index, lastDone }: Standing,
  pauses: Pauses,
): string | undefined {
  const step = steps[index];
  // A way back is not held up by what was asked of the way forth.
  if (step === undefined || direction === 'rollback') return undefined;
  const { beforePhase, beforeMember, after } = pauses;
  if (step.phase === beforePhase) return `before the phase ${beforePhase}`;
  if (beforeMember !== undefined && touchesMember(step, beforeMember)) {
    return `before ${beforeMember} is touched`;
  }
  if (after === undefined || lastDone === undefined) return undefined;
  if (after.kind === 'step') return lastDone.id === after.step ? `after ${after.step}` : undefined;
  const { member } = after;
  const isOf = (each: Step): boolean => takesPart(each) && each.member === member;
  const isHis = isOf(lastDone) || (endsGroup(lastDone) && lastDone.member === member);
  const isLast = isHis && !steps.slice(index).some(isOf);
  return isLast ? `after ${member}` : undefined;
}

/** Undefined while the window is open; the hours are those of this machine's time zone. */
export function windowFailure(
  window: DayWindow,
  nowMs: number,
  where: string,
): Failure | undefined {
  const now = new Date(nowMs);
  if (isInWindow(window, now.getHours() * 60 + now.getMinutes())) return undefined;
  const clock = [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, '0'));
  return {
    code: 'OUTSIDE_WINDOW',
    where,
    would: `go on, which is allowed only during ${window.text}`,
    but: `it is ${clock.join(':')} here`,
    so: 'no step is begun outside that time; the cluster stays as it is',
    remedy: `peershift resume, with the same --only-during, inside ${window.text}`,
  };
}

/** What was asked for, in terms of this rollout; ARGUMENTS_INVALID for what it does not have. */
export function pausesOf(request: PauseRequest, rollout: Rollout): Result<Pauses, Failure> {
  const { beforePhase, during } = request;
  const after = request.after === undefined ? ok(undefined) : parseAfter(request.after, rollout);
  if (!after.ok) return err(unknownPlace('--pause-after', after.error));
  const until = request.until === undefined ? ok(undefined) : parseUntil(request.until, rollout);
  if (!until.ok) return err(unknownPlace('--until', until.error));
  return ok({ beforePhase, during, after: after.value, beforeMember: until.value });
}

function unknownPlace(flag: string, but: string): Failure {
  return {
    code: 'ARGUMENTS_INVALID',
    where: flag,
    would: 'pause there',
    but,
    so: 'a pause that never comes would be a surprise; nothing has been changed',
    remedy: 'take a member or a step number from peershift preview',
  };
}

function parseUntil(text: string, { steps }: Rollout): Result<MemberName, string> {
  const members = [...new Set(steps.filter(takesPart).map((step) => step.member))];
  const member = members.find((each) => each === text);
  if (member !== undefined) return ok(member);
  return err(`"${text}" is none of the members that are restarted: ${members.join(', ')}`);
}

/** A member's name, a step's id, or the number that the preview has for it. */
function parseAfter(text: string, { steps }: Rollout): Result<PauseAfter, string> {
  const members = [...new Set(steps.filter(takesPart).map((step) => step.member))];
  const member = members.find((each) => each === text);
  if (member !== undefined) return ok({ kind: 'member', member });
  const byNumber = /^\d+$/.test(text) ? steps[Number(text) - 1] : undefined;
  const step = byNumber ?? steps.find(({ id }) => id === text);
  if (step !== undefined) return ok({ kind: 'step', step: lastOfGroup(step, steps).id });
  return err(
    `"${text}" is none of the members ${members.join(', ')} that are restarted, and no step from 1 to ${String(steps.length)}`,
  );
}

/** A pause never parts a group: it comes when the last step of it is done. */
function lastOfGroup(step: Step, steps: readonly Step[]): Step {
  if (step.group === undefined) return step;
  return steps.findLast(({ group }) => group === step.group) ?? step;
}

type Part = Extract<Step, { kind: 'restart-member' | 'stop-member' | 'start-member' }>;

function takesPart(step: Step | undefined): step is Part {
  return takesDown(step) || bringsUp(step);
}

/** Behind the gate of the member's restart, in one group with it. */
function endsGroup(step: Step): step is Extract<Step, { kind: 'disarm-dead-man' }> {
  return step.kind === 'disarm-dead-man';
}

const TOUCHES: readonly Step['kind'][] = ['advertise-peer', 'configure-member', 'arm-dead-man'];

function touchesMember(step: Step, member: MemberName): boolean {
  const isTouch = TOUCHES.includes(step.kind);
  return memberOfStep(step) === member && (isTouch || takesPart(step));
}
