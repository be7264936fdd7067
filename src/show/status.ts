/** Turns the observed state and the run, if there is one, into what `status` shows. */

import { isoTime } from '../base/time.ts';
import { clientSettings } from '../model/client-settings.ts';
import { cellsOf } from '../model/dial-cells.ts';
import type { DeadManFact } from '../model/dead-man.ts';
import type { DialAnswer } from '../model/dial.ts';
import { say } from '../model/laws.ts';
import type { Fact, ObservedMember, ObservedState } from '../model/observed.ts';
import type { RunState } from '../model/run-state.ts';
import { type PeerSettings, peerSettings } from '../model/settings.ts';
import { failureText } from './failure-text.ts';
import { linkCount, matrixLines } from './matrix.ts';
import { type Paint, PLAIN } from './paint.ts';
import { padTo, tableLines } from './table.ts';
import { andList, counted } from './words.ts';
import { hanging, withoutControls } from './wrap.ts';

export interface StatusInput {
  readonly observed: ObservedState;
  /** Predicted from what was observed; pairs with a member that is down are not in it. */
  readonly matrix: ReadonlyMap<string, DialAnswer>;
  /** The newest unfinished run, or the last one; undefined when there is none. */
  readonly run: RunState | undefined;
}

const COLUMNS = 120;
const LABEL_WIDTH = 'advertised  '.length;

export function statusText(input: StatusInput, paint: Paint = PLAIN): string {
  return [
    ...clusterLines(input.observed, paint),
    '',
    ...membersTable(input.observed, paint),
    '',
    ...input.observed.members.flatMap((member) => memberLines(member, paint)),
    '',
    ...matrixSection(input, paint),
    '',
    ...runLines(input.run, paint),
  ].join('\n');
}

function clusterLines(observed: ObservedState, paint: Paint): readonly string[] {
  const { alarms, leader } = observed;
  const raised = alarms.known
    ? alarms.value.map(({ member, alarm }) => `${alarm} on ${member}`).join(', ') || 'no alarm'
    : unknownText(alarms);
  const parts = [
    observed.clusterId,
    counted(observed.members.length, 'member'),
    leader.known ? `${leader.value} leads` : `leader ${unknownText(leader)}`,
    raised === 'no alarm' ? raised : paint.red(raised),
    `seen ${isoTime(observed.observedAtMs)}`,
  ];
  return [
    ...field('cluster', parts.join(' · ')),
    ...observed.strangers.flatMap(({ name, id, kind }) => {
      return field(
        'stranger',
        paint.yellow(`${name === '' ? '(no name)' : name} ${id ?? ''}: ${STRANGERS[kind]}`),
      );
    }),
  ];
}

const STRANGERS = {
  'not-in-plan': 'in the member list, not in the plan file',
  'not-in-cluster': 'in the plan file, not in the member list',
  unstarted: 'in the member list, has never started',
} as const;

function membersTable(observed: ObservedState, paint: Paint): readonly string[] {
  const head = ['member', 'id', 'version', 'process', 'health', 'leads'].map(paint.bold);
  const rows = observed.members.map((member) => [
    member.isLearner ? `${member.name} (learner)` : member.name,
    member.id,
    cellText(member.status, (status) => status.version),
    cellText(member.process, (process) =>
      process === 'stopped' ? paint.red('stopped') : `pid ${String(process.pid)}`,
    ),
    cellText(member.health, ({ isHealthy }) => {
      return isHealthy ? paint.green('healthy') : paint.red('UNHEALTHY');
    }),
    observed.leader.known && observed.leader.value === member.name ? 'leader' : '-',
  ]);
  return tableLines([head, ...rows]);
}

/** As published; who asks for certificates says so. */
function clientsText({ clientUrls, running }: ObservedMember): string {
  const client = running.known ? clientSettings(running.value) : undefined;
  const asks = client?.hasClientCertAuth === true || client?.trustedCaFile !== undefined;
  const urls = clientUrls.join(' and ') || '(none)';
  return asks ? `${urls}, asks for a certificate` : urls;
}

function memberLines(member: ObservedMember, paint: Paint): readonly string[] {
  const rows: readonly Row[] = [
    ['advertised', member.peerUrls.join(' and ') || '(none)'],
    [
      'listens',
      factText(member.running, (settings) => peerSettings(settings).listen.join(' and ')),
    ],
    ['peer tls', factText(member.running, (settings) => tlsText(peerSettings(settings)))],
    ['clients', clientsText(member)],
    ...healthRows(member, paint),
    ...unknownRows(member, paint),
    ...deadManRows(member, paint),
    ...member.contradictions.map((text) => ['differs', paint.yellow(text)] as const),
    ...member.configProblems.map((text) => ['config', paint.yellow(text)] as const),
  ];
  return rows.flatMap(([label, text], index) => {
    const name = padTo(index === 0 ? member.name : '', LABEL_WIDTH);
    return hanging(`${name}${padTo(label, LABEL_WIDTH)}`, text, COLUMNS);
  });
}

type Row = readonly [label: string, text: string];

function healthRows({ health }: ObservedMember, paint: Paint): readonly Row[] {
  if (!health.known || health.value.isHealthy) return [];
  const reason = withoutControls(health.value.reason ?? 'no reason given');
  return [['health', paint.red(`not healthy: ${reason}`)]];
}

function deadManRows({ name, deadMan }: ObservedMember, paint: Paint): readonly Row[] {
  if (deadMan === undefined) return [];
  if (!deadMan.known) return [['dead-man', unknownText(deadMan)]];
  const fact = deadMan.value;
  if (fact === undefined) return [];
  return [['dead-man', paint.yellow(deadManText(name, fact))]];
}

