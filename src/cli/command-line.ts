/** All commands, arguments and flags; the work behind each is loaded only when it is asked for. */

import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';

import { type DayWindow, parseDayWindow } from '../base/day-window.ts';
import { addCerts } from './certs-program.ts';
import type { LabFlags } from './commands/lab.ts';
import { addExplain } from './explain-command.ts';
import { addExamples } from './examples.ts';
import { globalOptions } from './flags.ts';
import { addInit } from './init-program.ts';
import { VERSION } from './program.ts';

type Work<F> = (planFile: string, flags: F) => Promise<number>;

export function commandLine(exitWith: (code: number) => void): Command {
  const top = new Command('peershift')
    .description(
      "Moves a live etcd cluster's peer traffic from http to https with mutual TLS, member by member.",
    )
    .version(VERSION)
    .showHelpAfterError('(peershift --help lists the commands)')
    .exitOverride();
  for (const option of globalOptions()) top.addOption(option);
  const onPlan = <F>(
    name: string,
    text: string,
    load: () => Promise<Work<F>>,
  ): Command<[string]> => {
    const command = top
      .command(name)
      .description(text)
      .argument('<plan>', 'the plan file (YAML)')
      .exitOverride();
    for (const option of globalOptions()) command.addOption(option);
    command.action(async (plan, own) => {
      const work = await load();
      exitWith(await work(plan, { ...top.opts(), ...defined(own) } as F));
    });
    return command;
  };
  addInit(top, exitWith, (own) => ({ ...top.opts(), ...defined(own) }));
  addPlanCommands(onPlan);
  addCerts(top, exitWith, (own) => ({ ...top.opts(), ...defined(own) }));
  addExplain(top, globalOptions(), async (words, own) => {
    const { explain } = await import('./commands/explain.ts');
    exitWith(await explain(words, { ...top.opts(), ...defined(own) }));
  });
  addLab(top, exitWith);
  addCompletion(top, exitWith);
  addExamples(top);
  return top;
}

function addCompletion(top: Command, exitWith: (code: number) => void): void {
  top
    .command('completion')
    .description('completion for a shell, or the manual page, to standard output')
    .addArgument(new Argument('<kind>', 'for whom').choices(['bash', 'zsh', 'fish', 'man']))
    .exitOverride()
    .action(async (kind) => {
      const { printCompletion } = await import('./commands/completion.ts');
      exitWith(printCompletion(top, kind));
    });
}

type OnPlan = <F>(name: string, text: string, load: () => Promise<Work<F>>) => Command<[string]>;

function addCheck(onPlan: OnPlan): Command<[string]> {
  const check = onPlan(
    'check',
    'can this plan run? every reason why not; changes nothing',
    async () => (await import('./commands/check.ts')).check,
  );
  check.option('--rehearse', 'real TLS handshakes between all hosts, by openssl on them');
  check.option('--rehearse-port <port>', 'the first port to listen on for that', portNumber);
  return check;
}

function addPlanCommands(onPlan: OnPlan): void {
  const check = addCheck(onPlan);
  const preview = onPlan(
    'preview',
    'the ordered steps, gates, undo and proof; changes nothing',
    async () => (await import('./commands/preview.ts')).preview,
  );
  preview.option('--exit-code', 'exit 10 when there is something to do');
  const graph = new Option('--graph <kind>', 'a picture of the rollout instead of the page');
  preview.addOption(graph.choices(['mermaid', 'svg']));
  preview.option(
    '--out <file>',
    'save the rollout: peershift run FILE does exactly that, or refuses',
  );
  preview.option('--compare', 'all strategies side by side, and which one is advised');
  const run = onPlan(
    'run',
    'preview, confirm, execute',
    async () => (await import('./commands/run.ts')).run,
  );
  run.option('--dry-run', 'the same as preview');
  const resume = onPlan(
    'resume',
    'go on after an interruption',
    async () => (await import('./commands/run.ts')).resume,
  );
  const rollback = onPlan(
    'rollback',
    'bring the cluster back to where the run started',
    async () => (await import('./commands/run.ts')).rollback,
  );
  const rescue = addRescue(onPlan);
  for (const command of [run, resume, rollback, rescue])
    command.option('--yes', 'answer every question with yes');
  for (const command of [run, resume, rollback]) {
    command.option('--break-lock <owner>', "take over this dead owner's lock before it expires");
    command.option(
      '--watch-writes',
      'read how fast the store changes and who leads, all run long: for the view and the report',
    );
  }
  for (const command of [run, resume]) {
    const stopBefore = new Option('--stop-before <phase>', 'pause (exit 4) before this phase');
    command.addOption(stopBefore.choices(['strict', 'close-http']));
    command.option(
      '--pause-after <place>',
      'pause (exit 4) when this member, or this step of the preview (number or id), is done',
    );
    command.option('--until <member>', 'pause (exit 4) before this member is touched');
    const during = new Option(
      '--only-during <hours>',
      'begin steps only at these hours, local time (22:00-05:00); pause (exit 4) outside them',
    );
    command.addOption(during.argParser(dayWindow));
  }
  for (const command of [check, preview, run, resume, rollback]) {
    command.option(
      '--accept-downtime',
      'one- and two-member clusters: take a pause in writes at each restart',
    );
    command.option('--tolerate-down <member...>', 'members that may be down from the start');
  }
  addLooks(onPlan);
}

