/**
 * A rollout while it is written: each step is applied to a world at once, so that the next decision is
 * made from what will be there, and every step gets an id of its own.
 */

import type { DesiredGates } from '../model/desired.ts';
import { answersOf, dialMatrix } from '../model/dial.ts';
import type { GateSpec } from '../model/gate.ts';
import { type MemberName, type StepId, stepId } from '../model/ids.ts';
import { applyStep, gatePassed } from '../model/laws.ts';
import { type SettingChange, type Settings, settingChanges } from '../model/settings.ts';
import type { Phase, Step } from '../model/step.ts';
import type { MemberGoal } from '../model/rollout.ts';
import { stopped } from '../model/steps/restart-member.ts';
import { linkedMajority } from '../model/steps/settle.ts';
import { type PeerUrl, sameUrls } from '../model/url.ts';
import { type World, isUp, memberOf, upMembers } from '../model/world.ts';
import { dataGate, leaderGate, linkGate, updateGate } from './gates.ts';
import { runsAs } from './target.ts';

export interface Draft {
  readonly gates: DesiredGates;
  readonly steps: Step[];
  /** How often an id was given without its number. */
  readonly ids: Map<string, number>;
  world: World;
}

export interface Here {
  readonly phase: Phase;
  readonly group?: string;
  readonly why: string;
}

export function newDraft(world: World, gates: DesiredGates): Draft {
  return { gates, steps: [], ids: new Map(), world };
}

/** One that can be written on while this one stands. */
export function copyOf(draft: Draft): Draft {
  return { ...draft, steps: [...draft.steps], ids: new Map(draft.ids) };
}

type WithoutBase<S> = S extends Step ? Omit<S, 'id' | 'phase' | 'group' | 'why' | 'after'> : never;

export function add(draft: Draft, here: Here, step: WithoutBase<Step>, after?: GateSpec): void {
  const full = {
    ...step,
    id: freshId(draft.ids, step),
    phase: here.phase,
    group: here.group,
    why: here.why,
    after,
  } as Step;
  draft.steps.push(full);
  draft.world = gatePassed(applyStep(draft.world, full), full);
}

/** Steps that were written from this very world before, and the world that they led to. */
export function append(draft: Draft, steps: readonly Step[], world: World): void {
  for (const step of steps) {
    const id = freshId(draft.ids, step);
    draft.steps.push(id === step.id ? step : { ...step, id });
  }
  draft.world = world;
}

/**
 * `member update`, when the list says something else. Its links are probed at once, unless it stands in a
 * group whose restart does that, or in a row of updates whose last one does it for all (`later`).
 */
export function advertise(
  draft: Draft,
  here: Here,
  member: MemberName,
  to: readonly PeerUrl[],
  probes: 'now' | 'later' = 'now',
): void {
  const from = draft.world.record[member] ?? [];
  if (sameUrls(from, to)) return;
  const alone = here.group === undefined && probes === 'now';
  const gate = alone ? linkGate(draft.gates) : updateGate(draft.gates);
  add(draft, here, { kind: 'advertise-peer', member, from, to }, gate);
}

/** Writes what differs; nothing when the file says it already. */
export function configure(
  draft: Draft,
  here: Here,
  member: MemberName,
  settings: Settings,
  restoresOriginal = false,
): void {
  const changes = changesTo(memberOf(draft.world, member).disk.settings, settings);
  if (changes.length === 0) return;
  add(draft, here, { kind: 'configure-member', member, changes, restoresOriginal });
}

/** A proof plans the way back from every world, mostly through the same writes: equal ones are one object. */
const CHANGES = new WeakMap<Settings, WeakMap<Settings, readonly SettingChange[]>>();

function changesTo(before: Settings, after: Settings): readonly SettingChange[] {
  const known = CHANGES.get(before) ?? new WeakMap<Settings, readonly SettingChange[]>();
  CHANGES.set(before, known);
  const changes = known.get(after) ?? settingChanges(before, after);
  known.set(after, changes);
  return changes;
}

export function restart(
  draft: Draft,
  here: Here,
  member: MemberName,
  gate = linkGate(draft.gates),
): void {
  const kind = isUp(memberOf(draft.world, member)) ? 'restart-member' : 'start-member';
  add(draft, here, { kind, member }, gate);
}

/** For each member what it is to run with. */
type Part = Pick<MemberGoal, 'member' | 'settings'>;

/** The settings of all that run with others are written, then all of these stop at once and start at once: one group. */
export function restartTogether(
  draft: Draft,
  here: Here,
  parts: readonly Part[],
  restoresOriginal = false,
): void {
  const due = parts.filter((part) => !runsAs(memberOf(draft.world, part.member), part.settings));
  if (due.length === 0) return;
  for (const { member, settings } of due) {
    configure(draft, here, member, settings, restoresOriginal);
  }
  const members = due.map(({ member }) => member);
  add(draft, here, { kind: 'restart-together', members }, linkGate(draft.gates));
}

/**
 * Leadership leaves the member before its URL changes or it restarts: followers forward lease keepalives
 * to the leader's advertised URL, and a leader that stops costs an election. It goes to a member that
 * every up member can dial, with and without the one that leaves. A URL change that everybody can follow
 * (`only-if-undialable`) needs no hand-over.
 */
