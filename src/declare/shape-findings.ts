/** Turns what zod says of a plan file into findings in our words, and takes the wrong parts out. */

import { stringify } from 'yaml';
import type { z } from 'zod';

import { isSecretKey } from '../base/secret-key.ts';
import { nearestWord } from '../base/spelling.ts';
import { type Path, pathText } from './finding.ts';
import type { YamlReading } from './read-yaml.ts';
import { type LoosePlan, PlanFile, planFileJsonSchema } from './shape.ts';

export interface ShapeFinding {
  /** What is wrong stands here. */
  readonly at: Path;
  /** What is told: without a key that may be a part of a secret. */
  readonly path: Path;
  /** The key itself is wrong, not its value. */
  readonly isAboutKey: boolean;
  readonly isMissing: boolean;
  readonly message: string;
  readonly hint: string;
}

export interface ShapeReading {
  /** What has the right shape; undefined when nothing has. */
  readonly plan: LoosePlan | undefined;
  readonly findings: readonly ShapeFinding[];
}

type Issue = z.core.$ZodIssue;

/** Judges the shape of the value that was read: every mistake, each once. */
export function readShape(reading: YamlReading): ShapeReading {
  const parsed = PlanFile.safeParse(reading.value);
  if (parsed.success) return { plan: parsed.data, findings: [] };
  const schema = planFileJsonSchema();
  const issues = parsed.error.issues.flatMap((issue) => plainIssues(issue, []));
  const findings = issues.flatMap((issue) => issueFindings(issue, reading, schema));
  const isMapping = typeof reading.value === 'object' && !Array.isArray(reading.value);
  if (!isMapping || reading.value === null) return { plan: undefined, findings };
  const rest: unknown = structuredClone(reading.value);
  for (const finding of findings) takeOut(rest, finding.at);
  // What is left has the right shape wherever it is there at all: that is what LoosePlan says.
  return { plan: rest as LoosePlan, findings };
}

/** An issue inside the one alternative of a union that the person plainly meant, or the issue itself. */
function plainIssues(issue: Issue, above: Path): readonly Issue[] {
  const path = [...above, ...issue.path] as (string | number)[];
  if (issue.code === 'invalid_union') {
    const isElsewhere = (inner: Issue): boolean =>
      inner.path.length > 0 || inner.code === 'unrecognized_keys';
    const meant = issue.errors.find((branch) => branch.every(isElsewhere));
    if (meant !== undefined) return meant.flatMap((inner) => plainIssues(inner, path));
  }
  return [{ ...issue, path }];
}

type JsonSchema = Readonly<Record<string, unknown>>;

function issueFindings(
  issue: Issue,
  reading: YamlReading,
  schema: JsonSchema,
): readonly ShapeFinding[] {
  const path = issue.path as Path;
  const value = valueAt(reading.value, path);
  const notes = schemaAt(schema, path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(notes);
    const isBesideSecret = holdsSecret(path, value);
    return issue.keys.map((word) => unknownKey(word, path, isBesideSecret, known));
  }
  const isMissing = value === undefined && reading.placeOf(path) === undefined;
  // An alias that stands for nothing is a finding of the YAML already.
  if (value === undefined && !isMissing) return [];
  const name = pathText(path) || 'the plan file';
  const message = isMissing
    ? `${name} is missing`
    : `${name} ${wordsOf(issue, notes, path, value, reading.placeOf(path)?.source)}`;
  const hint = hintOf(path, notes, value);
  return [{ at: path, path, isAboutKey: false, isMissing, message, hint }];
}

function unknownKey(
  word: string,
  path: Path,
  isBesideSecret: boolean,
  known: readonly string[],
): ShapeFinding {
  const parent = pathText(path) || 'the plan file';
  const nearest = nearestWord(word, known);
  // `{password: a,b}` makes "b" a key: what stands beside a literal secret may be a part of it.
  const mayQuote = /^[A-Za-z0-9_-]{1,40}$/.test(word) && !isBesideSecret;
  const message = mayQuote ? `unknown key "${word}" in ${parent}` : `unknown key in ${parent}`;
  const hint = nearest === undefined ? '' : `did you mean "${nearest}"? `;
  const all = known.length === 0 ? 'nothing' : known.join(', ');
  return {
    at: [...path, word],
    path: mayQuote ? [...path, word] : path,
    isAboutKey: true,
    isMissing: false,
    message,
    hint: `${hint}${nearest === undefined ? 'the' : 'The'} keys here are ${all}`,
  };
}

function holdsSecret(path: Path, siblings: unknown): boolean {
  if (hasSecretKey(path)) return true;
  if (typeof siblings !== 'object' || siblings === null) return false;
  return Object.entries(siblings).some(
    ([name, value]) => isSecretKey(name) && (typeof value !== 'object' || value === null),
  );
}

function hasSecretKey(path: Path): boolean {
  return path.some((part) => typeof part === 'string' && isSecretKey(part));
}

