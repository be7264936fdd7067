/** Turns an event of the engine into the one sentence that follows a run on a screen or in a log. */

import { durationText } from '../base/duration.ts';
import { unreachable } from '../base/assert.ts';
import { canaryText } from '../model/canary.ts';
import type { PeershiftEvent } from '../model/event.ts';
import type { Verdict } from '../model/gate.ts';
import type { StepId } from '../model/ids.ts';
import type { Effect, RunOutcome } from '../model/journal.ts';
import { say } from '../model/laws.ts';
import { stepsBehind } from '../model/numbering.ts';
import type { Direction } from '../model/rollout.ts';
import type { Step } from '../model/step.ts';
import { type Paint, PLAIN } from './paint.ts';
import { counted } from './words.ts';
import { withoutControls } from './wrap.ts';

/** What is known of the rollout that runs; a `RunState` is one. */
export interface KnownSteps {
  readonly steps: readonly Step[];
  /** Done before it was planned again. */
  readonly stepsBehind?: number;
  readonly direction?: Direction;
}

/** What is known after the event. */
export function knownAfter(known: KnownSteps, event: PeershiftEvent): KnownSteps {
  if (event.type !== 'planned') return known;
  const { steps, direction } = event;
  return { steps, stepsBehind: stepsBehind(known, steps), direction };
}

/** Without a time: the caller has the clock. Undefined for results of commands, which have printers of their own. */
export function progressLine(
  event: PeershiftEvent,
  known: KnownSteps,
  paint: Paint = PLAIN,
): string | undefined {
  const line = sentence(event, known, paint);
  return line === undefined ? undefined : line.replaceAll('\n', ' ');
}

function sentence(event: PeershiftEvent, known: KnownSteps, paint: Paint): string | undefined {
  switch (event.type) {
    case 'opened':
      return `run of ${event.planName} opened on cluster ${event.clusterId}`;
    case 'resumed':
      return resumedText(event.direction, event.openIntent, known);
    case 'locked':
      return `lock taken: ${event.key}`;
    case 'unlocked':
      return 'lock released';
    case 'planned':
      return plannedText(event.direction, event.steps.length, event.because, known);
    case 'intended':
      return `${paint.bold(numberOf(event.step, known))} begins: ${saidOf(event.step, known)}`;
    case 'done':
      return `${numberOf(event.step, known)} ${paint.green('done')}: ${saidOf(event.step, known)}${effectsText(event.effects)}`;
    case 'failed': {
      const { code, but, so } = event.failure;
      const what = `${saidOf(event.step, known)}: ${code}: ${withoutControls(`${but}; ${so}`)}`;
      return `${numberOf(event.step, known)} ${paint.red('failed')}: ${what}`;
    }
    case 'gate':
      return `${numberOf(event.step, known)} gate ${verdictText(event.verdict, event.tookMs, paint)}`;
    case 'gate-waits': {
      const waits = `${paint.yellow('waits')} for ${withoutControls(event.waitsFor)}`;
      return `${numberOf(event.step, known)} gate ${waits} (${durationText(event.elapsedMs)} so far)`;
    }
    case 'looking':
      return `looking at ${withoutControls(event.where)}`;
    case 'pausing':
      return `${paint.yellow('pausing')} ${event.because}; peershift resume goes on`;
    case 'stopping':
      return `${paint.yellow('stopping')} on ${event.signal}: the step in hand is finished first; once more stops at once`;
    case 'warning':
      return `${paint.yellow('warning')}: ${withoutControls(event.text)}`;
    case 'noted':
      return `note: ${withoutControls(event.what)}`;
    case 'canary':
      return `canary: ${canaryText(event.told)}`;
    case 'closed':
      return known.direction === 'rescue' && event.outcome === 'done'
        ? paint.green('rescue done: the cluster takes writes again')
        : closedText(event.outcome, event.failure?.but, paint);
    case 'watched':
    case 'gate-looked':
    case 'writes':
    case 'preview':
    case 'status':
    case 'finding':
    case 'report':
    case 'rescue':
    case 'lab':
    case 'failure':
    case 'outcome':
      return undefined;
    default:
      return unreachable(event);
  }
}

