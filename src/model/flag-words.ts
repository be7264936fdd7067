/** Turns the words of a command line into etcd's flags with their places, as Go's flag package reads them. */

import { type Result, err, ok } from '../base/result.ts';
import { BOOLEAN_FLAGS } from './clean-settings.ts';
import type { Settings } from './settings.ts';

export interface ExecFlag {
  readonly flag: string;
  /** As the word has it; undefined: a boolean without a value. */
  readonly value: string | undefined;
  /** Of the words: the one with the name, and behind the last one of it. */
  readonly from: number;
  readonly to: number;
}

/** As Go's flag package: one dash or two, `=value` or the next word; a boolean never takes the next word. */
export function flagsOf(words: readonly string[]): Result<readonly ExecFlag[], string> {
  const flags: ExecFlag[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const match = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(word);
    const flag = match?.[1];
    if (flag === undefined) return err(`"${word}" is neither a flag nor the value of one`);
    const inline = match?.[2];
    if (inline !== undefined || BOOLEAN_FLAGS.has(flag)) {
      flags.push({ flag, value: inline, from: at, to: at + 1 });
    } else if (at + 1 < words.length) {
      flags.push({ flag, value: words[at + 1], from: at, to: at + 2 });
      at += 1;
    } else {
      return err(`--${flag} has no value`);
    }
  }
  return ok(flags);
}

/** The last of a flag that stands twice counts; a bare boolean is true. */
export function settingsOf(flags: readonly ExecFlag[]): Settings {
  return Object.fromEntries(flags.map(({ flag, value }) => [flag, value ?? 'true']));
}
