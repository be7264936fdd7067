/** Turns what was found in logs into the page a person reads, pair by pair, and what a code means into a few lines. */

import type { Explanation, ReadLog } from '../model/explain/explanation.ts';
import type { Explained } from '../model/explain/story.ts';
import { type Failure, FAILURES, isFailureCode } from '../model/failure.ts';
import { signatureOf } from '../model/signatures.ts';
import { exampleOf, exampleText } from './failure-examples.ts';
import { type Paint, PLAIN } from './paint.ts';
import { counted } from './words.ts';
import { hanging, withoutControls } from './wrap.ts';

const COLUMNS = 100;
const EXIT_REFUSED = 3;
const EXIT_PAUSED = 4;
/** Of a log line: its time, and Go's words at its end. */
const LINE_CHARACTERS = 400;

/** `isWhole`: the harmless ones too, each by itself. */
export function explanationText(
  { logs, findings, notes }: Explanation,
  isWhole: boolean,
  paint: Paint = PLAIN,
): string {
  const told = findings.filter(({ severity }) => isWhole || severity !== 'info');
  const harmless = findings.filter(({ severity }) => severity === 'info');
  const broken = told.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  const over = told.filter((each) => !broken.includes(each));
  return [
    paint.bold(logs.length === 0 ? 'there was no line to read' : headline(broken, over)),
    ...logs.map(logLine),
    ...notes.flatMap((note) => hanging('  note  ', note, COLUMNS)),
    ...section('still broken at the end of the log', broken, paint),
    ...section(isWhole ? 'over, or harmless' : 'was there, and is over', over, paint),
    ...(isWhole || harmless.length === 0 ? [] : ['', harmlessText(harmless)]),
  ].join('\n');
}

function headline(broken: readonly Explained[], over: readonly Explained[]): string {
  if (broken.length > 0) {
    const pairs = new Set(broken.map(pairText));
    return `${counted(broken.length, 'fault')} still there: ${[...pairs].join(', ')}`;
  }
  if (over.some(({ severity }) => severity === 'warning')) return 'nothing is broken any more';
  return 'nothing is wrong: only what stops, starts and load bring';
}

function logLine({ member, version, lines, first, last }: ReadLog): string {
  const time = first === null || last === null ? '' : ` · ${first} to ${last}`;
  const etcd = version === null ? '' : ` · etcd ${version}`;
  return withoutControls(`  log of ${member}${etcd} · ${counted(lines, 'line')}${time}`);
}

function section(title: string, findings: readonly Explained[], paint: Paint): readonly string[] {
  if (findings.length === 0) return [];
  return ['', title, ...findings.flatMap((finding) => ['', ...findingLines(finding, paint)])];
}

function findingLines(finding: Explained, paint: Paint): readonly string[] {
  const { severity, code, count, first, last, member, because } = finding;
  const accent = severity === 'warning' || severity === 'info' ? paint.yellow : paint.red;
  const when = first === null || last === null ? '' : `, ${first} to ${last}`;
  const where = `${counted(count, 'line')} in the log of ${member}${when}`;
  const line = finding.line.length > LINE_CHARACTERS ? cut(finding.line) : finding.line;
  return [
    `  ${paint.bold(pairText(finding))}  ${accent(severity)}  ${code}`,
    ...hanging('    ', finding.cause, COLUMNS),
    ...(because === '' ? [] : hanging('    now   ', because, COLUMNS)),
    ...hanging('    seen  ', where, COLUMNS),
    ...hanging('    line  ', line, COLUMNS),
    ...(severity === 'info' ? [] : hanging('    do    ', finding.remedy, COLUMNS)),
  ];
}

function cut(line: string): string {
  const half = LINE_CHARACTERS / 2;
  return `${line.slice(0, half)} ... ${line.slice(-half)}`;
}

function pairText({ from, to, maybe }: Explained): string {
  if (to === null && maybe.length === 0) return withoutControls(from ?? '?');
  const some = maybe.join('|');
  const [left, right] = [from ?? (some === '' ? 'a stranger' : some), to ?? some];
  return withoutControls(`${left} -> ${right}`);
}

function harmlessText(findings: readonly Explained[]): string {
  const lines = findings.reduce((sum, { count }) => sum + count, 0);
  return `harmless: ${counted(lines, 'line')} of ${counted(findings.length, 'kind')} (--verbose shows them)`;
}

/** What a code of a log line or of a failure means, and what to do; undefined for no code of either. */
export function codeText(code: string): string | undefined {
  const meaning = codeMeaning(code);
  if (meaning === undefined) return undefined;
  return [
    meaning.code,
    ...hanging('  means  ', meaning.meaning, COLUMNS),
    ...hanging('  said   ', meaning.said, COLUMNS),
    ...(meaning.remedy === undefined ? [] : hanging('  do     ', meaning.remedy, COLUMNS)),
    ...(meaning.example === undefined ? [] : ['', 'for example', '', exampleText(meaning.example)]),
  ].join('\n');
}

export interface CodeMeaning {
  readonly code: string;
  readonly meaning: string;
  /** By whom, and when. */
  readonly said: string;
  readonly remedy: string | undefined;
  /** Of a failure: one as it may come, with all five lines. */
  readonly example: Failure | undefined;
}

const SPEAKERS = {
  listener: 'by the member that was dialed, in its own log',
  dialer: 'by the member that dials, in its own log',
  self: 'by a member about itself or one of its links',
} as const;

export function codeMeaning(code: string): CodeMeaning | undefined {
  const signature = signatureOf(code.toLowerCase());
  if (signature !== undefined) {
    const { meaning, remedy, speaker } = signature;
    const unverified = signature.isUnverified === true ? "; known from etcd's source only" : '';
    const said = `${SPEAKERS[speaker]}${unverified}`;
    return { code: signature.code, meaning, said, remedy, example: undefined };
  }
  const name = code.toUpperCase();
  if (!isFailureCode(name)) return undefined;
  const { meaning, exit } = FAILURES[name];
  const said = `by peershift; ${exitText(exit)}`;
  return { code: name, meaning, said, remedy: undefined, example: exampleOf(name) };
}

function exitText(exit: number): string {
  const ends = `the command ends with exit code ${String(exit)}`;
  if (exit === EXIT_PAUSED) return `${ends}, or with 5 where the run then goes back to the start`;
  return exit === EXIT_REFUSED ? `before the first change ${ends}` : ends;
}
