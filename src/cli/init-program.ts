/** Puts the init command and its flags into the command line. */

import type { Command } from '@commander-js/extra-typings';

import { globalOptions } from './flags.ts';

/** `flagsOf` puts what was given before the command's name under what was given after it. */
export function addInit(
  top: Command,
  exitWith: (code: number) => void,
  flagsOf: (own: object) => object,
): void {
  const command = top
    .command('init')
    .description('look at a live cluster and write a plan file for it')
    .requiredOption('--endpoint <url...>', 'client URLs of the cluster; one is enough')
    .option('--ssh <user@{host}>', 'how its hosts are reached; a port may follow: root@{host}:22')
    .option('--local', 'its members run on this machine (default without --ssh)')
    .option('--out <file>', 'the plan file; never written over (default: peershift.yaml)')
    .option('--name <name>', 'the name of the plan (default: by the cluster ID)')
    .option('--cacert <file>', 'the CA of https client URLs')
    .option('--cert <file>', "peershift's own client certificate")
    .option('--key <file>', 'its private key')
    .option('--user <name>', 'the etcd user, when auth is on')
    .option('--password-env <NAME>', 'the environment variable with its password')
    .exitOverride();
  for (const option of globalOptions()) command.addOption(option);
  command.action(async (own) => {
    const { init } = await import('./commands/init.ts');
    exitWith(await init(flagsOf(own)));
  });
}
