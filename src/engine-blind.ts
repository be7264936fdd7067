/**
 * A way back while no member's API answers: what hosts and peer ports show, the part of the way that needs
 * neither list nor lock, and its end, which is never called verified.
 */

import { type Result, err, ok } from './base/result.ts';
import { type Stopped, discoverBlind } from './discover/blind.ts';
import { readMaterial } from './discover/material.ts';
import { unansweredPairs } from './discover/peer-ports.ts';
import { discoverInput } from './engine-material.ts';
import { goalOf, rollbackBase } from './engine.ts';
import { type Options, type Prepared, type Rim, membersHere } from './engine-types.ts';
import type { Failure } from './model/failure.ts';
import type { Verdict } from './model/gate.ts';
import type { MemberName } from './model/ids.ts';
import { worldOf } from './model/observed-world.ts';
import type { ObservedState } from './model/observed.ts';
import { ARRIVED } from './model/journal.ts';
import type { RunState } from './model/run-state.ts';
import type { Direction } from './model/rollout.ts';
import type { PeerUrl } from './model/url.ts';
import { type World, isUp } from './model/world.ts';
import { planBlindBack, planBlindOn } from './plan/plan-blind.ts';
import { prove } from './prove/prove.ts';
import type { MachineOutput } from './run/machine-types.ts';
import type { RunDoors } from './run/run-doors.ts';
import { type Touched, isTouched } from './model/step.ts';

export interface Blind {
  readonly prepared: Prepared;
  readonly doors: Pick<RunDoors, 'observe' | 'planAgain' | 'peers'>;
}

/**
 * Undefined unless a run goes back and the only trouble is that no endpoint answers, or the run has stopped
 * all members itself and fewer than a majority run.
 */
export async function prepareBlind(
  rim: Rim,
  options: Options,
  run: RunState,
  direction: Direction,
  failures: readonly Failure[],
): Promise<Result<Blind, readonly Failure[]> | undefined> {
  const isSilent =
    failures.length > 0 && failures.every(({ code }) => code === 'ENDPOINT_UNREACHABLE');
  const isDark = hasStoppedAll(run) && failures.some(({ code }) => OF_THE_DARK.includes(code));
  const isWanted = isDark || (isSilent && direction === 'rollback');
  if (run.start.length === 0 || !isWanted) return undefined;
  const because = failures.map(({ but }) => but).join('; ');
  const look = (): ReturnType<typeof lookBlind> => lookBlind(rim, run, because);
  const plan = (): ReturnType<typeof planBlind> => planBlind(rim, options, run, direction, look);
  const prepared = await plan();
  if (!prepared.ok) return prepared;
  return ok({
    prepared: prepared.value,
    doors: {
      observe: async () => {
        const seen = await look();
        return seen.ok ? ok({ observed: seen.value.state, world: seen.value.world }) : seen;
      },
      planAgain: async () => {
        const again = await plan();
        return again.ok ? ok(again.value.proven) : err(again.error[0] ?? unverified(direction));
      },
      peers: {
        verdict: async (expected, touched) => peerVerdict(await look(), expected, touched),
        isBack: async (member) => {
          const seen = await look();
          return seen.ok && seen.value.told.has(member);
        },
      },
    },
  });
}

const OF_THE_DARK: readonly Failure['code'][] = ['ENDPOINT_UNREACHABLE', 'NO_QUORUM'];

function hasStoppedAll({ steps, handled }: RunState): boolean {
  return handled.length > 0 && steps.some(({ kind }) => kind === 'restart-together');
}

/** Without an API a way that is gone is still not verified. */
export function blindEnd(blind: Blind | undefined, ended: MachineOutput): MachineOutput {
  if (blind === undefined || !ARRIVED.includes(ended.outcome)) return ended;
  return { outcome: 'paused', failure: unverified(blind.prepared.proven.rollout.direction) };
}

function unverified(direction: Direction): Failure {
  if (direction === 'forward') {
    return {
      code: 'NOT_VERIFIED',
      where: 'at the end of what needs no API',
      would: 'verify health and data, and advertise https alone',
      but: 'data and health not verified: no member answers on its client URL',
      so: 'every process is up and every peer port answers from every host; both URLs are still advertised',
      remedy: 'when the API answers again: peershift resume goes on and verifies',
    };
  }
  return {
    code: 'NOT_VERIFIED',
    where: 'at the end of what needs no API',
    would: 'verify health and data, and bring the member list back',
    but: 'data and health not verified: no member answers on its client URL',
    so: 'the listeners of the start are back, every process is up and every peer port answers from every host; both URLs are still advertised',
    remedy: 'when the API answers again: peershift rollback finishes and verifies',
  };
}

