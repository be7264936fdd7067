/** Turns a proven rollout into the page that an operator reads before saying yes. */

import { durationText } from '../base/duration.ts';
import type { Strategy } from '../model/desired.ts';
import { STANDSTILL } from '../model/preflight-quorum.ts';
import { paintedDiff } from './config-diff.ts';
import { linkCount, matrixLines } from './matrix.ts';
import { clientsNow } from './clients.ts';
import { type Paint, PLAIN } from './paint.ts';
import { type PreviewData, type PreviewInput, previewJson } from './preview-data.ts';
import { PREVIEW_COLUMNS, stepLines } from './preview-steps.ts';
import { padTo } from './table.ts';
import { hanging } from './wrap.ts';
import { andList, counted, ranges, limitText } from './words.ts';

export type { PreviewData, PreviewInput } from './preview-data.ts';
export { previewJson } from './preview-data.ts';

const LABEL_WIDTH = 'on failure  '.length;

const STRATEGY_WORDS: Readonly<Record<Strategy, string>> = {
  documented: 'one member goes first, the others get client leaves, then they follow one by one',
  'dual-url':
    'trust everywhere, then each member is advertised as http and https, then listeners, then https only',
  'dual-listener':
    'a second https listener on every member, then the advertised URLs, then http is dropped',
  'trust-first':
    'trust everywhere, then each member is stopped, updated through the others, started on https',
  'fewest-restarts':
    'each member is stopped, updated through the others and started on https, the leader last',
  rebuild:
    'all members stop at once and start at once on https, each on its own data: nobody serves meanwhile',
};

const RESCUE_WORDS =
  'none: the smallest change on hosts after which a majority is linked; the member list stays as it is';
const RESTORE_WORDS =
  'none: a new cluster of the same members, by the URLs that they listen on now';

/** The whole preview; its last line says that nothing has been changed. What comes next is the command's to say. */
export function previewText(input: PreviewInput, paint: Paint = PLAIN): string {
  const data = previewJson(input);
  const body = data.steps.length === 0 ? nothingToDo(data, paint) : rolloutLines(data, paint);
  const end =
    input.isAboutToRun === true ? 'nothing has been changed so far' : 'nothing has been changed';
  return [...headLines(data, paint), '', ...body, end].join('\n');
}

function headLines(data: PreviewData, paint: Paint): readonly string[] {
  const { schemes, leader } = data;
  const restarts = data.restarts.reduce((sum, each) => sum + each.steps.length, 0);
  const change = ({ from, to }: typeof schemes): string => (from === to ? to : `${from} → ${to}`);
  const clients =
    data.clientSchemes === undefined ? '' : ` · clients ${change(data.clientSchemes)}`;
  const size = [
    counted(data.members.length, 'member'),
    counted(data.steps.length, 'step'),
    counted(restarts, 'restart'),
  ].join(' · ');
  const seen = [
    `${durationText(data.observedAgoMs)} ago`,
    `etcd ${data.versions.join(' and ')}`,
    `cluster ${data.cluster}`,
    leader === undefined ? 'leader unknown' : `${leader} leads`,
  ];
  return [
    ...field(
      data.direction === 'forward' ? 'rollout' : data.direction,
      `${paint.bold(data.plan)} · peers ${change(schemes)}${clients} · ${data.steps.length === 0 ? 'nothing to do' : size}`,
    ),
    ...field('observed', seen.join(' · ')),
    ...(data.steps.length === 0 ? [] : proofLines(data)),
    ...data.warnings.flatMap((text) => field('warning', paint.yellow(text))),
  ];
}

function proofLines(data: PreviewData): readonly string[] {
  const { proof, direction } = data;
  const { rules, assumptions, inherited, accepted } = proof;
  const worlds = counted(proof.worldCount, 'world');
  const back =
    proof.rollbackWorldCount === 0
      ? ''
      : ` · the way back from every step: ${counted(proof.rollbackWorldCount, 'world')}`;
  return [
    ...field('proof', `${counted(rules.length, 'rule')} × ${worlds}, none broken${back}`),
    ...assumptions.flatMap((text, index) => field(index === 0 ? 'assumes' : '', text)),
    ...field('strategy', direction === 'rescue' ? rescueWords(data) : strategyWords(data)),
    ...inherited.flatMap(({ rule, but }) => {
      return field('already', `${rule}: ${but} (no step makes it worse)`);
    }),
    ...accepted.flatMap(({ rule, but, so }) => field('accepted', `${rule}: ${but}; ${so}`)),
  ];
}