export function handOver(
  draft: Draft,
  phase: Phase,
  from: MemberName,
  rank: (name: MemberName) => number,
  when: 'always' | 'only-if-undialable' = 'always',
): void {
  if (when === 'only-if-undialable' && isDialableByAll(draft.world, from)) return;
  const why = `${from} is next, and a leader is handed over before its own turn`;
  moveLeader(draft, { phase, why }, from, rank, (name) => isDialableByAll(draft.world, name));
}

/** From a cluster whose leader some member cannot dial: leadership goes to one that all can, before anything else. */
export function leadFromDialable(draft: Draft): void {
  const { leader } = draft.world;
  if (leader === undefined || isDialableByAll(draft.world, leader)) return;
  const why = `some member cannot dial ${leader}, and leases are kept alive through the leader's URL`;
  const fits = (name: MemberName): boolean => isDialableByAll(draft.world, name);
  moveLeader(draft, { phase: 'repair', why }, leader, () => 0, fits);
}

/** Directly before its own stop, in one group with it: only the one that leaves may be unable to dial the next leader. */
export function handOverInGroup(
  draft: Draft,
  here: Here,
  from: MemberName,
  rank: (name: MemberName) => number,
): void {
  const why = 'the last unconverted member hands over directly before its own stop';
  moveLeader(draft, { ...here, why }, from, rank, () => true);
}

function moveLeader(
  draft: Draft,
  here: Here,
  from: MemberName,
  rank: (name: MemberName) => number,
  fits: (name: MemberName) => boolean,
): void {
  if (draft.world.leader !== from) return;
  const without = stopped(draft.world, from);
  const [to] = upMembers(without)
    .map((member) => member.name)
    .filter((name) => fits(name) && isDialableByAll(without, name))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  if (to === undefined) return;
  add(draft, here, { kind: 'transfer-leader', from, to }, leaderGate(draft.gates));
}

function isDialableByAll(world: World, name: MemberName): boolean {
  const { members, rows } = answersOf(world);
  const to = members.findIndex((member) => member.name === name);
  return members.every(
    ({ process }, from) =>
      process === undefined || from === to || rows[from * members.length + to]?.can === 'yes',
  );
}

/**
 * Of these moves the one after which the member is linked, rather so that no lease is lost, and most pairs
 * can dial; of equal ones the first.
 */
export function bestMove(
  draft: Draft,
  member: MemberName,
  moves: readonly ((draft: Draft) => void)[],
): void {
  const trials = moves.map((move) => {
    const trial = copyOf(draft);
    move(trial);
    const answers = [...dialMatrix(trial.world).values()];
    const dialable = answers.filter(({ can }) => can === 'yes').length;
    const isLinked = linkedMajority(trial.world)?.has(member) === true;
    const moreThanPairs = isServing(trial.world, member) ? trial.world.members.length ** 2 : 0;
    return { trial, worth: isLinked ? dialable + moreThanPairs : -1 };
  });
  const best = [...trials].sort((a, b) => b.worth - a.worth)[0]?.trial;
  if (best === undefined) return;
  append(draft, best.steps.slice(draft.steps.length), best.world);
}

/** It is up and linked to the majority, and every up member can dial the leader. */
export function isServing(world: World, name: MemberName): boolean {
  if (linkedMajority(world)?.has(name) !== true) return false;
  return world.leader === undefined || isDialableByAll(world, world.leader);
}

/** The last gate of a rollout compares the data of all members. */
export function endWithData(draft: Draft): void {
  const last = draft.steps.at(-1);
  if (last === undefined) return;
  const checks = [...(last.after?.checks ?? dataGate(draft.gates).checks)];
  if (!checks.includes('data')) checks.push('data');
  const after = { ...(last.after ?? dataGate(draft.gates)), checks };
  draft.steps[draft.steps.length - 1] = { ...last, after };
}

const VERB: Readonly<Record<Step['kind'], string>> = {
  'check-links': 'check',
  'check-clients': 'clients',
  'take-snapshot': 'backup',
  'issue-certificates': 'issue',
  'install-certificates': 'install',
  'advertise-peer': 'advertise',
  'configure-member': 'configure',
  'record-cluster': 'record',
  'restart-member': 'restart',
  'stop-member': 'stop',
  'start-member': 'start',
  'restart-together': 'together',
  'restore-cluster': 'restore',
  'transfer-leader': 'transfer',
  'remove-certificates': 'remove',
  'reissue-leaf': 'reissue',
  'arm-dead-man': 'arm',
  'disarm-dead-man': 'disarm',
};

function freshId(ids: Map<string, number>, step: WithoutBase<Step>): StepId {
  const subject =
    'member' in step ? step.member : step.kind === 'transfer-leader' ? step.to : 'all';
  const base = `${VERB[step.kind]}/${subject}`;
  const count = (ids.get(base) ?? 0) + 1;
  ids.set(base, count);
  return stepId(count === 1 ? base : `${base}/${String(count)}`);
}
