/**
 * The whole flow on one screen: look, plan, prove, run. `resume` and `rollback` are the same lines from a
 * folded journal; neither has a path around the proof.
 */

import { type Result, err, ok } from './base/result.ts';
import { dialLinks } from './discover/dial-links.ts';
import { type Discovered, discover } from './discover/discover.ts';
import { verifyClients } from './discover/verify-clients.ts';
import { type VerifyInput, verifyLinks } from './discover/verify-links.ts';
import { discoverInput, materialOf, operatorFiles } from './engine-material.ts';
import {
  type Options,
  type Prepared,
  type Rim,
  type Session,
  membersHere,
} from './engine-types.ts';
import { movesPeers } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import type { Finding } from './model/finding.ts';
import type { MemberStart } from './model/journal.ts';
import { worldOf } from './model/observed-world.ts';
import type { ObservedState } from './model/observed.ts';
import { preflight } from './model/preflight.ts';
import type { ProvenRollout } from './model/proof.ts';
import type { Direction, MemberGoal, Rollout } from './model/rollout.ts';
import { type RunState, EMPTY_RUN, installedFiles } from './model/run-state.ts';
import { type Step, actsOnAll, takesDown } from './model/step.ts';
import { type World, allPairs } from './model/world.ts';
import { orderOf } from './plan/order.ts';
import { planRollback } from './plan/plan-rollback.ts';
import { planRollout } from './plan/plan-rollout.ts';
import { startSettings } from './plan/target.ts';
import { prove } from './prove/prove.ts';

/** What is known of the links when a rollout is planned; undefined: nothing was probed yet. */
export interface LinkKnowledge {
  readonly unobserved: readonly string[];
  readonly blocked: readonly string[];
}

/** plan file -> observed state -> rollout -> proven rollout; nothing is changed. */
export async function prepare(
  rim: Rim,
  options: Options,
  run: RunState = EMPTY_RUN,
  direction: Direction = 'forward',
  links?: LinkKnowledge,
  repairsOnly = false,
): Promise<Result<Prepared, readonly Failure[]>> {
  const session = await look(rim, options, run, links, direction);
  if (!session.ok) return session;
  const proven = proveSession(rim, options, session.value, run, direction, repairsOnly);
  return proven.ok ? ok({ ...session.value, proven: proven.value }) : proven;
}

/** observed state -> rollout -> proven rollout; pure. */
export function proveSession(
  rim: Rim,
  options: Options,
  session: Session,
  run: RunState = EMPTY_RUN,
  direction: Direction = 'forward',
  repairsOnly = false,
): Result<ProvenRollout, readonly Failure[]> {
  const rollout =
    direction === 'forward'
      ? planForward(rim, session, run, repairsOnly)
      : planBack(rim, session, run);
  if (!rollout.ok) return rollout;
  const { downtime } = session;
  if (downtime.length > 0 && rollout.value.steps.some(stopsService)) return err(downtime);
  const proven = proveIt(rim, options, session, rollout.value, run);
  return proven.ok ? proven : err([proven.error]);
}

function stopsService(step: Step): boolean {
  return takesDown(step) || actsOnAll(step);
}

/** Look at the cluster and its hosts, refuse what must not be touched, and read what is to be installed. */
export async function look(
  rim: Rim,
  options: Options,
  run: RunState = EMPTY_RUN,
  links?: LinkKnowledge,
  direction: Direction = 'forward',
): Promise<Result<Session, readonly Failure[]>> {
  const seen = await observe(rim);
  return seen.ok ? sessionOf(rim, options, seen.value, run, links, direction) : seen;
}

/** What `look` makes of what it has seen. */
export async function sessionOf(
  rim: Rim,
  options: Options,
  { state, etcd }: Discovered,
  run: RunState = EMPTY_RUN,
  links?: LinkKnowledge,
  direction: Direction = 'forward',
): Promise<Result<Session, readonly Failure[]>> {
  const { failures, warnings } = preflight(state, rim.desired, {
    ...options,
    stoppedByUs: run.handled,
    isGoingBack: direction === 'rollback',
    writtenDigests: [
      ...run.start.map((member) => member.configDigest),
      ...run.effects.flatMap((each) => (each.kind === 'config-written' ? [each.digest] : [])),
    ],
    written: run.written,
  });
  // Downtime is only asked about when there is something to restart.
  const isDowntime = (failure: Failure): boolean => failure.code === 'DOWNTIME_NOT_ACCEPTED';
  const others = failures.filter((failure) => !isDowntime(failure));
  if (others.length > 0) return err(failures);
  const downtime = failures.filter(isDowntime);
  const material = await materialOf(rim, state);
  if (!material.ok) return material;
  const names = state.members.map((member) => member.name);
  const unobserved = links?.unobserved ?? allPairs(names);
  const world = worldOf(state, unobserved, links?.blocked ?? [], rim.desired.clients !== undefined);
  if (!world.ok) return world;
  return ok({
    observed: state,
    world: world.value,
    ...material.value,
    etcd,
    warnings,
    downtime,
  });
}