function addRescue(onPlan: OnPlan): Command<[string]> {
  const rescue = onPlan(
    'rescue',
    'a cluster without quorum: the smallest change on hosts that brings it back',
    async () => (await import('./commands/rescue.ts')).rescue,
  );
  const lastResort = new Option(
    '--rescue-with <means>',
    'auto-tls: peer-auto-tls where nothing else helps (any TLS peer is accepted then)',
  );
  rescue.addOption(lastResort.choices(['auto-tls']));
  rescue.option(
    '--restore-from <member>',
    'where most data are gone for good: a new cluster, with new IDs, from the database of this member',
  );
  return rescue;
}

/** Commands about a run that change nothing in the cluster. */
function addLooks(onPlan: OnPlan): void {
  onPlan(
    'pause',
    'ask the running run to stop at the next safe point',
    async () => (await import('./commands/pause.ts')).pause,
  );
  const status = onPlan(
    'status',
    'the cluster and the run, now',
    async () => (await import('./commands/status.ts')).status,
  );
  status.option('--watch', 'again every 2 s, until Ctrl-C');
  onPlan(
    'verify',
    'is every peer link mutual TLS, and nothing else accepted?',
    async () => (await import('./commands/verify.ts')).verify,
  );
  const report = onPlan(
    'report',
    'the record of a run, as text, JSON or one HTML page',
    async () => (await import('./commands/report.ts')).report,
  );
  report.option('--html <file>', 'write it as one page that needs no server; never over a file');
}

interface LabVerb {
  readonly text: string;
  readonly load: () => Promise<(flags: LabFlags) => Promise<number>>;
}

function addLab(top: Command, exitWith: (code: number) => void): void {
  const lab = top.command('lab').description('a real local etcd cluster to try it on');
  const verbs: Readonly<Record<string, LabVerb>> = {
    up: {
      text: 'start it, with a plan file ready to run',
      load: async () => (await import('./commands/lab.ts')).up,
    },
    status: {
      text: 'what its members do',
      load: async () => (await import('./commands/lab.ts')).status,
    },
    down: {
      text: 'stop it: only its own processes, by id',
      load: async () => (await import('./commands/lab.ts')).down,
    },
    demo: {
      text: 'start it, migrate it under a writer, prove that nothing was lost',
      load: async () => (await import('./commands/lab.ts')).demo,
    },
  };
  for (const [verb, { text, load }] of Object.entries(verbs)) {
    const command = lab.command(verb).description(text).exitOverride();
    for (const option of globalOptions()) command.addOption(option);
    command.option(
      '--dir <dir>',
      verb === 'demo'
        ? 'its folder (default: a temporary one)'
        : 'its folder (default: ./peershift-lab)',
    );
    if (verb === 'up' || verb === 'demo') {
      command.option('--members <n>', 'how many members (default: 3)', wholeNumber);
      command.option('--etcd <path>', 'the etcd binary (default: found on PATH or fetched once)');
    }
    if (verb === 'down') command.option('--purge', 'remove its folder too');
    if (verb === 'demo') command.option('--keep', 'keep the folder');
    command.action(async (own) => {
      const work = await load();
      exitWith(await work({ ...top.opts(), ...defined(own) }));
    });
  }
}

function portNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1024 && value <= 65_000) return value;
  throw new InvalidArgumentError('It must be a whole number from 1024 to 65000.');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 9) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 9.');
}

function dayWindow(text: string): DayWindow {
  const window = parseDayWindow(text);
  if (window.ok) return window.value;
  throw new InvalidArgumentError(`${window.error}.`);
}

/** A flag that was not given after the command does not hide one that was given before it. */
function defined<T extends object>(flags: T): Partial<T> {
  const entries = Object.entries(flags).filter(([name, value]) => {
    return value !== undefined && !(name === 'color' && value === true);
  });
  return Object.fromEntries(entries) as Partial<T>;
}
