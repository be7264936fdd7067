#!/usr/bin/env node
/** Turns the words of the command line into one command, and its answer into the exit code. */

import { CommanderError } from '@commander-js/extra-typings';

import { commandLine } from './command-line.ts';
import { keepLittleGarbage } from './small-memory.ts';

const EXIT_BUG = 1;
const EXIT_USAGE = 2;

async function main(): Promise<void> {
  // Of what reads a gigabyte it would cost time.
  if (!process.argv.includes('explain')) keepLittleGarbage();
  try {
    await commandLine((code) => {
      process.exitCode = code;
    }).parseAsync();
  } catch (error) {
    const isHelp = error instanceof CommanderError && error.exitCode === 0;
    if (isHelp) return;
    const exit = error instanceof CommanderError ? EXIT_USAGE : EXIT_BUG;
    process.exitCode = exit;
    if (process.argv.includes('--json')) await tellOutcome(exit);
    if (exit === EXIT_BUG) tellBug(error, process.argv.includes('--verbose'));
  }
}

/** With --json the last line is an outcome, whatever went wrong. */
async function tellOutcome(exit: number): Promise<void> {
  const { Output } = await import('./output.ts');
  const code = exit === EXIT_USAGE ? 'ARGUMENTS_INVALID' : 'BUG';
  new Output({ json: true, color: false }).outcome(exit, code, undefined);
}

function tellBug(error: unknown, isVerbose: boolean): void {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`peershift has a bug: ${text}\n`);
  process.stderr.write(
    '  the run, if one was going on, can be resumed; --verbose shows where it happened\n',
  );
  if (isVerbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}

await main();
