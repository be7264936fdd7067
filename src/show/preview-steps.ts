/** Turns the steps of a preview into aligned lines, with what belongs to each step indented below it. */

import { CELL_OK } from '../model/dial-cells.ts';
import { brokenPairs, brokenText, linkCount, matrixLines } from './matrix.ts';
import type { Paint } from './paint.ts';
import type {
  PreviewData,
  PreviewGate,
  PreviewMatrix,
  PreviewSetting,
  PreviewStep,
} from './preview-data.ts';
import { riskText } from './risk.ts';
import { padTo, textWidth } from './table.ts';
import { limitText } from './words.ts';
import { hanging, withoutControls } from './wrap.ts';

/** Step lines need the room: half of a wide screen. Only ids, URLs and paths may reach beyond. */
export const PREVIEW_COLUMNS = 128;
/** A longer sentence pushes its own line's columns instead of everybody's. */
const WIDEST_SENTENCE = 50;
const CHILD_LABEL = 'hold until  '.length;

interface Widths {
  readonly phase: number;
  readonly number: number;
  readonly say: number;
  readonly place: number;
}

export function stepLines(data: PreviewData, paint: Paint): readonly string[] {
  const width = (texts: readonly string[]): number => Math.max(0, ...texts.map(textWidth));
  const widths: Widths = {
    phase: width(data.steps.map((step) => step.phase)),
    number: String(data.steps.length).length,
    say: Math.min(WIDEST_SENTENCE, width(data.steps.map((step) => step.say))),
    place: width(data.steps.map((step) => step.place)),
  };
  const indent = ' '.repeat(widths.phase + widths.number + 4);
  const openNow = windowLines(data, 0, '  ', paint);
  let previous: PreviewStep | undefined;
  const lines = data.steps.flatMap((step) => {
    const below = [
      ...(previous !== undefined && previous.phase !== step.phase ? [''] : []),
      ...headLine(step, previous, widths),
      ...childLines(step, previous, indent, paint),
      ...windowLines(data, step.number, indent, paint),
      ...matrixAfter(data, step.number, indent, paint),
    ];
    previous = step;
    return below;
  });
  return openNow.length === 0 ? lines : [...openNow, '', ...lines];
}

/** The undo stands on the step's own line where it fits, else below it. */
function headLine(
  step: PreviewStep,
  previous: PreviewStep | undefined,
  widths: Widths,
): readonly string[] {
  const phase = padTo(previous?.phase === step.phase ? '' : step.phase, widths.phase);
  const number = String(step.number).padStart(widths.number);
  const margin = ' '.repeat(widths.phase + widths.number + 4);
  const head = `${phase}  ${number}  ${padTo(step.say, widths.say)}  ${padTo(step.place, widths.place)}`;
  const isReal = !step.undo.startsWith('nothing');
  const whole = `${head}  ${isReal ? 'undo: ' : ''}${step.undo}`;
  if (textWidth(whole) <= PREVIEW_COLUMNS) return [whole];
  return [head.trimEnd(), ...child(margin, 'undo', step.undo)];
}

function childLines(
  step: PreviewStep,
  previous: PreviewStep | undefined,
  indent: string,
  paint: Paint,
): readonly string[] {
  const isNewReason =
    step.why !== '' && (previous?.why !== step.why || previous.phase !== step.phase);
  return [
    ...(isNewReason ? child(indent, 'why', step.why).map(paint.dim) : []),
    ...installLines(step, indent),
    ...settingLines(step.writes, indent),
    ...(step.firing === undefined ? [] : child(indent, 'goes off', step.firing)),
    ...(step.gate === undefined ? [] : child(indent, 'hold until', gateText(step.gate))),
  ];
}

/** Files by folder: `writes  /etc/etcd/pki: ca.pem, peer.pem, peer-key.pem`. */
function installLines(step: PreviewStep, indent: string): readonly string[] {
  const folders = new Map<string, string[]>();
  for (const { path } of step.installs) {
    const at = path.lastIndexOf('/');
    const folder = path.slice(0, at);
    folders.set(folder, [...(folders.get(folder) ?? []), path.slice(at + 1)]);
  }
  return [...folders].flatMap(([folder, names]) => {
    return child(indent, 'writes', `${folder}: ${names.join(', ')}`);
  });
}

function settingLines(writes: readonly PreviewSetting[], indent: string): readonly string[] {
  const width = Math.max(0, ...writes.map(({ name }) => textWidth(name)));
  return writes.flatMap((each, index) => {
    const label = padTo(index === 0 ? 'writes' : '', CHILD_LABEL);
    const name = withoutControls(each.name);
    return hanging(`${indent}${label}${padTo(name, width)}  `, changeText(each), PREVIEW_COLUMNS);
  });
}

