/** Turns the commands and flags into what bash, zsh and fish need to complete them. */

import { type CommandWords, type OptionWords, lastWord, namesBelow } from './words.ts';

const PROGRAM = 'peershift';

/** The function `_peershift`, and its registration. Where nothing of ours fits, files are offered. */
export function bashCompletion(all: readonly CommandWords[]): string {
  const cases = all.map((command) => {
    const flags = command.options.map(({ long }) => long);
    const names = namesBelow(all, command.words).map(lastWord);
    const choices = command.args.flatMap((each) => each.choices);
    return `    '${command.words}') flags='${flags.join(' ')}' names='${[...names, ...choices].join(' ')}' ;;`;
  });
  const values = choiceFlags(all).map(({ long, choices }) => {
    return `    ${long}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$word")); return ;;`;
  });
  return `# bash completion for ${PROGRAM}: source this file, or put it into bash-completion's folder.
_${PROGRAM}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words='' flags='' names='' at
  case $before in
${values.join('\n')}
  esac
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${words:+$words }\${COMP_WORDS[at]}" in
${commandPatterns(all)}
    esac
  done
  case $words in
${cases.join('\n')}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$names" -- "$word"))
      if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$word")); fi ;;
  esac
}
complete -o filenames -F _${PROGRAM} ${PROGRAM}`;
}

function commandPatterns(all: readonly CommandWords[]): string {
  const words = all.flatMap((each) => (each.words === '' ? [] : [`'${each.words}'`]));
  return `      ${words.join(' | ')}) words="\${words:+$words }\${COMP_WORDS[at]}" ;;`;
}

function choiceFlags(all: readonly CommandWords[]): readonly OptionWords[] {
  const flags = all.flatMap(({ options }) => options).filter(({ choices }) => choices.length > 0);
  return [...new Map(flags.map((flag) => [flag.long, flag])).values()];
}

/** One `_arguments` for each command. */
export function zshCompletion(all: readonly CommandWords[]): string {
  const parts = all.map((command) => {
    const below = namesBelow(all, command.words);
    const flags = command.options.map((flag) => `    ${zshFlag(flag)} \\`);
    const rest =
      below.length > 0
        ? `    '1:command:((${below.map((each) => `${lastWord(each)}\\:${zshText(each.text)}`).join(' ')}))' \\\n    '*::word:->next'`
        : `    ${command.args.map(({ choices }) => (choices.length > 0 ? `'1:kind:(${choices.join(' ')})'` : "'*:file:_files'")).join(' ') || "'*:file:_files'"}`;
    const next =
      below.length === 0
        ? ''
        : `\n  case $state in next) case $words[1] in ${below.map((each) => `${lastWord(each)}) ${zshName(each.words)} ;;`).join(' ')} esac ;; esac`;
    return `${zshName(command.words)}() {\n  local state line; typeset -A opt_args\n  _arguments -C \\\n${[...flags, rest].join('\n')}${next}\n}`;
  });
  return [`#compdef ${PROGRAM}`, ...parts, `compdef _${PROGRAM} ${PROGRAM}`].join('\n');
}

function zshName(words: string): string {
  return words === '' ? `_${PROGRAM}` : `_${PROGRAM}_${words.replaceAll(' ', '_')}`;
}

function zshFlag({ long, text, takesValue, choices }: OptionWords): string {
  const value = choices.length > 0 ? `(${choices.join(' ')})` : '_files';
  return `'${long}[${zshText(text)}]${takesValue ? `:value:${value}` : ''}'`;
}

/** Within quotes and brackets; a colon would end the text. */
function zshText(text: string): string {
  return text
    .replaceAll("'", '')
    .replaceAll(/[[\]():]/gu, ' ')
    .replaceAll('"', '')
    .replaceAll(' ', '\\ ');
}

/** One line for each word. */
export function fishCompletion(all: readonly CommandWords[]): string {
  const lines = all.flatMap((command) => {
    const seen = fishSeen(command.words, namesBelow(all, command.words).map(lastWord));
    const names = namesBelow(all, command.words).map((each) => {
      return `complete -c ${PROGRAM} -n '${seen}' -f -a ${lastWord(each)} -d '${fishText(each.text)}'`;
    });
    const flags = command.options.map(({ long, text, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
      return `complete -c ${PROGRAM} -n '${fishWithin(command.words)}' -l ${long.slice(2)}${value} -d '${fishText(text)}'`;
    });
    const kinds = command.args.flatMap(({ choices }) => choices);
    const args =
      kinds.length === 0
        ? []
        : [`complete -c ${PROGRAM} -n '${fishWithin(command.words)}' -f -a '${kinds.join(' ')}'`];
    return [...names, ...flags, ...args];
  });
  return [`# fish completion for ${PROGRAM}`, ...lines].join('\n');
}

function fishWithin(words: string): string {
  if (words === '') return '__fish_use_subcommand';
  return words
    .split(' ')
    .map((word) => `__fish_seen_subcommand_from ${word}`)
    .join('; and ');
}

function fishSeen(words: string, below: readonly string[]): string {
  if (words === '') return '__fish_use_subcommand';
  return `${fishWithin(words)}; and not __fish_seen_subcommand_from ${below.join(' ')}`;
}

function fishText(text: string): string {
  return text.replaceAll('\\', '').replaceAll("'", '');
}
