/** Turns the commands, flags, exit codes and failures into the manual page, in roff. */

import { FAILURES } from '../model/failure.ts';
import type { CommandWords } from './words.ts';

const EXITS: readonly (readonly [code: number, text: string])[] = [
  [0, 'done, or nothing to do'],
  [1, 'a bug in peershift'],
  [2, 'the plan file or the arguments are wrong'],
  [3, 'refused, and nothing has been changed'],
  [4, 'paused; resume goes on'],
  [5, 'a step or its evidence failed, and the run has gone back to the start'],
  [6, 'a person has to act'],
  [10, 'preview --exit-code found something to do'],
  [130, 'interrupted at a safe point; resume goes on'],
];

/** For `man`: peershift(1). */
export function manualPage(all: readonly CommandWords[], version: string): string {
  const [top, ...commands] = all;
  if (top === undefined) return '';
  const doing = commands.filter(
    ({ words }) => !all.some((each) => each.words.startsWith(`${words} `)),
  );
  const globals = top.options.map(({ long }) => long);
  return [
    `.TH PEERSHIFT 1 "" "peershift ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    `peershift \\- ${escaped(top.text)}`,
    '.SH SYNOPSIS',
    '.B peershift',
    '.I command',
    '.RI [ flags ]',
    '.SH COMMANDS',
    ...doing.flatMap((command) => commandLines(command, globals)),
    '.SH GLOBAL FLAGS',
    'Before or after the command.',
    ...top.options.flatMap(flagLines),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, text]) => ['.TP', `.B ${String(code)}`, escaped(text)]),
    '.SH FAILURES',
    'Each is told in five lines: code and place, would, but, so, do.',
    ...Object.entries(FAILURES).flatMap(([code, { meaning }]) => [
      '.TP',
      `.B ${code}`,
      escaped(meaning),
    ]),
    '.SH EXAMPLES',
    ...top.examples.flatMap(exampleLines),
  ].join('\n');
}

function commandLines(
  { words, text, args, options, examples }: CommandWords,
  globals: readonly string[],
): readonly string[] {
  const usage = [words, ...args.map((each) => each.usage)].join(' ');
  const own = options.filter(({ long }) => !globals.includes(long));
  return [
    `.SS ${escaped(usage)}`,
    escaped(text),
    ...own.flatMap(flagLines),
    ...(examples.length === 0 ? [] : ['.PP', ...examples.flatMap(exampleLines)]),
  ];
}

function flagLines({ flags, text, choices }: CommandWords['options'][number]): readonly string[] {
  const words = choices.length === 0 ? text : `${text} (${choices.join(', ')})`;
  return ['.TP', `.B ${escaped(flags)}`, escaped(words)];
}

function exampleLines(line: string): readonly string[] {
  return ['.RS 4', '.nf', escaped(line), '.fi', '.RE'];
}

/** A dash is one, a backslash is none, and no line begins with a control character. */
function escaped(text: string): string {
  const plain = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