function deadManText(name: string, fact: DeadManFact): string {
  const of = `(run ${fact.run})`;
  switch (fact.state) {
    case 'armed':
      return fact.isTicking
        ? `armed: at ${isoTime(fact.firesAtMs)} ${name} gets its settings of before back by itself ${of}`
        : `armed, and its timer is gone, as after a restart of the host: it will not go off ${of}`;
    case 'firing':
      return `going off: its settings of before are just put back ${of}`;
    case 'fired':
      return fact.result === 'done'
        ? `went off: ${name} has its settings of before again ${of}`
        : `went off: ${withoutControls(fact.result)} ${of}`;
    case 'disarmed':
      return `disarmed ${of}`;
  }
}

/** A reason is a sentence, and stands below the table; what is unknown for one reason is told at once. */
function unknownRows(member: ObservedMember, paint: Paint): readonly Row[] {
  const facts = { version: member.status, process: member.process, health: member.health };
  const byReason = new Map<string, string[]>();
  for (const [name, fact] of Object.entries(facts)) {
    if (fact.known) continue;
    byReason.set(fact.reason, [...(byReason.get(fact.reason) ?? []), name]);
  }
  return [...byReason].map(([reason, names]) => {
    return ['unknown', `${paint.yellow(andList(names))}: ${withoutControls(reason)}`];
  });
}

/** What the process was started with. */
function tlsText(peer: PeerSettings): string {
  if (peer.hasAutoTls) return 'peer-auto-tls: any TLS peer is accepted';
  if (peer.certFile === undefined && peer.trustedCaFile === undefined) return 'none loaded';
  return [
    `leaf ${peer.certFile ?? '(none)'}`,
    `CA ${peer.trustedCaFile ?? '(none)'}`,
    peer.hasClientCertAuth ? 'client certificates demanded' : 'peer-client-cert-auth not set',
  ].join(' · ');
}

function matrixSection({ observed, matrix }: StatusInput, paint: Paint): readonly string[] {
  const names = observed.members.map((member) => member.name);
  if (names.length < 2) return ['one member: there are no peer links'];
  const cells = cellsOf(matrix);
  const { up, total } = linkCount(cells);
  const reasons = [...matrix].flatMap(([pair, answer]) => {
    if (answer.can === 'yes') return [];
    const word = answer.can === 'no' ? paint.red('no') : paint.yellow('unknown');
    return hanging(`  ${pair.replace('>', ' → ')}  ${word}  `, answer.because, COLUMNS);
  });
  return [
    `who can dial whom, predicted from what was seen: ${String(up)} of ${counted(total, 'ordered pair')}`,
    ...matrixLines('from \\ to', names, cells, paint).map((line) => `  ${line}`),
    ...reasons,
  ];
}

function runLines(run: RunState | undefined, paint: Paint): readonly string[] {
  if (run?.run === undefined) return field('run', 'none of this plan and cluster');
  const { next, stands } = standing(run);
  return [
    ...field('run', `${run.run} · ${run.planName} · ${run.direction} · since ${run.startedAt}`),
    ...field('stands', paint.bold(stands)),
    ...(run.failure === undefined || run.outcome === 'done'
      ? []
      : failureText(run.failure, 'failed', paint).split('\n')),
    ...field('next', next),
  ];
}

/** Where the run stands, and what a person can do now. */
export function standing(run: RunState): { readonly stands: string; readonly next: string } {
  const doneCount = run.stepsBehind + run.doneSteps.length;
  const total = run.stepsBehind + run.steps.length;
  const done = `${String(doneCount)} of ${counted(total, 'step')} done`;
  const open = run.steps.find((step) => step.id === run.openIntent);
  const maybe =
    open === undefined ? '' : `; "${say(open)}" was begun and may or may not have happened`;
  const resume = `peershift resume ${run.planFile}`;
  const both = `${resume} goes on · peershift rollback ${run.planFile} brings the start back`;
  switch (run.outcome) {
    case 'done':
      return {
        stands: `done, ${done}`,
        next: `peershift verify ${run.planFile} shows that only mutual TLS is left`,
      };
    case 'rolled-back':
      return {
        stands: 'rolled back to the start',
        next: `peershift preview ${run.planFile} for another attempt`,
      };
    case 'refused':
      return {
        stands: 'refused before its first change',
        next: `mend what is named above, then peershift run ${run.planFile}`,
      };
    case 'needs-person':
      return { stands: `needs a person, ${done}${maybe}`, next: `read the failure, then: ${both}` };
    case 'paused':
      return { stands: `paused, ${done}${maybe}`, next: both };
    case 'interrupted':
      return { stands: `interrupted, ${done}${maybe}`, next: both };
    case undefined:
      return {
        stands: `in hand, or its process died: ${done}${maybe}`,
        next: `if no process of it is left: ${both}`,
      };
  }
}

/** The same, as plain data: facts keep their reasons. */
export function statusJson(input: StatusInput): unknown {
  const { observed, matrix, run } = input;
  return {
    observed,
    matrix: Object.fromEntries(matrix),
    run: run === undefined ? undefined : { ...run, ...standing(run) },
  };
}

function factText<T>(fact: Fact<T>, text: (value: T) => string): string {
  return fact.known ? text(fact.value) : unknownText(fact);
}

/** For a table: without its reason. */
function cellText<T>(fact: Fact<T>, text: (value: T) => string): string {
  return fact.known ? text(fact.value) : 'unknown';
}

function unknownText(fact: { readonly reason: string }): string {
  return `unknown: ${withoutControls(fact.reason)}`;
}

function field(label: string, text: string): readonly string[] {
  return hanging(padTo(label, LABEL_WIDTH), text, COLUMNS);
}
