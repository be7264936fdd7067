/** What a container is made from, as words of `docker run`, and the text that people read of it. */

import { sha256 } from '../../base/digest.ts';
import { isSecretKey } from '../../base/secret-key.ts';
import { words } from '../../base/shell-words.ts';
import type { Mount } from './container.ts';

/** `['--network', 'host']`, `['--init']`: one option with its value. */
export type Option = readonly [string] | readonly [string, string];

export interface Definition {
  readonly name: string;
  /** All of them but `--name` and `--env`. */
  readonly options: readonly Option[];
  /** `NAME=value`; what the image sets by itself is not among them. */
  readonly environment: readonly string[];
  /** What `create` is given: a name where that still means the same image, its ID otherwise. */
  readonly image: string;
  readonly imageId: string;
  /** Behind the image, as the person wrote them. */
  readonly words: readonly string[];
  /** How many of `words` stand before etcd's own flags: the program, when it is among them. */
  readonly wordsBefore: number;
  readonly mounts: readonly Mount[];
  /** Given to `create` in the words of the person (podman), or by us. */
  readonly keepsOwnWords: boolean;
  /** Why it cannot be carried over as it is, in words. */
  readonly problems: readonly string[];
}

/** Of all that decides what runs; the name is no part of it. */
export function digestOf(definition: Definition): string {
  const { options, environment, imageId, words: argv } = definition;
  return sha256(JSON.stringify([options, environment, imageId, argv]));
}

/** One option a line, as a person would type it; values of secret names are not shown. */
export function textOf(definition: Definition, binary: string): string {
  const { name, options, environment, image, words: argv } = definition;
  const lines = [
    words([binary, 'run', '--detach', '--name', name]),
    ...options.map(shown),
    ...environment.map((each) => words(['--env', hidden(each)])),
    words([image]),
    ...argvLines(argv),
  ];
  return `${lines.join(' \\\n  ')}\n`;
}

/** A flag and its value on one line. */
function argvLines(argv: readonly string[]): readonly string[] {
  const lines: string[][] = [];
  for (const word of argv) {
    const last = lines.at(-1);
    const follows = last?.length === 1 && /^--?[^=]+$/.test(last[0] ?? '') && !word.startsWith('-');
    if (follows && lines.length > 0) last.push(word);
    else lines.push([word]);
  }
  return lines.map(words);
}

/** Options whose value is `NAME=value`, where a name may say that the value is a secret. */
const NAMED: readonly string[] = [
  '--label',
  '--log-opt',
  '--env',
  '-e',
  '--sysctl',
  '--annotation',
];

function shown(option: Option): string {
  const [flag, value] = option;
  if (value === undefined) return words([flag]);
  return words([flag, NAMED.includes(flag) ? hidden(value) : value]);
}

/** etcd's own variables hold no secret; `ETCDCTL_PASSWORD` and what an image adds may. */
function hidden(pair: string): string {
  const at = pair.indexOf('=');
  if (at < 0) return pair;
  const name = pair.slice(0, at);
  const isPlain = /^ETCD_(?!.*PASS)/.test(name) || !isSecretKey(name);
  return isPlain ? pair : `${name}=***`;
}
