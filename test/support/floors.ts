/** Turns one source file's text into the sentences in which it breaks the floors of the house. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Where each npm package lives: folders of src, or single files. */
export type PackageHomes = Readonly<Record<string, readonly string[]>>;

const HOMES_FILE = path.join(import.meta.dirname, '../../.config/package-homes.json');
export const PACKAGE_HOMES = JSON.parse(readFileSync(HOMES_FILE, 'utf8')) as PackageHomes;

/** Every breach of one file; `file` is its path from the top, as `src/plan/order.ts`. */
export function breachesOf(file: string, text: string): readonly string[] {
  const area = areaOf(file);
  if (area === undefined) return [`${file} stands on no floor`];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const imports = importsOf(source);
  return [
    ...imports.flatMap((name) => importBreach(file, area, name)),
    ...(area.isPure ? impureWords(source) : []).map((word) => `${file} uses ${word}`),
    ...(area.name.startsWith('ports') && hasValues(source)
      ? [`${file} holds more than types`]
      : []),
  ];
}

interface Area {
  readonly name: string;
  /** Prefixes of paths from src that it may import besides itself; `!` in front forbids. */
  readonly imports: readonly string[];
  /** Floors 0 to 2: no async, no clock, no randomness, no Node. */
  readonly isPure: boolean;
  readonly mayUseNode: boolean;
}

const STAGES = ['declare/', 'discover/', 'plan/', 'prove/', 'run/', 'show/'];
const BELOW_STAGES = ['base/', 'model/'];
const BELOW_RIM = [...BELOW_STAGES, 'ports.ts'];
const ENGINE = [
  'engine.ts',
  'engine-run.ts',
  'engine-blind.ts',
  'engine-command.ts',
  'engine-drive.ts',
  'engine-material.ts',
  'engine-rescue.ts',
  'engine-rescue-look.ts',
  'engine-rescue-next.ts',
  'engine-rescue-run.ts',
  'engine-restore.ts',
  'engine-restore-checks.ts',
  'engine-exit.ts',
  'engine-records.ts',
  'engine-check.ts',
  'engine-compare.ts',
  'engine-init.ts',
  'engine-certs.ts',
  'engine-handoff.ts',
  'engine-types.ts',
];
const ADAPTER = /^adapters\/[^/]+\//u;

const AREAS: readonly Area[] = [
  { name: 'base/', imports: [], isPure: true, mayUseNode: false },
  { name: 'model/', imports: ['base/'], isPure: true, mayUseNode: false },
  { name: 'ports.ts', imports: [...BELOW_STAGES, 'ports/'], isPure: true, mayUseNode: false },
  { name: 'ports/', imports: BELOW_STAGES, isPure: true, mayUseNode: false },
  ...['declare/', 'plan/', 'prove/', 'show/'].map((name) => ({
    name,
    imports: BELOW_STAGES,
    isPure: true,
    mayUseNode: false,
  })),
  ...['discover/', 'run/'].map((name) => ({
    name,
    imports: BELOW_RIM,
    isPure: false,
    mayUseNode: false,
  })),
  ...ENGINE.map((name) => ({
    name,
    imports: [...BELOW_RIM, ...STAGES, ...ENGINE],
    isPure: false,
    mayUseNode: false,
  })),
  {
    name: 'lab/',
    imports: [...BELOW_RIM, ...STAGES, ...ENGINE, 'adapters/'],
    isPure: false,
    mayUseNode: true,
  },
  ...[
    'cli/',
    'compose.ts',
    'compose-dead-man.ts',
    'compose-etcd.ts',
    'compose-hosts.ts',
    'compose-static-pod.ts',
    'index.ts',
  ].map((name) => ({
    name,
    imports: [''],
    isPure: false,
    mayUseNode: true,
  })),
];

/** The one Node module of the lower floors: a digest is as pure as a sum. */
const NODE_BELOW: Readonly<Record<string, string>> = { 'src/base/digest.ts': 'node:crypto' };

const IMPURE_NAMES = new Set([
  ...['Date', 'process', 'performance', 'crypto', 'fetch', 'require', 'globalThis', 'console'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
]);

function areaOf(file: string): Area | undefined {
  const inside = file.slice('src/'.length);
  const adapter = ADAPTER.exec(inside)?.[0];
  if (adapter !== undefined) {
    return { name: adapter, imports: BELOW_RIM, isPure: false, mayUseNode: true };
  }
  return AREAS.find(({ name }) => (name.endsWith('/') ? inside.startsWith(name) : inside === name));
}

function importBreach(file: string, area: Area, name: string): readonly string[] {
  const breach = `${file} imports ${name}`;
  if (name.startsWith('node:')) {
    return area.mayUseNode || NODE_BELOW[file] === name ? [] : [breach];
  }
  if (!name.startsWith('.')) {
    const homes = PACKAGE_HOMES[packageOf(name)] ?? [];
    return homes.some((home) => file.startsWith(home)) ? [] : [breach];
  }
  const target = path.posix.join(path.posix.dirname(file), name);
  const inside = target.slice('src/'.length);
  const isAllowed = [area.name, ...area.imports].some((prefix) => inside.startsWith(prefix));
  return target.startsWith('src/') && isAllowed ? [] : [breach];
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What the file imports, exports from, and imports on the fly. */
function importsOf(source: ts.SourceFile): readonly string[] {
  const names: string[] = [];
  walk(source, (node) => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (named !== undefined) names.push(ts.isStringLiteral(named) ? named.text : named.getText());
  });
  return names;
}

/** Words outside comments, strings and property names that a pure floor may not have. */
function impureWords(source: ts.SourceFile): readonly string[] {
  const words: string[] = [];
  const own = declaredNames(source);
  walk(source, (node) => {
    if (node.kind === ts.SyntaxKind.AsyncKeyword) words.push('async');
    if (node.kind === ts.SyntaxKind.AwaitExpression) words.push('await');
    if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') {
      words.push('Math.random');
    }
    if (!ts.isIdentifier(node) || !IMPURE_NAMES.has(node.text) || own.has(node.text)) return;
    if (!isPropertyName(node)) words.push(node.text);
  });
  return words;
}

/** A variable of one's own named `process` is not the global; the linter knows scopes exactly. */
function declaredNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  walk(source, (node) => {
    if (!ts.isVariableDeclaration(node) && !ts.isParameter(node) && !ts.isBindingElement(node))
      return;
    if (ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

/** `host.process` and `{ process: 1 }` name a part of something, not the global. */
function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isPropertyAssignment(parent)) return parent.name === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return ts.isPropertySignature(parent) || ts.isMethodSignature(parent);
}

function hasValues(source: ts.SourceFile): boolean {
  return !source.statements.every(
    (statement) =>
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      (ts.isImportDeclaration(statement) &&
        statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
      (ts.isExportDeclaration(statement) && statement.isTypeOnly),
  );
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}
