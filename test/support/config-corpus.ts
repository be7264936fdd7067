/** Turns fixtures/config-corpus and a seed into configurations of etcd members, hand-made and generated. */

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { CHECKOUT } from './checkout.ts';

export type CorpusKind = 'env' | 'yaml' | 'unit';

export interface CorpusFile {
  readonly name: string;
  readonly text: string;
}

/** Of each kind; the hand-made ones come on top. */
const GENERATED = 100;
const SEED = 0x2380;

export function corpusFiles(kind: CorpusKind): readonly CorpusFile[] {
  const folder = path.join(CHECKOUT, 'fixtures/config-corpus', kind);
  const made = readdirSync(folder).map((name) => {
    return { name, text: readFileSync(path.join(folder, name), 'utf8') };
  });
  const generate = { env: envText, yaml: yamlText, unit: unitText }[kind];
  const generated = Array.from({ length: GENERATED }, (_none, index) => {
    const name = `generated-${String(index)}${kind === 'unit' ? '.service' : ''}`;
    return { name, text: generate(new Dice(SEED + index)) };
  });
  return [...made, ...generated];
}

/** mulberry32: the same texts on every machine. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  one<T>(items: readonly T[]): T {
    const item = items[this.roll(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent;
  }

  some<T>(items: readonly T[], percent: number): readonly T[] {
    return items.filter(() => this.chance(percent));
  }
}

const URLS = [
  'http://10.0.0.1:2380',
  'http://[fd77::1]:2380',
  'http://0.0.0.0:2380,http://10.0.0.1:2381',
];
/** A flag and values that people give it. */
const FLAGS: readonly (readonly [string, readonly string[]])[] = [
  ['name', ['m1', 'etcd-0', 'node_1.example']],
  ['data-dir', ['/var/lib/etcd', '/srv/etcd/m1']],
  ['listen-peer-urls', URLS],
  ['initial-advertise-peer-urls', URLS],
  ['listen-client-urls', ['http://10.0.0.1:2379', 'http://0.0.0.0:2379']],
  [
    'initial-cluster',
    ['m1=http://10.0.0.1:2380,m2=http://10.0.0.2:2380', 'm1=http://10.0.0.1:2380'],
  ],
  ['initial-cluster-state', ['new', 'existing']],
  ['heartbeat-interval', ['100', '0500']],
  ['peer-cert-file', ['/etc/etcd/peer.pem', '/p/peer.crt']],
  ['peer-key-file', ['/etc/etcd/peer-key.pem']],
  ['peer-trusted-ca-file', ['/etc/etcd/ca.pem']],
  ['peer-client-cert-auth', ['true', 'false']],
];
const COMMENTS = [
  '# ETCD_NAME=old',
  '#',
  '# Grüße aus 東京 ✓',
  '# listen-peer-urls: "no',
  "#\t'quote",
];

function envText(dice: Dice): string {
  const lines: string[] = [];
  for (const [flag, values] of dice.some(FLAGS, 60)) {
    if (dice.chance(35))
      lines.push(dice.one(['', ...COMMENTS, '; semicolon', 'OTHER="a b" ', "X='y'"]));
    const value = dice.one(values);
    const quoted = dice.one([value, `"${value}"`, `'${value}'`, `"${value}"`]);
    const folded =
      dice.chance(15) && quoted.startsWith('"') ? quoted.replace(/,/g, ',\\\n') : quoted;
    const line = `ETCD_${flag.toUpperCase().replaceAll('-', '_')}=${folded}`;
    lines.push(`${dice.one(['', '', '', ' ', '\t', 'export '])}${line}${dice.one(['', '', ' '])}`);
    if (dice.chance(8)) lines.push(line);
  }
  return joined(dice, lines);
}

function yamlText(dice: Dice): string {
  const lines: string[] = dice.chance(25) ? ['---'] : [];
  const [top, nested] = [[] as string[], [] as string[]];
  const step = dice.one(['  ', '    ', ' ']);
  for (const [flag, values] of dice.some(FLAGS, 60)) {
    const value = dice.one(values);
    const isWord = /^(?:true|false|\d+)$/.test(value);
    const text = isWord ? value : dice.one([value, `"${value}"`, `'${value}'`]);
    const key = flag.replace(/^peer-/, '');
    const tail = dice.one(['', '', ' # why', '   ', '\t# tab']);
    const space = dice.one([' ', ' ', '   ']);
    const own = flag.startsWith('peer-') ? nested : top;
    if (dice.chance(30)) own.push(dice.one(['', ...COMMENTS]));
    own.push(`${flag.startsWith('peer-') ? key : flag}:${space}${text}${tail}`);
  }
  const block = blockText(dice, nested, step);
  const at = dice.roll(top.length + 1);
  return joined(dice, [
    ...lines,
    ...top.slice(0, at),
    ...block,
    ...top.slice(at),
    ...dice.some(MORE, 30),
  ]);
}

const MORE = [
  'cors: [a, "b"]',
  'client-transport-security: {auto-tls: false}',
  'note: |\n  listen-peer-urls: x',
  '# end',
];

function blockText(dice: Dice, nested: readonly string[], step: string): readonly string[] {
  const keys = nested.filter((line) => /^[a-z]/.test(line));
  if (keys.length === 0)
    return dice.one([[], ['peer-transport-security:'], ['peer-transport-security: {}']]);
  if (dice.chance(25)) {
    const pairs = keys.map((line) => line.replace(/\s+#.*$/, '').trimEnd());
    return [`peer-transport-security: {${pairs.join(dice.one([', ', ' ,  ']))}}`];
  }
  const lines = nested.map((line) => (line === '' ? '' : `${step}${line}`));
  return ['peer-transport-security:', ...lines];
}

function unitText(dice: Dice): string {
  const words = dice.some(FLAGS, 60).flatMap(([flag, values]) => {
    const value = dice.one(values);
    const dashes = dice.one(['--', '--', '-']);
    const quoted = dice.one([value, value, `"${value}"`, `'${value}'`]);
    if (flag === 'peer-client-cert-auth')
      return [`${dashes}${flag}${value === 'true' ? '' : '=false'}`];
    return dice.one([
      [`${dashes}${flag}=${quoted}`],
      [`${dashes}${flag}`, quoted],
      [`"${dashes}${flag}=${value}"`],
    ]);
  });
  if (dice.chance(20)) words.push('$MORE');
  if (dice.chance(20)) words.push('--wal-dir=${WAL}');
  const space = dice.one([' ', '  ', ' \\\n  ', '\t', ' \\\n# comment\n\t']);
  const lines = [
    '[Unit]',
    ...dice.some(COMMENTS, 30),
    '[Service]',
    ...dice.some(
      ['Type=simple', 'Restart=always', 'Environment=WAL=/wal "MORE=--debug --max-wals 5"'],
      70,
    ),
    ...(dice.chance(15) ? ['ExecStart=/usr/bin/etcd --name=old', 'ExecStart='] : []),
    `ExecStart=${dice.one(['', '', '-', '+'])}/usr/bin/etcd${space}${words.join(space)}`,
    ...dice.some([...COMMENTS, 'User=root', '; end'], 20),
  ];
  return joined(dice, lines);
}

function joined(dice: Dice, lines: readonly string[]): string {
  const text = lines.join('\n') + (dice.chance(80) ? '\n' : '');
  // To an env file a carriage return behind a backslash is a part of the value.
  const isFolded = text.includes(',\\\n');
  return dice.chance(12) && !isFolded ? text.replaceAll('\n', '\r\n') : text;
}
