/**
 * Is the cluster what this step expects? Looked at before every step, and held while somebody else's
 * trouble lasts: nothing is restarted while the cluster has no tolerance to spare.
 */

import { worldDifferences } from '../model/compare.ts';
import type { Difference } from '../model/compare.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import { say } from '../model/laws.ts';
import { failureTolerance } from '../model/quorum.ts';
import { writtenDigests } from '../model/run-state.ts';
import {
  type Step,
  actsOnAll,
  memberOfStep,
  takesDown,
  touchedBy,
  touchedMembers,
} from '../model/step.ts';
import { type World, isUp, memberOf } from '../model/world.ts';
import { firedFailure } from './dead-man.ts';
import { gistOf } from './gist.ts';
import { type LoadWatch, loadFailure } from './load-watch.ts';
import { type Answer, GOOD, MAX_REPLANS, bad } from './machine-types.ts';
import type { RunDoors, Seen } from './run-doors.ts';

const POLL_MS = 1000;

export interface LookInput {
  readonly doors: RunDoors;
  readonly expected: World;
  readonly step: Step;
  readonly where: string;
  readonly acceptsDowntime: boolean;
  /** Absent: the load is not looked at before this step. */
  readonly load?: LoadWatch | undefined;
}

export async function look(input: LookInput, signal: AbortSignal): Promise<Answer> {
  const { doors } = input;
  const giveUpAtMs = doors.clock.nowMs() + doors.desired.gates.timeoutMs;
  const beganAtMs = doors.clock.nowMs();
  doors.events.emit({ type: 'looking', where: input.where });
  let said = '';
  for (;;) {
    const seen = await doors.observe();
    const first = seen.ok ? judge(input, seen.value) : bad(unseen(input, seen.error), 'foreign');
    const answer = first.kind === 'good' ? await underLoad(input) : first;
    if (answer.kind !== 'bad' || answer.fault === 'ours') return answer;
    // Waiting brings nothing back.
    if (answer.failure?.code === 'DEADMAN_FIRED') return answer;
    if (signal.aborted || doors.clock.nowMs() > giveUpAtMs) return answer;
    const waitsFor = answer.failure?.but ?? '';
    if (gistOf(waitsFor) !== said) {
      said = gistOf(waitsFor);
      const elapsedMs = doors.clock.nowMs() - beganAtMs;
      doors.events.emit({ type: 'gate-waits', step: input.step.id, waitsFor, elapsedMs });
    }
    await doors.clock.sleep(POLL_MS, signal);
  }
}

async function underLoad({ load, where, step }: LookInput): Promise<Answer> {
  const waitsFor = await load?.busy();
  return waitsFor === undefined ? GOOD : bad(loadFailure(where, say(step), waitsFor), 'foreign');
}

function judge(input: LookInput, seen: Seen): Answer {
  const found = worldDifferences(input.expected, seen.world);
  const off = input.expected.armed?.member;
  if (off !== undefined && found.some(({ kind, member }) => kind === 'dead-man' && member === off))
    return bad(firedFailure(off, input.where, firedResult(seen, off)), 'foreign');
  const down = found.filter((each) => each.kind === 'down');
  if (down.length > 0) return bad(foreign(input, down), 'foreign');
  const edited = found.filter((each) => ['file', 'settings', 'process'].includes(each.kind));
  if (edited.length > 0) return bad(stale(input, edited));
  if (found.length > 0) {
    const because = found.map((each) => each.text).join('; ');
    return { kind: 'moved', because, failure: restless(input, because) };
  }
  const changed = changedConfig(input, seen);
  if (changed !== undefined) return bad(changed);
  const thin = withoutTolerance(input, seen);
  if (thin !== undefined) return bad(thin, 'foreign');
  return GOOD;
}

function firedResult({ observed }: Seen, member: MemberName): string {
  const fact = observed.members.find((each) => each.name === member)?.deadMan;
  const state = fact?.known === true ? fact.value : undefined;
  return state?.state === 'fired' ? state.result : 'it is gone from its host';
}

/**
 * A restart takes up whatever stands in the file: only what we wrote, or what was there when we looked
 * first. On the way back the file is put right whoever changed it.
 */
