/** A confirmed rescue, from the files it needs to its closed journal; the peer ports and one write are its evidence. */

import { type Result, err, ok } from './base/result.ts';
import type { Stopped } from './discover/blind.ts';
import { unansweredPairs } from './discover/peer-ports.ts';
import { startOf } from './engine.ts';
import { type Skills, carryOut } from './engine-drive.ts';
import {
  type BundlePlace,
  type DeadLook,
  type RescueCommand,
  bundleIn,
  lookDead,
  planned,
} from './engine-rescue-look.ts';
import { refused } from './engine-command.ts';
import { type Ended, type Prepared, type Rim, membersHere } from './engine-types.ts';
import type { Leaf } from './model/certificate.ts';
import { dialMatrix } from './model/dial.ts';
import type { Failure } from './model/failure.ts';
import type { Verdict } from './model/gate.ts';
import type { MemberName } from './model/ids.ts';
import { peerSettings } from './model/settings.ts';
import type { Step } from './model/step.ts';
import { linkedMajority } from './model/steps/settle.ts';
import { type World, isUp } from './model/world.ts';
import type { RunFiles } from './ports.ts';
import { issueMaterial } from './run/issue.ts';
import { signAgain, writeBundle } from './run/rescue-files.ts';
import { type Touched, isTouched } from './model/step.ts';

/** Long enough for one write; the key goes by itself when we die. */
const WRITE_TTL_SECONDS = 30;

export async function carryOutRescue(
  command: RescueCommand,
  look: DeadLook,
  prepared: Prepared,
): Promise<Ended> {
  const { rim, options } = command;
  const confirmed = await command.confirm(prepared);
  if (confirmed === undefined) return { ...refused([]), exit: 3 };
  const files = await rim.store.create(options.newRunId());
  if (!files.ok) return refused([files.error]);
  const place = bundleIn(files.value.path);
  const made = await makeFiles(command, look, prepared.proven.rollout.steps, files.value, place);
  if (!made.ok) return refused([made.error]);
  const again = async (): Promise<Result<Prepared, Failure>> => {
    const seen = await lookDead(rim);
    if (!seen.ok) return err(seen.error[0] ?? vanished());
    return planned(command, seen.value, made.value, place);
  };
  // What was made anew for a host has to be read first; a leaf that was signed is known.
  const isInstalled = prepared.proven.rollout.steps.some(
    ({ kind }) => kind === 'install-certificates',
  );
  const real = isInstalled ? await again() : planned(command, look, made.value, place);
  if (!real.ok) return refused([real.error]);
  const [shown, now] = [prepared, real.value].map(({ proven }) => stepIds(proven.rollout.steps));
  if (shown !== now) return refused([moved(shown ?? '', now ?? '')]);
  return journalled({ command, prepared: real.value, files: files.value, again });
}

/** Leaves and bundles of exactly these steps. */
async function makeFiles(
  { rim }: RescueCommand,
  look: DeadLook,
  steps: readonly Step[],
  files: RunFiles,
  place: BundlePlace,
): Promise<Result<ReadonlyMap<string, Leaf>, Failure>> {
  const { material, world } = look;
  const signed = new Map<string, Leaf>();
  if (material === undefined) return ok(signed);
  const installs = steps.filter((step) => step.kind === 'install-certificates');
  const missing = installs
    .map(({ member }) => member)
    .filter((name) => material.leaves[name]?.mustIssue);
  if (missing.length > 0) {
    const issued = await issueMaterial({ ...rim, material, suffix: files.id }, missing);
    if (!issued.ok) return issued;
  }
  const input = { ...rim, material, world };
  for (const step of steps) {
    if (step.kind === 'reissue-leaf') {
      const leaf = await signAgain(input, step.member, place.leaf(step.member));
      if (!leaf.ok) return leaf;
      signed.set(step.member, leaf.value);
    }
    if (step.kind === 'install-certificates') {
      const bundle = await writeBundle(input, place.bundle(step.member));
      if (!bundle.ok) return bundle;
    }
  }
  return ok(signed);
}

interface RescueWork {
  readonly command: RescueCommand;
  readonly prepared: Prepared;
  readonly files: RunFiles;
  readonly again: () => Promise<Result<Prepared, Failure>>;
}

function journalled({ command, prepared, files, again }: RescueWork): Promise<Ended> {
  const { rim, options } = command;
  return carryOut({
    command,
    prepared,
    files,
    past: undefined,
    opening: {
      type: 'opened',
      program: options.program,
      planName: rim.desired.name,
      planFile: rim.desired.planFile,
      clusterId: prepared.observed.clusterId,
      start: startOf(prepared.observed, prepared.world),
      direction: 'rescue',
    },
    skills: () => rescueSkills(rim, again),
    how: {
      because: 'no quorum, and what hosts and peer ports show',
      hasTouched: false,
      acceptsDowntime: true,
      pauses: {},
      isBlind: true,
      formerOwners: [],
    },
    wasCommanded: false,
  });
}

