/** Puts the certs commands and their flags into the command line. */

import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';

import type { ImportFlags, IssueFlags } from './commands/certs.ts';
import { globalOptions } from './flags.ts';

/** `flagsOf` puts what was given before the command's name under what was given after it. */
export function addCerts(
  top: Command,
  exitWith: (code: number) => void,
  flagsOf: (own: object) => object,
): void {
  const certs = top.command('certs').description('make, import, look at and verify certificates');
  const add = (name: string, text: string): Command => {
    const command: Command = certs.command(name).description(text).exitOverride();
    for (const option of globalOptions()) command.addOption(option);
    return command;
  };
  const issue = add(
    'issue',
    'a CA (--ca) or a certificate below one: OUT.pem, OUT-key.pem, OUT.csr',
  );
  for (const option of issueOptions()) issue.addOption(option);
  issue.action(async (own) => {
    const { issue: work } = await import('./commands/certs.ts');
    exitWith(await work(flagsOf(own) as IssueFlags));
  });
  const csr = add('csr', 'a key and a request for a CA that is not here: OUT-key.pem, OUT.csr');
  for (const option of requestOptions()) csr.addOption(option);
  csr.action(async (own) => {
    const { csr: work } = await import('./commands/certs.ts');
    exitWith(await work(flagsOf(own) as IssueFlags));
  });
  const take = add('import', 'what a CA sent back (PEM, DER, PKCS#7, any order): OUT.pem');
  take.argument('<files...>', 'the certificate, and its chain if that came apart');
  take.requiredOption('--key <file>', 'the key that certs csr made');
  take.option('--ca-cert <file>', 'the CA that members trust; the chain is verified against it');
  for (const option of outOptions()) take.addOption(option);
  take.action(async (...words: unknown[]) => {
    const [files, own] = words as [readonly string[], object];
    const { importReturned } = await import('./commands/certs.ts');
    exitWith(await importReturned(files, flagsOf(own) as ImportFlags));
  });
  const inspect = add('inspect', 'what is in files, and what etcd would stumble over');
  inspect.argument('<files...>', 'certificates, keys, requests, bundles');
  inspect.action(async (...words: unknown[]) => {
    const [files, own] = words as [readonly string[], object];
    const { inspect: work } = await import('./commands/certs-look.ts');
    exitWith(await work(files, flagsOf(own)));
  });
  const verify = add('verify', 'will every certificate of the plan hold, here and on the hosts?');
  verify.argument('<plan>', 'the plan file (YAML)');
  verify.action(async (...words: unknown[]) => {
    const [plan, own] = words as [string, object];
    const { verify: work } = await import('./commands/certs-look.ts');
    exitWith(await work(plan, flagsOf(own)));
  });
}

function issueOptions(): readonly Option[] {
  return [
    new Option('--ca', 'make a CA'),
    new Option('--ca-cert <file>', 'the CA that issues it'),
    new Option('--ca-key <file>', 'the key of that CA'),
    new Option('--config <file>', "cfssl's signing configuration (ca-config.json); needs --csr"),
    ...requestOptions(),
    new Option('--path-length <n>', 'CAs below this CA (default: 0)').argParser(wholeNumber),
    new Option(
      '--permit <name...>',
      'names and networks that this CA may vouch for, and no others',
    ),
    new Option('--exclude <name...>', 'names and networks that this CA may not vouch for'),
    new Option('--pkcs12-password-env <name>', 'also write OUT.p12, its password in this variable'),
  ];
}

function requestOptions(): readonly Option[] {
  return [
    new Option('--csr <file>', "cfssl's request (csr.json)"),
    new Option(
      '--profile <name>',
      'of --config; without it peer, server or client (default: peer)',
    ),
    new Option('--hostname <a,b>', 'IP addresses and DNS names; they take the place of "hosts"'),
    new Option('--name <text>', 'its common name, when there is no --csr'),
    new Option('--algorithm <name>', 'ecdsa-p256, ecdsa-p384, rsa-2048, rsa-4096'),
    new Option('--days <n>', 'how long it is valid').argParser(wholeNumber),
    ...outOptions(),
  ];
}

function outOptions(): readonly Option[] {
  return [
    new Option('--out <path>', 'where, without the ending').makeOptionMandatory(),
    new Option('--renew', 'put new files in the place of old ones, which are kept beside them'),
  ];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}
