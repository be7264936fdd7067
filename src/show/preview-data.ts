/** Turns a proven rollout and what was observed into the plain data that a preview shows. */

import type { ClientsSeen } from '../model/clients.ts';
import type { ConfigEdit } from '../model/config-edit.ts';
import type { DesiredSpec, Strategy } from '../model/desired.ts';
import { type DialCells, cellsOf } from '../model/dial-cells.ts';
import { dialMatrix } from '../model/dial.ts';
import type { GateSpec } from '../model/gate.ts';
import type { FileDiff, PlannedProof } from '../model/journal.ts';
import { applyStep, lawOf, say } from '../model/laws.ts';
import { type ObservedState, valueOf } from '../model/observed.ts';
import type { DegradedWindow, ProvenRollout, Violation } from '../model/proof.ts';
import type { Direction } from '../model/rollout.ts';
import { type SettingChange, environmentName, peerSettings } from '../model/settings.ts';
import { type Step, type StepOf, memberOfStep, startedBy } from '../model/step.ts';
import { type PeerUrl, isHttps } from '../model/url.ts';
import type { World } from '../model/world.ts';
import { diffsOf } from './config-diff.ts';
import { brokenPairs } from './matrix.ts';
import { type PreviewRisk, riskOf } from './risk.ts';

export interface PreviewInput {
  readonly proven: ProvenRollout;
  readonly observed: ObservedState;
  readonly desired: DesiredSpec;
  readonly warnings: readonly string[];
  readonly observedAgoMs: number;
  /** Further lines about how this run will act (state folder, canary prefix), shown as they are. */
  readonly settings: readonly string[];
  /** What the rollout makes of the members' configuration files. */
  readonly edits?: readonly ConfigEdit[];
  /** What will be shown of the snapshot, or why it will not be restored; absent: no step saves one. */
  readonly backupProof?: string;
  /** `run` shows it and goes on. */
  readonly isAboutToRun?: boolean;
  /** Who is connected to the client ports now; absent: clients are not moved. */
  readonly clients?: readonly ClientsSeen[];
}

export interface PreviewData {
  readonly isAboutToRun: boolean;
  readonly plan: string;
  readonly planFile: string;
  readonly direction: Direction;
  readonly strategy: Strategy;
  readonly cluster: string;
  readonly observedAgoMs: number;
  readonly members: readonly string[];
  readonly versions: readonly string[];
  readonly leader: string | undefined;
  /** Schemes of the advertised peer URLs: `http`, `http and https`, ... */
  readonly schemes: { readonly from: string; readonly to: string };
  /** Of the published client URLs; absent: clients are not moved. */
  readonly clientSchemes?: { readonly from: string; readonly to: string };
  readonly clients?: readonly ClientsSeen[];
  readonly steps: readonly PreviewStep[];
  readonly matrices: readonly PreviewMatrix[];
  readonly windows: readonly PreviewWindow[];
  readonly proof: PreviewProof;
  readonly restarts: readonly { readonly member: string; readonly steps: readonly number[] }[];
  /** Numbers of the restarts during which one more crash would stop writes. */
  readonly zeroTolerance: readonly number[];
  readonly warnings: readonly string[];
  readonly onFailure: string;
  readonly lockKey: string;
  /** How long a dead-man waits; undefined when the plan file asks for none. */
  readonly deadManMs: number | undefined;
  /** Number of the step that saves it; undefined when no step does. */
  readonly backupStep: number | undefined;
  readonly backupProof: string | undefined;
  readonly settings: readonly string[];
  /** One for each file that the rollout changes: a unified diff, line by line. */
  readonly files: readonly FileDiff[];
}

export interface PreviewProof extends PlannedProof {
  readonly accepted: readonly Violation[];
  readonly inherited: readonly Violation[];
}

export interface PreviewStep {
  readonly number: number;
  readonly id: string;
  readonly kind: Step['kind'];
  readonly phase: string;
  readonly group: string | undefined;
  readonly member: string | undefined;
  readonly say: string;
  readonly place: string;
  readonly undo: string;
  readonly why: string;
  readonly writes: readonly PreviewSetting[];
  readonly installs: readonly { readonly path: string; readonly role: string }[];
  /** Of a step that arms a dead-man: what the host does when it goes off. */
  readonly firing: string | undefined;
  readonly gate: PreviewGate | undefined;
}

