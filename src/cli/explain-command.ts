/** The words and flags of `explain`, whose work is loaded only when it is asked for. */

import type { Command, Option } from '@commander-js/extra-typings';

import type { ExplainFlags } from './explain-knowledge.ts';

/** `run` gets the words and the flags of the command itself. */
export function addExplain(
  top: Command,
  globals: readonly Option[],
  run: (words: readonly string[], own: ExplainFlags) => Promise<void>,
): void {
  const command = top
    .command('explain')
    .description('what is wrong with these etcd logs, pair by pair; or what a code means')
    .argument('<what...>', 'log files, - for standard input, or one code')
    .option('--plan <file>', 'a plan file, for the names and addresses of the members')
    .option(
      '--cert <name=file...>',
      "a member's peer certificate (PEM), to name what is wrong with it",
    )
    .option('--ca <file>', 'the CA that the members trust (PEM)')
    .addHelpText(
      'after',
      [
        '\nReads etcd logs of 3.2 to 3.6 (text or JSON) as files, from docker, or from journald:',
        '  peershift explain m1.log m2.log m3.log',
        '  journalctl -u etcd -o export | peershift explain -',
        '  peershift explain listener-client-source',
      ].join('\n'),
    )
    .exitOverride();
  for (const option of globals) command.addOption(option);
  command.action((words, own) => run(words, own));
}
