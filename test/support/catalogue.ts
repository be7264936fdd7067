/** Turns the source into the page of all failures, and into what its code can say of each, to hold the examples against. */

import ts from 'typescript';

import {
  type Failure,
  type FailureCode,
  FAILURES,
  isFailureCode,
} from '../../src/model/failure.ts';
import { exampleOf, exampleText } from '../../src/show/failure-examples.ts';
import { filesBelow, textOf } from './checkout.ts';

const LINES = ['where', 'would', 'but', 'so', 'remedy'] as const;
/** Of each line the expression that all its texts fit. */
type Told = Readonly<Record<(typeof LINES)[number], string>>;

/** What only a run knows. */
const ANYTHING = '.*';
/** An example is held against an object of the source that fixes the words of so many lines, if there is one. */
const FIXED_LINES = 2;

/** The page, in Markdown. */
export function cataloguePage(): string {
  const parts = (Object.keys(FAILURES) as FailureCode[]).map((code) => {
    const { exit, meaning } = FAILURES[code];
    const five = ['```text', exampleText(exampleOf(code)), '```'];
    return [`## ${code}`, '', `${sentence(meaning)} Exit ${String(exit)}.`, '', ...five].join('\n');
  });
  return [
    '# Failures',
    '',
    'Every way in which peershift fails, by code, with an example. Each is told in five lines: its code and place,',
    'what was about to happen, what stood against it, the consequence, and what to do; names and numbers are those of',
    'the moment. The exit code is that of a command that has changed nothing; a run that has ends by its own outcome',
    '(4, 5, 6). `peershift explain CODE` says the same. This page is made from the code; a test fails when it is stale.',
    '',
    parts.join('\n\n'),
  ].join('\n');
}

/** The code that the example is of has words for it: one object of the source fits in all five lines. */
export function isSaid(example: Failure): boolean {
  const all = toldFailures().get(example.code) ?? [];
  const wanted = Math.min(FIXED_LINES, Math.max(0, ...all.map(fixedLines)));
  return all.some((told) => {
    const fits = LINES.every((line) => new RegExp(`^${told[line]}$`, 'u').test(example[line]));
    return fits && fixedLines(told) >= wanted;
  });
}

function fixedLines(told: Told): number {
  return LINES.filter((line) => told[line] !== ANYTHING).length;
}

let read: ReadonlyMap<FailureCode, readonly Told[]> | undefined;

/** For each code the objects that the source makes of it. */
export function toldFailures(): ReadonlyMap<FailureCode, readonly Told[]> {
  read ??= readSource();
  return read;
}

function readSource(): ReadonlyMap<FailureCode, readonly Told[]> {
  const found = new Map<FailureCode, Told[]>();
  for (const file of filesBelow('src').filter((name) => name.endsWith('.ts'))) {
    const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2022, true);
    const visit = (node: ts.Node): void => {
      if (ts.isObjectLiteralExpression(node)) keepObject(node);
      if (ts.isCallExpression(node)) keepCall(node);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;

  function keepObject(node: ts.ObjectLiteralExpression): void {
    const values = new Map(
      node.properties.flatMap((each) => {
        if (ts.isPropertyAssignment(each))
          return [[each.name.getText(), each.initializer] as const];
        return ts.isShorthandPropertyAssignment(each)
          ? [[each.name.getText(), each.name] as const]
          : [];
      }),
    );
    const code = values.get('code');
    if (code !== undefined) keep(code, values);
  }

  /** Of an ssh host: what is told around it is the same for all. */
  function keepCall({ expression, arguments: [code, but, remedy] }: ts.CallExpression): void {
    if (!ts.isIdentifier(expression) || expression.text !== 'notSent') return;
    if (code === undefined || but === undefined || remedy === undefined) return;
    keep(
      code,
      new Map([
        ['but', but],
        ['remedy', remedy],
      ]),
    );
  }

  function keep(code: ts.Expression, values: ReadonlyMap<string, ts.Expression>): void {
    const told = Object.fromEntries(
      LINES.map((line) => [line, patternOf(values.get(line))]),
    ) as Told;
    if (fixedLines(told) === 0) return;
    for (const name of codesIn(code)) found.set(name, [...(found.get(name) ?? []), told]);
  }
}

function codesIn(node: ts.Expression): readonly FailureCode[] {
  if (ts.isConditionalExpression(node))
    return [...codesIn(node.whenTrue), ...codesIn(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...codesIn(node.left), ...codesIn(node.right)];
  if (ts.isAsExpression(node)) return codesIn(node.expression);
  if (ts.isElementAccessExpression(node)) {
    const table = valueOf(node.expression);
    if (table === undefined || !ts.isObjectLiteralExpression(table)) return [];
    return table.properties.flatMap((each) => {
      return ts.isPropertyAssignment(each) ? codesIn(each.initializer) : [];
    });
  }
  return ts.isStringLiteral(node) && isFailureCode(node.text) ? [node.text] : [];
}

/** What a name stands for, where the same file says so. */
function valueOf(node: ts.Expression): ts.Expression | undefined {
  if (!ts.isIdentifier(node)) return undefined;
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent) {
    let found: ts.Expression | undefined;
    ts.forEachChild(at.parent, function look(child): void {
      if (ts.isVariableDeclaration(child) && child.name.getText() === node.text) {
        found ??= child.initializer;
      }
      if (ts.isVariableStatement(child) || ts.isVariableDeclarationList(child)) {
        ts.forEachChild(child, look);
      }
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The words that stand in the code, as an expression that each text of them fits. */
function patternOf(node: ts.Expression | undefined): string {
  if (node === undefined) return ANYTHING;
  if (ts.isStringLiteralLike(node)) return literal(node.text);
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map((span) => ANYTHING + literal(span.literal.text));
    return literal(node.head.text) + spans.join('');
  }
  if (ts.isConditionalExpression(node)) {
    return `(?:${patternOf(node.whenTrue)}|${patternOf(node.whenFalse)})`;
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return patternOf(node.left) + patternOf(node.right);
  }
  if (ts.isParenthesizedExpression(node)) return patternOf(node.expression);
  const value = valueOf(node);
  return value === undefined || value === node ? ANYTHING : patternOf(value);
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
