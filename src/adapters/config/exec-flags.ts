/** Turns the words of ExecStart= into etcd's flags, and one change of a flag into a change of those words alone. */

import { type Result, err, ok } from '../../base/result.ts';
import { type ExecFlag, flagsOf } from '../../model/flag-words.ts';
import type { SettingChange } from '../../model/settings.ts';
import { type ExecLine, type UnitWord, parseExec, unitWord } from './unit-words.ts';

/** Words before the arguments: the program, and with `@` the name it goes by. */
export function wordsBeforeArguments({ prefix }: ExecLine): number {
  return prefix.includes('@') ? 2 : 1;
}

/** The value of ExecStart= with the changes; every word that no change concerns stays as it is written. */
export function editExec(value: string, changes: readonly SettingChange[]): Result<string, string> {
  let edited = value;
  for (const change of changes) {
    const next = withFlag(edited, change);
    if (!next.ok) return next;
    edited = next.value;
  }
  return ok(edited);
}

/** A word that is a variable stands for arguments that nobody sees here: it is skipped. */
function withFlag(value: string, { flag, to }: SettingChange): Result<string, string> {
  const exec = parseExec(value);
  if (exec === undefined) return err('a quote in ExecStart= is never closed');
  const isRaw = exec.prefix.includes(':');
  if (to !== undefined && (/\p{Cc}/u.test(to) || (isRaw && to.includes('$')))) {
    return err(`the value for --${flag} has a character that ExecStart= cannot take`);
  }
  const words = exec.words.slice(wordsBeforeArguments(exec));
  const own = rawFlags(words).filter((each) => each.flag === flag);
  const last = own.at(-1);
  if (last === undefined) {
    return ok(to === undefined ? value : `${value} ${unitWord(`--${flag}=${to}`)}`);
  }
  if (to === undefined) return ok(own.reduceRight((text, each) => cut(text, words, each), value));
  if (last.value === to || (last.value === undefined && to === 'true')) return ok(value);
  const target = words[last.to - 1];
  const name = words[last.from];
  if (target === undefined || name === undefined) return err(`--${flag} has no value`);
  const dashes = name.text.startsWith('--') ? '--' : '-';
  const isOneWord = last.to === last.from + 1;
  const word = unitWord(isOneWord ? `${dashes}${flag}=${to}` : to);
  return ok(value.slice(0, target.start) + word + value.slice(target.end));
}

function rawFlags(words: readonly UnitWord[]): readonly ExecFlag[] {
  const flags: ExecFlag[] = [];
  for (let at = 0; at < words.length;) {
    const found = flagsOf(words.slice(at, at + 2).map(({ text }) => text));
    const one = found.ok ? found.value[0] : flagAlone(words[at]?.text ?? '');
    const length = one?.to ?? 1;
    if (one !== undefined) flags.push({ ...one, from: at, to: at + length });
    at += length;
  }
  return flags;
}

function flagAlone(word: string): ExecFlag | undefined {
  const found = flagsOf([word]);
  return found.ok ? found.value[0] : undefined;
}

function cut(text: string, words: readonly UnitWord[], { from, to }: ExecFlag): string {
  const start = words[from]?.start ?? 0;
  const end = words[to - 1]?.end ?? start;
  return text.slice(0, start).replace(/[ \t]+$/, '') + text.slice(end);
}