/** What a run without quorum sees and asks; `stopped`: what it knows of a cluster that it has stopped itself. */
export function rescueSkills(rim: Rim, again: RescueWork['again'], stopped?: Stopped): Skills {
  return {
    observe: async () => {
      const seen = await lookDead(rim, stopped);
      return seen.ok ? ok({ observed: seen.value.state, world: seen.value.world }) : seen;
    },
    planAgain: async () => {
      const next = await again();
      return next.ok ? ok(next.value.proven) : next;
    },
    peers: {
      verdict: async (expected, touched) => rescueVerdict(rim, expected, touched),
      isBack: async (member) => {
        const seen = await lookDead(rim);
        return seen.ok && seen.value.told.has(member);
      },
    },
    issue: () => Promise.resolve(ok(undefined)),
  };
}

/** Every process is up and tells its list, who should reach whom does, and once a majority is linked it writes. */
async function rescueVerdict(rim: Rim, expected: World, touched: Touched): Promise<Verdict> {
  const seen = await lookDead(rim);
  if (!seen.ok) {
    return {
      kind: 'hold',
      waitsFor: seen.error.map(({ but }) => but).join('; '),
      fault: 'foreign',
    };
  }
  const { world, state, told, lost } = seen.value;
  const names = expected.members.filter(isUp).map(({ name }) => name);
  const up = new Set(world.members.filter(isUp).map(({ name }) => name));
  const trouble = names.flatMap((name): readonly (readonly [MemberName, string])[] => {
    if (!up.has(name)) return [[name, `the process of ${name}`]];
    return told.has(name) || lost.has(name) ? [] : [[name, `the peer port of ${name}`]];
  });
  if (trouble.length > 0) {
    const fault = trouble.some(([name]) => isTouched(touched, name)) ? 'ours' : 'foreign';
    return { kind: 'hold', waitsFor: trouble.map(([, text]) => text).join('; '), fault };
  }
  const matrix = dialMatrix(world);
  const isHere = membersHere(rim);
  // A member that checks nobody has no files that a dial like its own could be made with: the write tells.
  const unchecked = new Set(
    state.members.flatMap(({ name, running }) => {
      return running.known && peerSettings(running.value).hasAutoTls ? [name] : [];
    }),
  );
  const good = [...matrix].filter(([pair, answer]) => {
    const from = names.find((name) => pair.startsWith(`${name}>`));
    return answer.can === 'yes' && from !== undefined && isHere(from) && !unchecked.has(from);
  });
  const asked = new Set(good.map(([pair]) => pair));
  const silent = await unansweredPairs({ ...rim, isHere }, state, world, (pair) => asked.has(pair));
  if (silent.size > 0) {
    const waitsFor = [...silent].map(([pair, why]) => `${pair.replace('>', ' to ')}: ${why}`);
    return { kind: 'hold', waitsFor: waitsFor.join('; '), fault: 'ours' };
  }
  const answered = String(asked.size);
  const links = `${String(names.length)} processes up; ${answered}/${answered} pairs that fit answer`;
  if (linkedMajority(expected) === undefined) return { kind: 'pass', evidence: links };
  const writer = await writtenBy(
    rim,
    state.clusterId,
    state.members.flatMap((each) => each.clientUrls),
  );
  if (writer !== undefined) {
    return { kind: 'pass', evidence: `${links}; quorum is back: ${writer} took a write` };
  }
  return { kind: 'hold', waitsFor: `${links}; a member that takes a write`, fault: 'ours' };
}

/** A key under a short lease, made and removed; the endpoint that took it. */
async function writtenBy(
  rim: Rim,
  clusterId: string,
  clientUrls: readonly string[],
): Promise<string | undefined> {
  const key = `/peershift/${clusterId}/rescue`;
  const endpoints = [...new Set([...rim.desired.cluster.endpoints, ...clientUrls])];
  for (const endpoint of endpoints) {
    const etcd = rim.openEtcd(endpoint);
    const made = await etcd.acquireLock(key, 'peershift rescue', WRITE_TTL_SECONDS);
    if (!made.ok || made.value.kind === 'held') continue;
    const { createRevision, leaseId } = made.value;
    const gone = await etcd.releaseLock(key, createRevision, leaseId);
    if (gone.ok) return endpoint;
  }
  return undefined;
}

function stepIds(steps: readonly Step[]): string {
  return steps.map(({ id }) => id).join(', ');
}

function moved(shown: string, now: string): Failure {
  return {
    code: 'STALE_WORLD',
    where: 'before the first step',
    would: `carry out ${shown}`,
    but: now === '' ? 'the cluster has moved since' : `from what is there now it would be ${now}`,
    so: 'what was not shown is not done; nothing was changed',
    remedy: 'peershift rescue again',
  };
}

function vanished(): Failure {
  return moved('the rescue', '');
}