export interface PreviewSetting {
  /** As the member's configuration spells it. */
  readonly name: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export interface PreviewGate extends GateSpec {
  readonly memberCount: number;
  readonly linksUp: number;
  readonly linksTotal: number;
}

/** Who can dial whom after so many steps (0: now). */
export interface PreviewMatrix {
  readonly after: number;
  readonly phase: string | undefined;
  readonly cells: DialCells;
}

/** Open after step `opensAfter` (0: from the start) until after step `closesAfter` (undefined: it stays open). */
export interface PreviewWindow {
  readonly opensAfter: number;
  readonly closesAfter: number | undefined;
  readonly brokenPairs: readonly string[];
  readonly because: string;
  readonly risk: PreviewRisk;
}

/** The same as `previewText`, as plain data. */
export function previewJson(input: PreviewInput): PreviewData {
  const { proven, observed, desired } = input;
  const { rollout, worlds, proof } = proven;
  const { steps } = rollout;
  const end = worlds.at(-1) ?? rollout.start;
  const { rules, worldCount, rollbackWorldCount, assumptions, accepted, inherited } = proof;
  const backup = steps.findIndex((step) => step.kind === 'take-snapshot');
  return {
    plan: rollout.planName,
    planFile: desired.planFile,
    direction: rollout.direction,
    strategy: rollout.strategy,
    cluster: rollout.clusterId,
    observedAgoMs: input.observedAgoMs,
    members: rollout.start.members.map((member) => member.name),
    versions: [...new Set(rollout.start.members.map((member) => member.version))].sort(),
    leader: valueOf(observed.leader),
    schemes: { from: schemesOf(rollout.start), to: schemesOf(end) },
    ...clientsOf(input, rollout.start, end),
    steps: steps.map((step, index) => stepData(input, step, index)),
    matrices: matricesOf(steps, worlds),
    windows: proof.windows.map((window) => windowData(window, worlds)),
    proof: { rules, worldCount, rollbackWorldCount, assumptions, accepted, inherited },
    restarts: restartsOf(steps),
    zeroTolerance: proof.zeroToleranceSteps.map((index) => index + 1),
    warnings: input.warnings,
    onFailure: desired.onFailure,
    lockKey: `/peershift/${rollout.clusterId}/lock`,
    deadManMs: desired.gates.deadmanMs,
    backupStep: backup < 0 ? undefined : backup + 1,
    backupProof: input.backupProof,
    settings: input.settings,
    isAboutToRun: input.isAboutToRun === true,
    files: diffsOf(input.edits ?? []),
  };
}

function stepData(input: PreviewInput, step: Step, index: number): PreviewStep {
  const { rollout, worlds } = input.proven;
  const before = worlds[index] ?? rollout.start;
  const after = worlds[index + 1] ?? before;
  const law = lawOf(step);
  const changes = 'changes' in step ? step.changes : [];
  return {
    number: index + 1,
    id: step.id,
    kind: step.kind,
    phase: step.phase,
    group: step.group,
    member: memberOfStep(step),
    say: say(step),
    place: law.place(step),
    undo: law.undo(before, step),
    why: step.why,
    writes: changes.map((change) => settingData(input.desired, step, change)),
    installs: 'files' in step ? step.files.map(({ path, role }) => ({ path, role })) : [],
    firing: step.kind === 'arm-dead-man' ? firingText(step) : undefined,
    gate: step.after === undefined ? undefined : gateData(step.after, step, before, after),
  };
}

function firingText({ member, settings, reverts }: StepOf<'arm-dead-man'>): string {
  const listen = peerSettings(settings).listen.join(' and ');
  const kept = reverts.length === 0 ? 'the settings as they are now' : 'leaf and trust kept';
  return `${member} listens on ${listen} again, ${kept}, and is restarted by its own host`;
}

function settingData(desired: DesiredSpec, step: Step, change: SettingChange): PreviewSetting {
  const member = desired.members.find((each) => each.name === memberOfStep(step));
  const { flag, from, to } = change;
  switch (member?.config.format) {
    case 'env-file':
      return { name: environmentName(flag), from, to };
    case 'flags':
      return { name: `--${flag}`, from, to };
    case 'yaml':
    case undefined:
      return { name: flag, from, to };
  }
}

/** The links that the gate has probed: those that nobody has seen since they last changed. */
function gateData(gate: GateSpec, step: Step, before: World, after: World): PreviewGate {
  const changed = new Set(applyStep(before, step).unobserved);
  const answers = [...dialMatrix(after)].flatMap(([pair, answer]) =>
    changed.has(pair) ? [answer] : [],
  );
  return {
    ...gate,
    memberCount: after.members.length,
    linksUp: answers.filter((answer) => answer.can === 'yes').length,
    linksTotal: answers.length,
  };
}

/** Before the first step, and after the last one of each phase. */
function matricesOf(steps: readonly Step[], worlds: readonly World[]): readonly PreviewMatrix[] {
  return worlds.flatMap((world, after) => {
    const phase = steps[after - 1]?.phase;
    if (after > 0 && (phase === undefined || phase === steps[after]?.phase)) return [];
    return [{ after, phase, cells: cellsOf(dialMatrix(world)) }];
  });
}

/** Read off the worlds: `worlds[n]` is what n steps leave. */
function windowData(window: DegradedWindow, worlds: readonly World[]): PreviewWindow {
  const degraded = worlds.map(isDegraded);
  const opensAfter = Math.max(degraded.indexOf(true, window.fromStep), window.fromStep);
  const closes = degraded.indexOf(false, opensAfter + 1);
  const closesAfter = closes < 0 ? undefined : closes;
  return {
    opensAfter,
    closesAfter,
    brokenPairs: window.brokenPairs,
    because: window.because,
    risk: riskOf(worlds.slice(opensAfter, closesAfter)),
  };
}

function isDegraded(world: World): boolean {
  return brokenPairs(cellsOf(dialMatrix(world))).length > 0;
}

function restartsOf(steps: readonly Step[]): PreviewData['restarts'] {
  const restarts = new Map<string, number[]>();
  for (const [index, step] of steps.entries()) {
    for (const member of startedBy(step)) {
      restarts.set(member, [...(restarts.get(member) ?? []), index + 1]);
    }
  }
  return [...restarts].map(([member, numbers]) => ({ member, steps: numbers }));
}

function clientsOf(
  { clients }: PreviewInput,
  start: World,
  end: World,
): Pick<PreviewData, 'clients' | 'clientSchemes'> {
  if (start.movesClients !== true) return {};
  const published = (world: World): string =>
    schemesIn(world.members.flatMap(({ process }) => process?.client?.advertise ?? []));
  return {
    clientSchemes: { from: published(start), to: published(end) },
    ...(clients === undefined ? {} : { clients }),
  };
}

function schemesOf(world: World): string {
  return schemesIn(Object.values(world.record).flat());
}

function schemesIn(urls: readonly PeerUrl[]): string {
  const schemes = [
    ...(urls.some((url) => !isHttps(url)) ? ['http'] : []),
    ...(urls.some(isHttps) ? ['https'] : []),
  ];
  return schemes.join(' and ');
}
