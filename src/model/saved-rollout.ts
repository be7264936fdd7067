/** Turns a proven rollout into a file that can be run later, and tells whether it is still what would be done. */

import { digestOf } from '../base/digest.ts';
import { type Result, err, ok } from '../base/result.ts';
import type { Strategy } from './desired.ts';
import { say } from './laws.ts';
import type { ProvenRollout } from './proof.ts';
import type { Step } from './step.ts';
import type { World } from './world.ts';

export interface SavedRollout {
  readonly peershift: 'rollout';
  readonly v: typeof SAVED_VERSION;
  readonly program: string;
  readonly planFile: string;
  /** SHA-256 of its text. */
  readonly planDigest: string;
  readonly cluster: string;
  readonly strategy: Strategy;
  /** What each step says, in order: for people, and to name the first that is another one. */
  readonly steps: readonly string[];
  /** Of the steps with all they carry. */
  readonly digest: string;
  /** Of the cluster and its hosts as they were seen. */
  readonly startDigest: string;
}

const SAVED_VERSION = 1;

export interface SavedFrom {
  readonly program: string;
  readonly planFile: string;
  readonly planDigest: string;
}

export function savedRollout({ rollout }: ProvenRollout, from: SavedFrom): SavedRollout {
  return {
    peershift: 'rollout',
    v: SAVED_VERSION,
    ...from,
    cluster: rollout.clusterId,
    strategy: rollout.strategy,
    steps: rollout.steps.map(say),
    digest: stepsDigest(rollout.steps),
    startDigest: worldDigest(rollout.start),
  };
}

/** Undefined for a text that is something else, a plan file for instance; the reason when it is a broken one. */
export function parseSaved(text: string): Result<SavedRollout, string> | undefined {
  if (!/^\s*\{\s*"peershift"\s*:\s*"rollout"/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('it begins as a saved rollout and is no JSON to its end');
  }
  const saved = value as Partial<Record<keyof SavedRollout, unknown>>;
  if (saved.v !== SAVED_VERSION) return err(`its version is not ${String(SAVED_VERSION)}`);
  const missing = TEXTS.filter((name) => typeof saved[name] !== 'string');
  const hasSteps =
    Array.isArray(saved.steps) && saved.steps.every((each) => typeof each === 'string');
  const lacks = [...missing, ...(hasSteps ? [] : ['steps'])];
  return lacks.length > 0 ? err(`it has no usable ${lacks.join(', ')}`) : ok(saved as SavedRollout);
}

const TEXTS = ['planFile', 'planDigest', 'cluster', 'digest', 'startDigest'] as const;

/** Why the saved rollout is not what would be done now; undefined when it is, to the last byte. */
export function staleBecause(saved: SavedRollout, { rollout }: ProvenRollout): string | undefined {
  if (saved.cluster !== rollout.clusterId)
    return `it was made for cluster ${saved.cluster}, this one is ${rollout.clusterId}`;
  const steps = rollout.steps.map(say);
  const other = steps.findIndex((text, index) => text !== saved.steps[index]);
  if (steps.length !== saved.steps.length || other >= 0) {
    const at = other < 0 ? Math.min(steps.length, saved.steps.length) : other;
    return `step ${String(at + 1)} was "${saved.steps[at] ?? 'none'}" and would be "${steps[at] ?? 'none'}" now`;
  }
  if (saved.digest !== stepsDigest(rollout.steps)) {
    return 'the steps say the same and would write or wait for something else now';
  }
  return saved.startDigest === worldDigest(rollout.start)
    ? undefined
    : 'the steps are the same; the members, their settings, files or leader are not what was seen then';
}

function stepsDigest(steps: readonly Step[]): string {
  return digestOf(withoutMoments(steps));
}

function worldDigest(world: World): string {
  return digestOf(withoutMoments({ ...world, nowMs: 0 }));
}

/** A certificate that is still to be made is valid from when it is made, and that moment is never the same. */
function withoutMoments(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMoments);
  if (typeof value !== 'object' || value === null) return value;
  const isPlanned = 'fingerprint' in value && String(value.fingerprint).startsWith('planned:');
  const entries = Object.entries(value)
    .filter(([name]) => !(isPlanned && (name === 'notBeforeMs' || name === 'notAfterMs')))
    .map(([name, inner]) => [name, withoutMoments(inner)] as const);
  return Object.fromEntries(entries);
}