/** `step 12 of 19`; a step of an earlier rollout is named by its id. */
function numberOf(id: StepId, known: KnownSteps): string {
  const index = known.steps.findIndex((step) => step.id === id);
  if (index < 0) return `step ${id}`;
  const behind = known.stepsBehind ?? 0;
  return `step ${String(behind + index + 1)} of ${String(behind + known.steps.length)}`;
}

function saidOf(id: StepId, known: KnownSteps): string {
  const step = known.steps.find((each) => each.id === id);
  return step === undefined ? id : say(step);
}

function resumedText(direction: Direction, open: StepId | undefined, known: KnownSteps): string {
  const way = direction === 'rollback' ? 'the way back' : 'the way forward';
  if (open === undefined) return `run taken up again on ${way}`;
  return `run taken up again on ${way}; "${saidOf(open, known)}" was begun and may or may not have happened`;
}

function plannedText(
  direction: Direction,
  stepCount: number,
  because: string,
  { stepsBehind: behind = 0 }: KnownSteps,
): string {
  const reason = because === '' ? '' : ` (${withoutControls(because)})`;
  const way = direction === 'rollback' ? ' back to the start' : '';
  return stepCount === 0
    ? `planned${way}: nothing left to do${reason}`
    : `planned${way}: ${behind === 0 ? '' : 'the last '}${counted(stepCount, 'step')}, all proven${reason}`;
}

function verdictText(verdict: Verdict, tookMs: number, paint: Paint): string {
  const time = durationText(tookMs);
  switch (verdict.kind) {
    case 'pass':
      return `${paint.green('passed')} after ${time}: ${withoutControls(verdict.evidence)}`;
    case 'hold':
      return `${paint.yellow('still held')} after ${time}: waits for ${withoutControls(verdict.waitsFor)}${faultText(verdict.fault)}`;
    case 'fail':
      return `${paint.red('failed')} after ${time}: ${withoutControls(verdict.because)}${faultText(verdict.fault)}`;
  }
}

function faultText(fault: 'ours' | 'foreign'): string {
  return fault === 'ours' ? ' (by this step)' : ' (not by this step)';
}

/** What the sentence of the step itself does not say. */
function effectsText(effects: readonly Effect[]): string {
  const removed = effects.filter(({ kind }) => kind === 'file-removed').length;
  const texts = effects.flatMap((effect) => {
    switch (effect.kind) {
      case 'restarted':
        return effect.pid === undefined ? [] : [`pid ${String(effect.pid)}`];
      case 'stood-still':
        return [`nobody served for ${durationText(effect.ms)}`];
      case 'armed':
        return [`goes off at ${effect.firesAt}`];
      case 'went-off':
        return [`it went off: ${effect.result}`];
      case 'backed-up':
        return [
          `${effect.path}, ${counted(effect.sizeBytes, 'byte')}`,
          ...(effect.shown === undefined ? [] : [withoutControls(effect.shown)]),
        ];
      case 'config-written':
        return [`original kept as ${effect.backupPath}`];
      case 'leaf-replaced':
        return [`the old one kept as ${effect.keptPath}`];
      case 'file-installed':
      case 'file-removed':
      case 'updated':
      case 'led':
      case 'disarmed':
        return [];
    }
  });
  if (removed > 0) texts.push(`${counted(removed, 'file')} removed`);
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`;
}

function closedText(outcome: RunOutcome, because: string | undefined, paint: Paint): string {
  const reason = because === undefined || because === '' ? '' : `: ${withoutControls(because)}`;
  switch (outcome) {
    case 'done':
      return paint.green('run done: the cluster is what the plan file asks for');
    case 'rolled-back':
      return `run ${paint.yellow('rolled back')} to the start${reason}`;
    case 'refused':
      return `run ${paint.red('refused')} before its first change${reason}`;
    case 'paused':
      return `run ${paint.yellow('paused')}, can be resumed${reason}`;
    case 'interrupted':
      return `run ${paint.yellow('interrupted')} at a safe point, can be resumed${reason}`;
    case 'needs-person':
      return `run ${paint.red('needs a person')}${reason}`;
  }
}
