/** Turns what is to be seen of a run now into the lines at the foot of a terminal; the clock is the caller's. */

import { durationText } from '../base/duration.ts';
import { CELL_OK, type DialCells } from '../model/dial-cells.ts';
import { say } from '../model/laws.ts';
import type { Step } from '../model/step.ts';
import { type Live, gateKind } from './live.ts';
import { type Paint, PLAIN } from './paint.ts';
import { padTo, tableLines } from './table.ts';
import { limitText } from './words.ts';
import { hanging } from './wrap.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

const LABEL_WIDTH = 'writes  '.length;
/** A table that leaves less than this for what scrolls above it is not shown. */
const ROWS_ABOVE = 4;
const WIDEST = 120;

/** Until this run has shown how long a kind takes: what a small cluster needs. */
const STEP_MS: Readonly<Partial<Record<Step['kind'], number>>> = {
  'restart-member': 3000,
  'start-member': 2000,
  'stop-member': 1000,
  'restart-together': 4000,
  'restore-cluster': 8000,
  'take-snapshot': 1000,
};
const OTHER_STEP_MS = 500;
/** A re-issue and its first tick. */
const LINKS_MS = 5500;

/** Empty before anything is planned, and when it is over. */
export function liveLines(
  live: Live,
  nowMs: number,
  screen: Screen,
  paint: Paint = PLAIN,
): readonly string[] {
  if (live.known.steps.length === 0 || live.isOver) return [];
  const columns = Math.min(WIDEST, screen.columns - 1);
  const field = (label: string, text: string): readonly string[] => {
    return text === '' ? [] : hanging(padTo(label, LABEL_WIDTH), text, columns);
  };
  const before = [
    paint.dim('─'.repeat(columns)),
    ...painted(field('phases', phasesText(live)), paint.bold, 0),
    ...field('step', stepText(live, nowMs)),
    ...painted(field('gate', gateText(live, nowMs)), paint.yellow),
  ];
  const after = [
    ...field('writes', writesText(live)),
    ...field('time', timeText(live, nowMs)),
    ...painted(field('keys', keysText(live)), paint.dim),
  ];
  const table = dialLines(live, paint);
  const hasRoom = before.length + table.length + after.length + ROWS_ABOVE <= screen.rows;
  return [...before, ...(hasRoom ? table : []), ...after];
}

function painted(
  lines: readonly string[],
  accent: (text: string) => string,
  from = LABEL_WIDTH,
): readonly string[] {
  return lines.map((line) => `${line.slice(0, from)}${accent(line.slice(from))}`);
}

function stepNow({ known, doneCount, inHand }: Live): { step: Step; index: number } | undefined {
  const held = known.steps.findIndex(({ id }) => id === inHand?.id);
  const index = held < 0 ? doneCount : held;
  const step = known.steps[index];
  return step === undefined ? undefined : { step, index };
}

/** `prepare done · first now · trust · switch` */
function phasesText(live: Live): string {
  const now = stepNow(live)?.step.phase;
  const at = now === undefined ? live.phases.length : live.phases.indexOf(now);
  const back = live.known.direction === 'rollback' ? 'on the way back: ' : '';
  const texts = live.phases.map((phase, index) => {
    return index < at ? `${phase} ✓` : index === at ? `▸ ${phase}` : phase;
  });
  return `${back}${texts.join(' · ')}`;
}

function stepText(live: Live, nowMs: number): string {
  const now = stepNow(live);
  if (now === undefined) return 'the last one is done';
  const behind = live.known.stepsBehind ?? 0;
  const number = `${String(behind + now.index + 1)} of ${String(behind + live.known.steps.length)}`;
  if (live.inHand === undefined) return `${number} · next: ${say(now.step)}`;
  return `${number} · ${say(now.step)} · ${durationText(nowMs - live.inHand.sinceMs)}`;
}