function wordsOf(
  issue: Issue,
  notes: JsonSchema,
  path: Path,
  value: unknown,
  source: string | undefined,
): string {
  const isSecret = hasSecretKey(path);
  if (isSecret && path.at(-1) !== 'env') {
    return 'must name an environment variable: a secret never stands in a plan file';
  }
  if (path.length === 1 && path[0] === 'version' && typeof value === 'number') {
    return `${String(value)} is not known: this peershift reads version 1`;
  }
  const found = `, found ${foundText(value, isSecret)}`;
  switch (issue.code) {
    case 'invalid_type': {
      const remark = issue.expected === 'string' ? asTextRemark(notes, value, source) : '';
      return `must be ${expectedText(issue.expected)}${found}${remark}`;
    }
    case 'invalid_value':
      return `must be ${oneOf(issue.values.map((option) => valueText(option)))}${found}`;
    case 'too_small':
    case 'too_big':
      return `${boundsText(notes, value)}${found}`;
    case 'invalid_union':
      return `cannot be ${foundText(value, isSecret)}`;
    default:
      return `${issue.message}${found}`;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping (keys with values)',
};

function expectedText(expected: string): string {
  return EXPECTED[expected] ?? expected;
}

function foundText(value: unknown, isSecret: boolean): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (isSecret) return 'something else';
  if (typeof value === 'string') return `the text ${clipped(value)}`;
  if (typeof value === 'number') return `the number ${String(value)}`;
  return value === true ? 'true' : 'false';
}

/** A value longer than this is shown by its beginning; the source line stands below anyway. */
const LONGEST_QUOTE = 60;

function clipped(text: string): string {
  const isShort = text.length <= LONGEST_QUOTE;
  return JSON.stringify(isShort ? text : `${text.slice(0, LONGEST_QUOTE)}...`);
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

function oneOf(options: readonly string[]): string {
  return options.length === 1 ? (options[0] ?? '') : `one of ${options.join(', ')}`;
}

function boundsText(notes: JsonSchema, value: unknown): string {
  if (Array.isArray(value)) return 'must have one item at least';
  return `must be a number from ${String(notes['minimum'])} to ${String(notes['maximum'])}`;
}

/** YAML 1.2 makes numbers of `1.10` and `0123`, and they do not come back as they were written. */
function asTextRemark(notes: JsonSchema, value: unknown, source: string | undefined): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  if (!isPlain || source === undefined) return '';
  const pattern = notes['pattern'];
  if (typeof pattern === 'string' && !new RegExp(pattern).test(source)) return '';
  return ` (in quotes it is text: "${source}")`;
}

function hintOf(path: Path, notes: JsonSchema, value: unknown): string {
  const [example] = Array.isArray(notes['examples']) ? (notes['examples'] as unknown[]) : [];
  const options = notes['enum'];
  if (Array.isArray(options) && typeof value === 'string') {
    const nearest = nearestWord(value, options as string[]);
    if (nearest !== undefined) return `did you mean "${nearest}"?`;
  }
  if (notes['type'] === 'boolean' && typeof value === 'string') {
    return 'write true or false: YAML 1.2 reads yes, no, on and off as text';
  }
  const isItem = typeof path.at(-1) === 'number';
  const name = path.at(-1) ?? '';
  const says = typeof notes['description'] === 'string' ? ` (${notes['description']})` : '';
  if (example === undefined) {
    if (path.length === 0) return 'begin with "version: 1", then name, cluster and members';
    return isItem
      ? 'correct this item, or take it away'
      : 'correct the value, or take the key away';
  }
  return `write, for instance, "${String(name)}: ${flow(example)}"${says}`;
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

function keysOf(notes: JsonSchema): readonly string[] {
  const properties = notes['properties'];
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

/** The part of the JSON Schema that speaks of this path; of alternatives the one with keys. */
function schemaAt(schema: JsonSchema, path: Path): JsonSchema {
  let at: JsonSchema = schema;
  for (const part of path) {
    const inside = withKeys(at);
    const properties = (inside['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
    at = (typeof part === 'number' ? (inside['items'] as JsonSchema) : properties[part]) ?? {};
  }
  return keysOf(at).length > 0 ? at : { ...withKeys(at), ...at };
}

function withKeys(schema: JsonSchema): JsonSchema {
  const options = schema['anyOf'];
  if (!Array.isArray(options)) return schema;
  return (options as JsonSchema[]).find((option) => keysOf(option).length > 0) ?? schema;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.hasOwn(at, part) ? (at as Record<string | number, unknown>)[part] : undefined;
  }
  return at;
}

/** Leaves a hole: the items behind one that is taken out keep their numbers. */
function takeOut(value: unknown, path: Path): void {
  const parent = valueAt(value, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent !== 'object' || parent === null || last === undefined) return;
  if (Array.isArray(parent) && typeof last === 'number') parent[last] = undefined;
  else Reflect.deleteProperty(parent, last);
}