/** Of a comma separated list only the parts that change, one a line; the data has all of it. */
function changeText({ from, to }: PreviewSetting): string {
  if (to === undefined) return `${from ?? '(unset)'} → (taken out)`;
  if (from === undefined) return `(unset) → ${to}`;
  const [before, after] = [from.split(','), to.split(',')];
  const kept = after.filter((part) => before.includes(part));
  const gone = before.filter((part) => !kept.includes(part));
  const come = after.filter((part) => !kept.includes(part));
  const word = (parts: readonly string[]): string =>
    parts.length === 0 ? '(nothing)' : parts.join(',');
  if (gone.length === 0 && come.length === 0) return `${from} → ${to}`;
  const rest =
    kept.length === 0
      ? ''
      : ` (${String(kept.length)} more ${kept.length === 1 ? 'stays' : 'stay'})`;
  if (gone.length !== come.length) return `${word(gone)} → ${word(come)}${rest}`;
  return gone.map((part, index) => `${part} → ${come[index] ?? ''}`).join('\n') + rest;
}

/** `3/3 healthy · 6/6 peer links up on fresh probes · 8 s quiet log, at most 60 s`. */
function gateText(gate: PreviewGate): string {
  const all = `${String(gate.memberCount)}/${String(gate.memberCount)}`;
  const links = `${String(gate.linksUp)}/${String(gate.linksTotal)}`;
  const missing = gate.linksTotal - gate.linksUp;
  const pairs = gate.memberCount * (gate.memberCount - 1);
  const texts: Readonly<Record<PreviewGate['checks'][number], string>> = {
    list: 'list read back',
    health: `${all} healthy`,
    'peer-ports': `${all} processes up and every peer port answers from every host`,
    links:
      gate.linksTotal === 0
        ? 'no link to probe'
        : `${links} ${gate.linksTotal === pairs ? 'peer' : 'changed'} links up on fresh probes` +
          (missing === 0 ? '' : ` (${String(missing)} expected to fail)`),
    logs: `${limitText(gate.quietMs)} quiet log`,
    'client-ports': 'client URLs published and answered',
    'clients-moved': `no connection in plain http on any client port for ${limitText(gate.quietMs)}`,
    data: gate.memberCount === 1 ? 'its hash can be read' : `equal hash on ${all}`,
  };
  return `${gate.checks.map((check) => texts[check]).join(' · ')}, at most ${limitText(gate.timeoutMs)}`;
}

function windowLines(
  data: PreviewData,
  number: number,
  indent: string,
  paint: Paint,
): readonly string[] {
  return data.windows.flatMap((window, index) => {
    const name = `window ${String(index + 1)}`;
    const lines: string[] = [];
    if (window.opensAfter === number) {
      const since = window.opensAfter === 0 ? 'is open from the start' : 'opens';
      const pairs = brokenText(window.brokenPairs);
      lines.push(
        ...child(indent, name, `${since}: ${pairs} (${window.because})`).map(paint.yellow),
        ...child(indent, 'at risk', riskText(window.risk)),
      );
    }
    if (window.closesAfter === number) {
      lines.push(
        ...child(indent, name, 'closes: all members can dial each other').map(paint.green),
      );
    }
    return lines;
  });
}

/** The table after a phase; one line where it is what it was, or where all is well. */
function matrixAfter(
  data: PreviewData,
  number: number,
  indent: string,
  paint: Paint,
): readonly string[] {
  const at = data.matrices.findIndex((matrix) => matrix.after === number);
  const matrix = data.matrices[at];
  const before = data.matrices[at - 1];
  if (matrix === undefined || before === undefined || data.members.length < 2) return [];
  const { up, total } = linkCount(matrix.cells);
  const head = `after ${matrix.phase ?? 'this'}: ${String(up)} of ${String(total)} pairs dial`;
  if (isSame(matrix, before)) return [`${indent}${head}, as before`];
  return [
    `${indent}${head}`,
    ...matrixLines('from \\ to', data.members, matrix.cells, paint).map(
      (line) => `${indent}  ${line}`,
    ),
  ];
}

function isSame(a: PreviewMatrix, b: PreviewMatrix): boolean {
  const broken = (matrix: PreviewMatrix): string => {
    return brokenPairs(matrix.cells)
      .map((pair) => `${pair}=${matrix.cells[pair] ?? CELL_OK}`)
      .join();
  };
  return broken(a) === broken(b) && Object.keys(a.cells).length === Object.keys(b.cells).length;
}

function child(indent: string, label: string, text: string): readonly string[] {
  return hanging(`${indent}${padTo(label, CHILD_LABEL)}`, text, PREVIEW_COLUMNS);
}
