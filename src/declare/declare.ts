/** Turns the text of a plan file into the desired spec, or into everything that is wrong with it. */

import { type Result, err, ok } from '../base/result.ts';
import type { DesiredSpec } from '../model/desired.ts';
import type { PlanProblem, PlanProblems } from '../model/plan-problem.ts';
import type { Context } from './context.ts';
import { type Finding, type Path, pathText } from './finding.ts';
import { type YamlReading, readYaml } from './read-yaml.ts';
import { type ShapeFinding, readShape } from './shape-findings.ts';
import { toDesired } from './to-desired.ts';

export interface DeclareOptions {
  /** The folder of the plan file, absolute: relative paths begin there. */
  readonly baseDir: string;
  /** The operator's home folder, absolute: `~/` of identity files. */
  readonly homeDir: string;
}

/** Reads a plan file (YAML, version 1): the spec with every default written out, or all its mistakes. */
export function declare(
  text: string,
  file: string,
  options: DeclareOptions,
): Result<DesiredSpec, PlanProblems> {
  const source = withoutMark(text);
  const reading = readYaml(source);
  const findings: Finding[] = [...reading.findings];
  const syntax = firstSyntaxError(reading);
  const shape = readShape(reading);
  for (const finding of shape.findings) {
    if (syntax === undefined || standsBefore(reading, finding, syntax)) {
      findings.push(placed(reading, finding));
    }
  }
  const context: Context = {
    ...options,
    planFile: file,
    has: (path) => reading.placeOf(path) !== undefined,
    isWrong: (path) => shape.findings.some(({ at }) => path.every((part, n) => at[n] === part)),
    problem: (path, message, hint) => {
      findings.push({ offset: placeOf(reading, path), path, message, hint });
    },
  };
  // Behind a syntax error nothing is where it seems: only single values are judged then.
  const isReadable = syntax === undefined && shape.plan !== undefined;
  const spec = isReadable ? toDesired(context, shape.plan) : undefined;
  if (findings.length === 0 && spec !== undefined) return ok(spec());
  return err(inOrder(source, file, reading, findings));
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Where the text stops to be YAML; a duplicate key does not hurt what stands around it. */
function firstSyntaxError(reading: YamlReading): number | undefined {
  const offsets = reading.findings
    .filter(({ isHarmless }) => !isHarmless)
    .map(({ offset }) => offset);
  return offsets.length === 0 ? undefined : Math.min(...offsets);
}

function standsBefore(reading: YamlReading, finding: ShapeFinding, offset: number): boolean {
  if (finding.isMissing || finding.path.length === 0) return false;
  const place = reading.placeOf(finding.at);
  return place !== undefined && place.source !== '' && place.end < offset;
}

function placed(reading: YamlReading, finding: ShapeFinding): Finding {
  const { at, path, message, hint } = finding;
  const keyOffset = finding.isAboutKey ? reading.placeOf(at)?.keyOffset : undefined;
  const isWhole = path.length === 0;
  return { offset: isWhole ? 0 : (keyOffset ?? placeOf(reading, at)), path, message, hint };
}

/** The place of what is written under the path, or of the nearest thing around it. */
function placeOf(reading: YamlReading, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = reading.placeOf(path.slice(0, length));
    if (place !== undefined) return place.offset;
  }
  return 0;
}

function inOrder(
  text: string,
  file: string,
  reading: YamlReading,
  findings: readonly Finding[],
): PlanProblems {
  const lastOffset = text.trimEnd().length;
  const problems = new Map<string, PlanProblem>();
  for (const { offset, path, message, hint } of findings) {
    const { line, col } = reading.position(Math.min(offset, lastOffset));
    const problem = { file, line, col, path: pathText(path), message };
    // A mistake under `defaults` is found once for each member, and told once.
    const identity = `${String(line)}:${String(col)} ${message}`;
    problems.set(identity, hint === undefined ? problem : { ...problem, hint });
  }
  return [...problems.values()].sort((a, b) => a.line - b.line || a.col - b.col);
}