function gateText({ gate }: Live, nowMs: number): string {
  if (gate === undefined) return '';
  const spentMs = nowMs - gate.sinceMs;
  const left =
    gate.timeoutMs === undefined
      ? `${durationText(spentMs)} so far`
      : `${String(Math.max(0, Math.ceil((gate.timeoutMs - spentMs) / 1000)))} s left of ${limitText(gate.timeoutMs)}`;
  return `${left} · waits for ${gate.waitsFor}`;
}

function writesText({ writes, longestStillMs }: Live): string {
  if (writes === undefined) return '';
  const leads = writes.leader === undefined ? 'no leader is known' : `${writes.leader} leads`;
  const still = `${durationText(longestStillMs)} without a change at the longest`;
  return `${String(Math.round(writes.perSecond))} changes/s · ${leads} · ${still}`;
}

function timeText(live: Live, nowMs: number): string {
  if (live.startedMs === undefined) return '';
  const left = Math.max(0, estimateMs(live, nowMs));
  return `${durationText(nowMs - live.startedMs)} so far · about ${limitText(Math.ceil(left / 5000) * 5000)} to go`;
}

/** What is left, at the pace of this run where it has shown one. */
export function estimateMs(live: Live, nowMs: number): number {
  const now = stepNow(live);
  const rest = live.known.steps.slice(live.doneCount);
  const steps = rest.reduce((sum, step) => sum + paceOf(live, step.kind, stepMs(step)), 0);
  const gates = rest.reduce((sum, step) => sum + gatePace(live, step), 0);
  // The gate of a step that is done is still to come, or waits now.
  const isGating = now !== undefined && now.index < live.doneCount;
  const open = isGating ? gatePace(live, now.step) : 0;
  const spent = live.inHand === undefined ? 0 : nowMs - live.inHand.sinceMs;
  return steps + gates + Math.max(0, open - spent);
}

function stepMs(step: Step): number {
  return STEP_MS[step.kind] ?? OTHER_STEP_MS;
}

function gatePace(live: Live, step: Step): number {
  if (step.after === undefined) return 0;
  const { checks, quietMs } = step.after;
  const isQuiet = checks.includes('logs') || checks.includes('clients-moved');
  const quiet = isQuiet ? quietMs : 0;
  return paceOf(live, gateKind(step), Math.max(quiet, checks.includes('links') ? LINKS_MS : 500));
}

function paceOf({ paces }: Live, kind: string, otherwiseMs: number): number {
  const pace = paces[kind];
  return pace === undefined ? otherwiseMs : pace.sumMs / pace.count;
}

function keysText({ asked }: Live): string {
  return asked ?? 'p pause at the next safe point · q stop safely (once more: at once)';
}

/** As predicted for the steps that are done: green once a fresh probe has shown it, yellow until then. */
function dialLines(live: Live, paint: Paint): readonly string[] {
  const cells = live.dials.findLast(({ after }) => after <= live.doneCount)?.cells;
  if (cells === undefined || live.members.length < 2) return [];
  const cell = (from: string, to: string): string => {
    return from === to ? '·' : paintedCell(live, cells, `${from}>${to}`, paint);
  };
  const rows = live.members.map((from) => [from, ...live.members.map((to) => cell(from, to))]);
  return tableLines([['from \\ to', ...live.members], ...rows], ' '.repeat(LABEL_WIDTH));
}

function paintedCell(live: Live, cells: DialCells, pair: string, paint: Paint): string {
  const answer = cells[pair];
  if (answer === undefined) return paint.dim('down');
  const step = stepNow(live)?.step;
  const member = step !== undefined && 'member' in step ? step.member : undefined;
  const isMoving =
    live.inHand !== undefined &&
    live.gate === undefined &&
    (step?.kind === 'restart-member' || step?.kind === 'start-member') &&
    pair.split('>').includes(member ?? '');
  if (isMoving) return paint.dim('…');
  if (live.gate?.unseen.includes(pair) === true) return paint.yellow(`${answer}?`);
  return answer === CELL_OK ? paint.green(answer) : paint.red(answer);
}