function changedConfig(
  { doors, expected, step, where }: LookInput,
  seen: Seen,
): Failure | undefined {
  const state = doors.journal.state();
  if (state.direction === 'rollback') return undefined;
  const loads = step.kind === 'configure-member' || actsOnAll(step);
  if (!loads && !takesDown(step)) return undefined;
  const member = touchedMembers(touchedBy(step)).find((each) => isChanged(doors, each, seen));
  if (member === undefined) return undefined;
  const isRunning = isUp(memberOf(expected, member));
  return {
    code: 'CONFIG_CHANGED',
    where,
    would: say(step),
    but: `somebody else has changed the settings file of ${member} since this run looked at it`,
    so: isRunning
      ? `a restart would take up settings that nobody has proven; ${member} was not touched`
      : `${member} would start with settings that nobody has proven; it was not started`,
    remedy: 'find out who (configuration management?), pause that, then run peershift again',
  };
}

function isChanged(doors: RunDoors, member: MemberName, seen: Seen): boolean {
  const state = doors.journal.state();
  const now = seen.observed.members.find((each) => each.name === member)?.configDigest;
  const known = [doors.seenDigests.get(member), ...writtenDigests(state, member)];
  return now?.known === true && !known.includes(now.value);
}

/** Read live, right before a stop: with this member gone, do enough healthy ones remain? */
function withoutTolerance(input: LookInput, seen: Seen): Failure | undefined {
  if (!takesDown(input.step) || input.acceptsDowntime) return undefined;
  const healthy = seen.observed.members.filter(
    (each) => each.health.known && each.health.value.isHealthy,
  );
  const total = seen.observed.members.length;
  const touched = memberOfStep(input.step);
  const rest = healthy.filter((each) => each.name !== touched);
  if (failureTolerance(total, rest.length) >= 0) return undefined;
  const sick = seen.observed.members
    .filter((each) => !healthy.includes(each))
    .map((each) => each.name);
  return {
    code: 'MEMBER_UNHEALTHY',
    where: input.where,
    would: say(input.step),
    but: `only ${String(rest.length)} of ${String(total)} members would be healthy while it is down (not healthy: ${sick.join(', ')})`,
    so: 'writes would stop; nothing is restarted while the cluster has no tolerance',
    remedy: `bring ${sick.join(', ')} back, then peershift resume`,
  };
}

function foreign(input: LookInput, down: readonly Difference[]): Failure {
  const names = down.map((each) => each.member).join(', ');
  const up = input.expected.members.filter(isUp).length - down.length;
  return {
    code: 'MEMBER_DOWN',
    where: input.where,
    would: say(input.step),
    but: `${names} went down, and no step of ours did that: ${String(up)} of ${String(input.expected.members.length)} members are up`,
    so: 'nothing is touched while another member is down',
    remedy: `bring ${names} back, then peershift resume`,
  };
}

/** Said only when the run has planned anew too often already. */
function restless(input: LookInput, because: string): Failure {
  return {
    code: 'STALE_WORLD',
    where: input.where,
    would: say(input.step),
    but: `${because}; and this run has planned anew ${String(MAX_REPLANS)} times already`,
    so: 'something else keeps changing the cluster; the step was not begun',
    remedy: 'find out what moves it (elections? another operator?), then peershift resume',
  };
}

function stale(input: LookInput, edited: readonly Difference[]): Failure {
  return {
    code: 'STALE_WORLD',
    where: input.where,
    would: say(input.step),
    but: edited.map((each) => each.text).join('; '),
    so: 'somebody or something else edits what this run rests on; the step was not begun',
    remedy: 'find out who (configuration management?) before going on',
  };
}

function unseen(input: LookInput, failures: readonly Failure[]): Failure {
  const [first] = failures;
  return {
    code: first?.code ?? 'FACT_UNKNOWN',
    where: input.where,
    would: say(input.step),
    but: failures.map((failure) => failure.but).join('; '),
    so: 'what cannot be seen is not taken for good; the step was not begun',
    remedy: first?.remedy ?? 'make the cluster and its hosts reachable, then peershift resume',
  };
}