interface BlindLook {
  readonly state: ObservedState;
  /** Of the pairs that were not answered, none counts as observed. */
  readonly world: World;
  readonly silent: ReadonlyMap<string, string>;
  /** Members whose peer port tells its list. */
  readonly told: ReadonlySet<MemberName>;
}

async function lookBlind(
  rim: Rim,
  run: RunState,
  because: string,
): Promise<Result<BlindLook, readonly Failure[]>> {
  const stopped = hasStoppedAll(run) ? { stopped: stoppedBy(run) } : {};
  const input = { ...(await discoverInput(rim)), dialer: rim.dialer, because, ...stopped };
  const seen = await discoverBlind({ ...input, clusterId: run.clusterId, urls: urlsOf(run) });
  if (!seen.ok) return seen;
  const state = seen.value;
  const plain = worldOf(state);
  if (!plain.ok) return plain;
  const isHere = membersHere(rim);
  const silent = await unansweredPairs({ ...rim, isHere }, state, plain.value);
  const told = state.members.filter(({ view }) => view.known).map(({ name }) => name);
  const world = { ...plain.value, unobserved: [...silent.keys()].sort() };
  return ok({ state, world, silent, told: new Set(told) });
}

/** The list as the run's own journal knows it: while nobody runs nobody can change it. */
function stoppedBy(run: RunState): Stopped {
  const urls = urlsOf(run);
  return {
    list: run.start.map(({ name, id, clientUrls = [] }) => {
      return { id, name, peerUrls: urls.get(name) ?? [], clientUrls, isLearner: false };
    }),
    versions: new Map(
      run.start.flatMap(({ name, version }) => (version === undefined ? [] : [[name, version]])),
    ),
  };
}

/** As the run's own journal knows them. */
function urlsOf(run: RunState): ReadonlyMap<MemberName, readonly PeerUrl[]> {
  const urls = new Map(run.start.map((member) => [member.name, member.urls]));
  for (const effect of run.effects) {
    if (effect.kind === 'updated') urls.set(effect.member, effect.urls);
  }
  return urls;
}

async function planBlind(
  rim: Rim,
  options: Options,
  run: RunState,
  direction: Direction,
  look: () => ReturnType<typeof lookBlind>,
): Promise<Result<Prepared, readonly Failure[]>> {
  const seen = await look();
  if (!seen.ok) return seen;
  const { state, world } = seen.value;
  const material = await readMaterial({ ...rim, observed: state, nowMs: state.observedAtMs });
  if (!material.ok) return material;
  const { desired } = rim;
  const { clusterId } = state;
  const rollout =
    direction === 'forward'
      ? planBlindOn({ desired, world, material: material.value, clusterId, hasBackup: true })
      : planBlindBack({
          ...rollbackBase(rim, { observed: state, world }),
          world,
          goal: goalOf(run.start),
          installed: {},
          failedStarts: run.failedStarts,
        });
  if (!rollout.ok) return rollout;
  const accept = [
    ...rim.desired.accept,
    ...(options.acceptDowntime ? ['downtime', 'hand-over'] : []),
  ];
  const proven = prove(rollout.value, { accept, rollbackFrom: undefined });
  if (!proven.ok) return err([proven.error]);
  const warnings = [
    'no API answers: only listeners are put back, by what hosts and peer ports show; the lock of the state folder is the only one',
  ];
  return ok({
    observed: state,
    world,
    material: material.value,
    etcd: new Map(),
    warnings,
    downtime: [],
    proven: proven.value,
  });
}

function peerVerdict(
  seen: Awaited<ReturnType<typeof lookBlind>>,
  expected: World,
  touched: Touched,
): Verdict {
  if (!seen.ok) {
    const waitsFor = seen.error.map(({ but }) => but).join('; ');
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  const { world, silent, told } = seen.value;
  const names = expected.members.filter(isUp).map(({ name }) => name);
  const down = names.filter(
    (name) => !world.members.some((each) => each.name === name && isUp(each)),
  );
  const mute = names.filter((name) => !told.has(name));
  const reasons = [
    ...down.map((name) => `the process of ${name}`),
    ...mute.map((name) => `the peer port of ${name}`),
    ...[...silent].map(([pair, reason]) => `${pair.replace('>', ' to ')}: ${reason}`),
  ];
  if (reasons.length > 0) {
    const isOurs = [...down, ...mute].some((name) => isTouched(touched, name));
    return { kind: 'hold', waitsFor: reasons.join('; '), fault: isOurs ? 'ours' : 'foreign' };
  }
  const count = String(names.length);
  const pairs = String(names.length * (names.length - 1));
  const evidence = `${count}/${count} processes up; /version and /raft/probing answer on ${pairs}/${pairs} pairs`;
  return { kind: 'pass', evidence };
}
