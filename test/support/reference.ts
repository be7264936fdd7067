/** Turns the shape of a plan file and what this version has adapters for into the README's tables. */

import { present } from '../../src/base/assert.ts';
import { declare } from '../../src/declare/declare.ts';
import { planFileJsonSchema } from '../../src/declare/shape.ts';
import { unsupported } from '../../src/declare/supported.ts';
import { FOLDERS, clusterWith, memberWith, minimalWith } from '../unit/declare/plan-files.ts';

type Schema = Readonly<Record<string, unknown>>;

interface Key {
  readonly path: string;
  readonly schema: Schema;
  /** Empty when it may be left out. */
  readonly need: string;
}

/** Keys whose values are words of which this version may lack some. */
const WORDS: readonly string[] = [
  ...['strategy', 'scope', 'memberApi', 'cluster.via', 'pki.mode'],
  ...['host.transport', 'service.manager', 'config.format'],
];

/** Keys that are off or on, and a plan that has them on. */
const SWITCHES: readonly (readonly [key: string, on: string, plan: string])[] = [
  [
    'scope',
    'anything but `peer` with `memberApi: etcdctl`, `cluster.via: ssh`, `docker`, `static-pod` or `strategy: rebuild`',
    minimalWith('scope: client\nmemberApi: etcdctl'),
  ],
  [
    'host.sudo',
    'anything but `false` with `transport: local`',
    memberWith('host: { transport: local, sudo: true }'),
  ],
  [
    'gates.deadman',
    'anything but `off` with `strategy: rebuild`, `docker` or `static-pod`',
    minimalWith('strategy: rebuild\ngates: { deadman: 2m }'),
  ],
  [
    'gates.canary',
    'anything but `false` with `strategy: rebuild` or `memberApi: etcdctl`',
    minimalWith('strategy: rebuild\ngates: { canary: { writes: true } }'),
  ],
];

/** What a word asks for beside it. */
const BESIDE: Readonly<Record<string, string>> = {
  docker: ', container: etcd',
  'static-pod': ', path: /etc/kubernetes/manifests/etcd.yaml',
  command: ', start: [a], stop: [b], status: [c]',
  yaml: ', path: /etc/etcd.yaml',
  flags: ', path: /etc/etcd.service',
};

/** The keys that the table of what is not there yet asks about. */
export const ASKED: readonly string[] = [...WORDS, ...SWITCHES.map(([key]) => key)];

/** One line for each key: what it is, and what it means when it is left out. */
export function planReference(): string {
  const rows = keysOf(planFileJsonSchema()).map((key) => {
    return `| \`${key.path}\` | ${sentenceOf(key.schema)} | ${meaningOf(key)} |`;
  });
  return ['| Key | What it is | Default |', '| --- | --- | --- |', ...rows].join('\n');
}

/** One line for each key of which this version lacks something. */
export function notYet(): string {
  const keys = keysOf(planFileJsonSchema());
  const words = WORDS.flatMap((key) => {
    const { schema } = present(
      keys.find(({ path }) => keyOf(path) === key),
      key,
    );
    const values = schema.enum as readonly string[];
    const lacked = values.filter((value) => lacks(key, planWith(key, value)));
    const has = values.filter((value) => !lacked.includes(value));
    return lacked.length === 0 ? [] : [`| \`${key}\` | ${codes(has)} | ${codes(lacked)} |`];
  });
  const off = SWITCHES.filter(([key, , plan]) => lacks(key, plan));
  const switches = [...new Set(off.map(([, on]) => on))].map((on) => {
    const named = off.flatMap(([key, each]) => (each === on ? [key] : []));
    return `| ${codes(named)} | | ${on} |`;
  });
  const head = ['| Key | This version has | Not yet |', '| --- | --- | --- |'];
  return [...head, ...words, ...switches].join('\n');
}

/** Leaves of the shape; a secret is one, whatever it is made of, and `defaults` repeats members. */
function keysOf(schema: Schema, prefix = '', isWithin = 'required'): readonly Key[] {
  const required = (schema.required ?? []) as readonly string[];
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  return properties.flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    const isRequired = required.includes(name);
    const own: Key = { path, schema: value, need: isRequired ? isWithin : '' };
    if (path === 'defaults' || isSecret(value)) return [own];
    const within = isRequired ? isWithin : `required in \`${keyOf(path)}\``;
    const items = value.items as Schema | undefined;
    if (items?.properties !== undefined) return keysOf(items, `${path}[].`, within);
    return value.properties === undefined ? [own] : keysOf(value, `${path}.`, within);
  });
}

/** As `supported.ts` names it: a key of each member has no prefix there. */
function keyOf(path: string): string {
  return path.replace(/^members\[\]\./u, '');
}

function isSecret({ properties }: Schema): boolean {
  return Object.keys(properties ?? {}).join() === 'env';
}

function sentenceOf(schema: Schema): string {
  const words = schema.enum as readonly string[] | undefined;
  const sentence = String(schema.description).replaceAll('|', '\\|').replaceAll('<', '&lt;');
  return words === undefined ? sentence : `${sentence} One of ${codes(words)}.`;
}

function meaningOf({ schema, need }: Key): string {
  if (need !== '') return need;
  if (schema.default !== undefined) return `\`${flow(schema.default)}\``;
  const [example] = (schema.examples ?? []) as readonly unknown[];
  return example === undefined ? '' : `e.g. \`${flow(example)}\``;
}

/** As one would write it in a plan file. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => flow(item)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([name, inner]) => `${name}: ${flow(inner)}`);
  return `{ ${pairs.join(', ')} }`;
}

function codes(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}

/** The smallest plan that says this word for this key. */
function planWith(key: string, value: string): string {
  const [block = '', name = ''] = key.split('.');
  if (block === 'cluster') return clusterWith(`${name}: ${value}`);
  if (block === 'pki' && value !== 'issue') {
    const certificate = 'certificate: { cert: /a.pem, key: /b.pem }';
    return `${memberWith(certificate)}pki: { mode: ${value}, ca: { cert: /ca.pem } }\n`;
  }
  const words = `${block}: { ${name}: ${value}${BESIDE[value] ?? ''} }`;
  if (['host', 'service', 'config'].includes(block)) return memberWith(words);
  return minimalWith(name === '' ? `${key}: ${value}` : words);
}

/** Has this version no adapter for what the plan says under this key? The plan itself must be right. */
function lacks(key: string, plan: string): boolean {
  const declared = declare(plan, 'plan.yaml', FOLDERS);
  if (!declared.ok) throw new Error(`${key}: ${JSON.stringify(declared.error)}`);
  return unsupported(declared.value).some((line) => {
    return line.replace(/^members\[\d+\]\./u, '').startsWith(`${key}: `);
  });
}