/** The strategy is about the peers; clients are moved in one way whatever it is. */
function strategyWords({ strategy, clientSchemes, schemes }: PreviewData): string {
  const clients =
    'every member serves clients both schemes, then each closes http when nobody speaks it';
  if (clientSchemes !== undefined && schemes.from === schemes.to) return clients;
  const peers = `${strategy}: ${STRATEGY_WORDS[strategy]}`;
  return clientSchemes === undefined ? peers : `${peers}; then ${clients}`;
}

function rolloutLines(data: PreviewData, paint: Paint): readonly string[] {
  return [
    ...matrixNow(data, paint),
    '',
    ...clientsNow(data, paint),
    ...stepLines(data, paint),
    '',
    ...fileLines(data, paint),
    ...tailLines(data, paint),
  ];
}

/** Each file as it will be in the end, against now: what the steps write, where it stands. */
function fileLines({ files }: PreviewData, paint: Paint): readonly string[] {
  if (files.length === 0) return [];
  const diffs = files.flatMap(({ diff }) => [...paintedDiff(diff, paint), '']);
  return [
    `${counted(files.length, 'file')} will be edited; what stands in them in the end:`,
    ...diffs,
  ];
}

function nothingToDo(data: PreviewData, paint: Paint): readonly string[] {
  const goal =
    data.direction === 'rollback'
      ? 'the cluster is as it was when the run started'
      : 'the cluster is what the plan file asks for';
  return [...matrixNow(data, paint), '', `nothing to do: ${goal}`];
}

function matrixNow(data: PreviewData, paint: Paint): readonly string[] {
  const [now] = data.matrices;
  if (now === undefined) return [];
  const { up, total } = linkCount(now.cells);
  if (data.members.length < 2) return ['one member: there are no peer links yet'];
  return [
    `who can dial whom now: ${String(up)} of ${counted(total, 'ordered pair')}`,
    ...matrixLines('from \\ to', data.members, now.cells, paint).map((line) => `  ${line}`),
  ];
}

function tailLines(data: PreviewData, paint: Paint): readonly string[] {
  return [
    ...windowSummary(data, paint),
    ...field('restarts', restartsText(data)),
    ...field('downtime', downtimeText(data)),
    ...field('leader', handOverText(data)),
    ...toleranceLines(data, paint),
    ...field('groups', groupsText(data)),
    ...field('on failure', failureLine(data)),
    ...field('lock', lockText(data)),
    ...field('dead-man', deadManText(data)),
    ...field('backup', backupLine(data)),
    ...data.settings.flatMap((text) => field('also', text)),
    ...(data.isAboutToRun ? [] : field('confirm', confirmLine(data))),
  ];
}

function lockText({ direction, lockKey }: PreviewData): string {
  return direction === 'rescue'
    ? 'peershift.lock beside the configuration of each member while it lasts; without quorum there is none in the cluster'
    : `${lockKey}, a key in this cluster while the run lasts, removed at its end`;
}

function windowSummary(data: PreviewData, paint: Paint): readonly string[] {
  const { windows } = data;
  if (windows.length === 0) {
    return field('windows', 'none: every member can dial every other one between all steps');
  }
  const spans = windows.map(({ opensAfter, closesAfter }) => {
    return `${opensAfter === 0 ? 'the start' : String(opensAfter)} to ${closesAfter === undefined ? 'the end' : String(closesAfter)}`;
  });
  const text = `${String(windows.length)} degraded: steps ${spans.join(', ')}; raft stays linked, some dials fail`;
  return field('windows', paint.yellow(text));
}

