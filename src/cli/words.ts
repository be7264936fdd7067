/** Turns the command line's definition into plain data: what completion and the manual page are made from. */

import type { Command } from '@commander-js/extra-typings';

import { EXAMPLES } from './examples.ts';

export interface CommandWords {
  /** `''` for peershift itself, `lab up` for a command below another. */
  readonly words: string;
  readonly text: string;
  readonly args: readonly ArgumentWords[];
  readonly options: readonly OptionWords[];
  readonly examples: readonly string[];
}

export interface ArgumentWords {
  /** As usage lines write it: `<plan>`, `<what...>`. */
  readonly usage: string;
  readonly text: string;
  readonly choices: readonly string[];
}

export interface OptionWords {
  /** `--html <file>` */
  readonly flags: string;
  readonly long: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly text: string;
}

/** The whole tree, each command after the one it is below. */
export function wordsOf(command: Command, words = ''): readonly CommandWords[] {
  const own: CommandWords = {
    words,
    text: command.description(),
    args: command.registeredArguments.map((each) => ({
      usage: `${each.required ? '<' : '['}${each.name()}${each.variadic ? '...' : ''}${each.required ? '>' : ']'}`,
      text: each.description,
      choices: each.argChoices ?? [],
    })),
    options: command.options.map((each) => ({
      flags: each.flags,
      long: each.long ?? '',
      takesValue: each.required || each.optional,
      choices: each.argChoices ?? [],
      text: each.description,
    })),
    examples: EXAMPLES[words] ?? [],
  };
  const inner = command.commands.flatMap((each) => {
    return wordsOf(each as Command, words === '' ? each.name() : `${words} ${each.name()}`);
  });
  return [own, ...inner];
}

/** The names that may follow the words of a command. */
export function namesBelow(all: readonly CommandWords[], words: string): readonly CommandWords[] {
  const depth = words === '' ? 1 : words.split(' ').length + 1;
  return all.filter((each) => {
    const isBelow = words === '' ? each.words !== '' : each.words.startsWith(`${words} `);
    return isBelow && each.words.split(' ').length === depth;
  });
}

export function lastWord({ words }: CommandWords): string {
  return words.split(' ').at(-1) ?? '';
}
