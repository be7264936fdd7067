/** Turns a report into the text that a person keeps, and into plain data for machines. */

import { durationText } from '../base/duration.ts';
import type { Verdict } from '../model/gate.ts';
import { canaryText } from '../model/canary.ts';
import type { Report, ReportGate, ReportStep } from '../model/report.ts';
import { failureText } from './failure-text.ts';
import { type Paint, PLAIN } from './paint.ts';
import { padTo, tableLines } from './table.ts';
import { backupText, counted } from './words.ts';
import { hanging, withoutControls } from './wrap.ts';

const COLUMNS = 120;
const LABEL_WIDTH = 'restarts  '.length;

export function reportText(report: Report, paint: Paint = PLAIN): string {
  const sections = [
    headLines(report, paint),
    stepLines(report, paint),
    report.failures.flatMap(({ failure }, index) => [
      ...(index === 0 ? [] : ['']),
      ...failureText(failure, 'failed', paint).split('\n'),
    ]),
    listed('undone', report.undone),
    listed('noted', report.notes),
    fileLines(report),
    settingLines(report),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** A report is plain data already; what is undefined is left out by JSON itself. */
export function reportJson(report: Report): Report {
  return report;
}

function headLines(report: Report, paint: Paint): readonly string[] {
  const { outcome, backup, canary, degradedMs } = report;
  const accent =
    outcome === 'done' ? paint.green : outcome === 'needs-person' ? paint.red : paint.yellow;
  const took = report.tookMs === undefined ? 'time unknown' : durationText(report.tookMs);
  const restarts = report.restarts
    .map(({ member, count }) => `${member} ${String(count)} ×`)
    .join(' · ');
  const handOvers = report.handOvers.map(({ from, to }) => `${from} → ${to}`).join(' · ');
  const degraded = degradedMs === undefined ? 'unknown' : durationText(degradedMs);
  return [
    ...field('run', `${report.run} · ${report.plan} (${report.planFile}) · ${report.program}`),
    ...field(
      'outcome',
      `${accent(outcome)}${outcome === 'unfinished' ? `, ${report.direction}` : ''}`,
    ),
    ...field('cluster', report.cluster),
    ...field('time', `${report.startedAt} to ${report.endedAt}, ${took}`),
    ...field('restarts', restarts === '' ? 'none' : restarts),
    ...field('leader', handOvers === '' ? 'was not handed over' : `handed over ${handOvers}`),
    ...field(
      'degraded',
      `${degraded}${degradedMs === undefined ? '' : ' with some dials failing as declared'}`,
    ),
    ...field('accepted', report.accepted.join(', ')),
    ...(canary === undefined ? [] : field('canary', canaryText(canary))),
    ...field('backup', backup === undefined ? 'none' : backupText(backup)),
  ];
}

/** The steps under the rollout that they belong to, each with its last gate. */
function stepLines(report: Report, paint: Paint): readonly string[] {
  const rows = report.steps.map((step) => {
    const gate = report.gates.findLast((each) => belongs(each, step, report.steps));
    return [
      step.direction === 'rollback' ? `back ${String(step.number)}` : String(step.number),
      step.say,
      resultText(step, paint),
      gate === undefined
        ? ''
        : `gate ${gateText(gate.verdict, paint)}, ${durationText(gate.tookMs)}`,
    ];
  });
  const plans = report.rollouts.map(({ at, direction, because, stepCount }) => {
    const way = direction === 'rollback' ? 'the way back' : 'the way forward';
    return `${at} ${way}, ${counted(stepCount, 'step')}${because === '' ? '' : `: ${because}`}`;
  });
  return [...listed('planned', plans), ...tableLines(rows, '  ')];
}

/** Two rollouts of a run may have a step of the same id: the gate is that of the last one begun before it. */
export function belongs(gate: ReportGate, step: ReportStep, steps: readonly ReportStep[]): boolean {
  if (gate.step !== step.id || gate.at < step.begunAt) return false;
  const next = steps.find((each) => each.id === step.id && each.begunAt > step.begunAt);
  return next === undefined || gate.at < next.begunAt;
}

function resultText(step: ReportStep, paint: Paint): string {
  const time = step.tookMs === undefined ? '' : ` ${durationText(step.tookMs)}`;
  switch (step.result) {
    case 'done':
      return `${paint.green('done')}${time}`;
    case 'failed':
      return `${paint.red('FAILED')}${time}`;
    case 'maybe':
      return paint.yellow('begun, end unknown');
  }
}

function gateText(verdict: Verdict, paint: Paint): string {
  switch (verdict.kind) {
    case 'pass':
      return paint.green('passed');
    case 'hold':
      return `${paint.yellow('HELD')} (waits for ${withoutControls(verdict.waitsFor)})`;
    case 'fail':
      return `${paint.red('FAILED')} (${withoutControls(verdict.because)})`;
  }
}

function fileLines(report: Report): readonly string[] {
  const rows = report.files.map(({ member, path, what, digest }) => {
    const words = what === 'config-original' ? 'original kept, ours has' : what;
    return [member, path, words, digest === undefined ? '' : `sha256 ${digest}`];
  });
  return rows.length === 0 ? [] : ['files', ...tableLines(rows, '  ')];
}

function settingLines(report: Report): readonly string[] {
  const rows = report.settings.flatMap(({ member, values }) => {
    return Object.entries(values).map(([flag, value]) => [member, flag, value ?? '(taken out)']);
  });
  return rows.length === 0
    ? []
    : [
        'settings for your configuration management, or it will undo this',
        ...tableLines(rows, '  '),
      ];
}

function listed(label: string, texts: readonly string[]): readonly string[] {
  return texts.flatMap((text, index) => field(index === 0 ? label : '', text));
}

function field(label: string, text: string): readonly string[] {
  return text === '' ? [] : hanging(padTo(label, LABEL_WIDTH), text, COLUMNS);
}