/** discover, with the operator's CA known so that leaves on hosts can be judged against it. */
export async function observe(rim: Rim): ReturnType<typeof discover> {
  return discover(await discoverInput(rim));
}

/** observed state -> rollout, forward; pure. */
export function planForward(
  rim: Rim,
  session: Session,
  run: RunState = EMPTY_RUN,
  repairsOnly = false,
): Result<Rollout, readonly Failure[]> {
  const hasBackup = run.effects.some((effect) => effect.kind === 'backed-up');
  const { clusterId } = session.observed;
  return planRollout({ desired: rim.desired, ...session, clusterId, hasBackup, repairsOnly });
}

function planBack(rim: Rim, session: Session, run: RunState): Result<Rollout, readonly Failure[]> {
  const installed = rim.desired.members.map(
    ({ name }) => [name, [...installedFiles(run, name).keys()]] as const,
  );
  return planRollback({
    ...rollbackBase(rim, session),
    world: session.world,
    goal: goalOf(run.start),
    installed: Object.fromEntries(installed),
    failedStarts: run.failedStarts,
  });
}

/** What every way back of this plan file is planned with. */
export function rollbackBase(
  rim: Rim,
  { observed, world }: Pick<Session, 'observed' | 'world'>,
): Omit<Parameters<typeof planRollback>[0], 'world' | 'goal' | 'installed'> {
  const { desired } = rim;
  const { gates, strategy, name } = desired;
  return {
    gates,
    strategy,
    planName: name,
    order: orderOf(desired, world),
    clusterId: observed.clusterId,
  };
}

/** rollout -> proven rollout, or the shortest story that breaks a rule; pure. */
export function proveIt(
  rim: Rim,
  options: Options,
  session: Session,
  rollout: Rollout,
  run: RunState = EMPTY_RUN,
): Result<ProvenRollout, Failure> {
  const accept = [
    ...rim.desired.accept,
    ...(options.acceptDowntime ? ['downtime', 'hand-over'] : []),
  ];
  const start = run.start.length > 0 ? run.start : startOf(session.observed, session.world);
  const base = { ...rollbackBase(rim, session), goal: goalOf(start), installed: {} };
  const rollbackFrom = (world: World): Result<Rollout, readonly Failure[]> => {
    return planRollback({ ...base, world });
  };
  return prove(rollout, {
    accept,
    rollbackFrom: rollout.direction === 'forward' ? rollbackFrom : undefined,
  });
}

/** What a rollback will bring back: written into the journal's first line. */
export function startOf(observed: ObservedState, world: World): readonly MemberStart[] {
  return world.members.map((member) => {
    const { configDigest: digest, clientUrls = [] } =
      observed.members.find((each) => each.name === member.name) ?? {};
    return {
      name: member.name,
      id: member.id,
      urls: world.record[member.name] ?? [],
      settings: startSettings(world, member),
      configDigest: digest?.known === true ? digest.value : '',
      version: member.version,
      clientUrls,
    };
  });
}

/** The start as a goal. */
export function goalOf(start: readonly MemberStart[]): readonly MemberGoal[] {
  return start.map(({ name, urls, settings }) => ({ member: name, urls, settings }));
}

/** Is every peer link mutual TLS, and nothing else accepted? Dials what must be refused; nothing else does. */
export async function verify(rim: Rim): Promise<Result<readonly Finding[], readonly Failure[]>> {
  const input = await linksInput(rim);
  if (!input.ok) return input;
  const { scope, clients } = rim.desired;
  const peers = movesPeers(scope) ? await verifyLinks(input.value) : [];
  if (clients === undefined) return ok(peers);
  const files = await operatorFiles(rim);
  return ok([...peers, ...(await verifyClients({ ...input.value, ...clients, files }))]);
}

/** Dials of these pairs `a>b`, each from a's host with a's own files; none that must be refused. */
export async function dialPairs(
  rim: Rim,
  pairs: readonly string[],
): Promise<Awaited<ReturnType<typeof dialLinks>>> {
  const input = await linksInput(rim);
  if (input.ok) return dialLinks(input.value, pairs);
  const because = input.error.map(({ but }) => but).join('; ');
  return new Map(pairs.map((pair) => [pair, { result: 'undecided', because }]));
}

async function linksInput(rim: Rim): Promise<Result<VerifyInput, readonly Failure[]>> {
  const seen = await observe(rim);
  if (!seen.ok) return seen;
  const world = worldOf(seen.value.state);
  if (!world.ok) return world;
  const { doors, dialer } = rim;
  const { state } = seen.value;
  const isHere = membersHere(rim);
  const keysStay = rim.desired.pki.mode === 'in-place';
  return ok({ state, world: world.value, doors, dialer, isHere, keysStay });
}