function toleranceLines(data: PreviewData, paint: Paint): readonly string[] {
  const steps = data.steps.filter((step) => data.zeroTolerance.includes(step.number));
  if (steps.length === 0) return [];
  const names = andList([...new Set(steps.map((step) => step.member ?? step.place))]);
  const count = counted(data.members.length, 'member');
  return field(
    'tolerance',
    paint.yellow(
      `one more crash during a restart of ${names} (${stepsAt(data.zeroTolerance)}) would stop writes: ` +
        `the exposure of any rolling restart of ${count}`,
    ),
  );
}

/** Groups as ranges of numbers: what a stop, a pause or a lost lock finishes or undoes first. */
function groupsText(data: PreviewData): string {
  const groups = new Map<string, number[]>();
  for (const { group, number } of data.steps) {
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), number]);
  }
  const wide = [...groups.values()].filter((numbers) => numbers.length > 1);
  if (wide.length === 0) return '';
  return `steps ${wide.map(ranges).join(', ')}: once begun, a group is finished or undone, whatever happens`;
}

function rescueWords({ steps }: PreviewData): string {
  return steps.some(({ kind }) => kind === 'restore-cluster') ? RESTORE_WORDS : RESCUE_WORDS;
}

function restartsText(data: PreviewData): string {
  return data.restarts
    .map(({ member, steps }) => `${member} ${String(steps.length)} × (${stepsAt(steps)})`)
    .join(' · ');
}

function downtimeText({ steps, direction, isAboutToRun }: PreviewData): string {
  const stops = steps.filter(({ kind }) => kind === 'restart-together');
  if (stops.length === 0) return '';
  const isAsked = !isAboutToRun && direction === 'forward';
  const taken = isAsked ? '; peershift run takes it only with --accept-downtime' : '';
  return `${stepsAt(stops.map(({ number }) => number))}: no member serves for ${STANDSTILL}${taken}`;
}

function handOverText(data: PreviewData): string {
  const steps = data.steps.filter((step) => step.kind === 'transfer-leader');
  return steps.map((step) => `step ${String(step.number)}: ${step.say}`).join(' · ');
}

function failureLine(data: PreviewData): string {
  if (data.direction !== 'forward') return 'stop at a safe point, and say to a person what is left';
  return data.onFailure === 'rollback'
    ? 'roll back, by steps proven from the cluster as it is then'
    : 'pause, and leave the decision to a person';
}

/** Said also of restarts without one: nobody should count on what is not there. */
function deadManText({ deadManMs, steps }: PreviewData): string {
  if (deadManMs === undefined) return '';
  const armed = steps.filter(({ kind }) => kind === 'arm-dead-man');
  const groups = armed.map(({ group }) => group);
  const bare = steps.filter(({ kind, group }) => {
    return (kind === 'restart-member' || kind === 'start-member') && !groups.includes(group);
  });
  const numbers = armed.map(({ number }) => number);
  const first =
    armed.length === 0
      ? 'none is armed'
      : `armed by ${stepsAt(numbers)}, one at a time, each for ${limitText(deadManMs)}, and disarmed behind its gate`;
  if (bare.length === 0) return first;
  const where = stepsAt(bare.map(({ number }) => number));
  return `${first}; none for ${where}: where nothing is written, or the member is down already, there is nothing to put back`;
}

function backupLine({ backupStep, backupProof }: PreviewData): string {
  if (backupStep === undefined) return 'no snapshot is saved by these steps';
  const saves = `step ${String(backupStep)} saves a snapshot on this machine before anything is changed`;
  return backupProof === undefined ? saves : `${saves}; ${backupProof}`;
}

function confirmLine(data: PreviewData): string {
  const verb = data.direction === 'forward' ? 'run' : data.direction;
  return `peershift ${verb} ${data.planFile} shows this again, asks once, and begins`;
}

function stepsAt(numbers: readonly number[]): string {
  return `${numbers.length === 1 ? 'step' : 'steps'} ${ranges(numbers)}`;
}

/** A label and its text; nothing at all for an empty text. */
function field(label: string, text: string): readonly string[] {
  return text === '' ? [] : hanging(padTo(label, LABEL_WIDTH), text, PREVIEW_COLUMNS);
}
