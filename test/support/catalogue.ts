/** Turns the source into the page of all failures: what each code means, its exit code, and its five lines as the code has them. */

import ts from 'typescript';

import { FAILURES, type FailureCode, isFailureCode } from '../../src/model/failure.ts';
import { filesBelow, textOf } from './checkout.ts';

const LINES = ['where', 'would', 'but', 'so', 'remedy'] as const;
type Line = (typeof LINES)[number];
type Told = Readonly<Record<Line, string>>;

/** Names and numbers that only a run knows. */
const KNOWN_THEN = '…';

/** The page, in Markdown. */
export function cataloguePage(): string {
  const told = toldFailures();
  const parts = (Object.keys(FAILURES) as FailureCode[]).map((code) => {
    const { exit, meaning } = FAILURES[code];
    const lines = told.get(code);
    const five =
      lines === undefined
        ? ['', 'It is the code of an outcome alone: there is nothing to tell beside it.']
        : ['', '```text', ...fiveLines(code, lines), '```'];
    return [`## ${code}`, '', `${sentence(meaning)} Exit ${String(exit)}.`, ...five].join('\n');
  });
  return [
    '# Failures',
    '',
    'Every way in which peershift fails, by code. Each is told in five lines: its code and place, what was about to',
    `happen, what stood against it, the consequence, and what to do. \`${KNOWN_THEN}\` stands for names and numbers of the`,
    'moment, \`<...>\` for a line that is passed on. The exit code is that of a command that has changed nothing; a run that has ends by its own outcome (4,',
    '5, 6). `peershift explain CODE` says the same. This page is made from the code; a test fails when it is stale.',
    '',
    parts.join('\n\n'),
  ].join('\n');
}

/** For each code the most telling object that the source makes of it. */
export function toldFailures(): ReadonlyMap<FailureCode, Told> {
  const found = new Map<FailureCode, Told>();
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
      LINES.map((line) => [line, whole(line, wordsOf(values.get(line)))]),
    ) as Told;
    if (weight(told) === 0) return;
    for (const name of codesIn(code)) {
      const before = found.get(name);
      if (before === undefined || weight(told) > weight(before)) found.set(name, told);
    }
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

/** The words that stand in the code; of two that depend on something, the longer ones. */
function wordsOf(node: ts.Expression | undefined): string {
  if (node === undefined) return KNOWN_THEN;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return (
      node.head.text + node.templateSpans.map((span) => KNOWN_THEN + span.literal.text).join('')
    );
  }
  if (ts.isConditionalExpression(node)) {
    const both = [wordsOf(node.whenTrue), wordsOf(node.whenFalse)];
    return both.sort((a, b) => b.length - a.length)[0] ?? KNOWN_THEN;
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return wordsOf(node.left) + wordsOf(node.right);
  }
  if (ts.isParenthesizedExpression(node)) return wordsOf(node.expression);
  const value = valueOf(node);
  return value === undefined || value === node ? KNOWN_THEN : wordsOf(value);
}

/** Nothing of the line stands in the code: it is passed on from where it was seen. */
const PASSED_ON: Told = {
  where: '<the file, member or host>',
  would: '<what was being done>',
  but: '<the reason, in the words of what gave it>',
  so: '<what that leaves>',
  remedy: '<what to do about that reason>',
};

function whole(line: Line, text: string): string {
  return text.replaceAll(/[\s…]/gu, '') === '' ? PASSED_ON[line] : text;
}

function weight(told: Told): number {
  return LINES.reduce((sum, line) => {
    return told[line] === PASSED_ON[line]
      ? sum
      : sum + told[line].replaceAll(KNOWN_THEN, '').length;
  }, 0);
}

function fiveLines(code: string, { where, would, but, so, remedy }: Told): readonly string[] {
  return [
    `${code} · ${where}`,
    `  would  ${would}`,
    `  but    ${but}`,
    `  so     ${so}`,
    `  do     ${remedy}`,
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
