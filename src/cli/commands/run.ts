/** run, resume, rollback: preview, confirm, execute; the exit code tells how it ended. */

import { createInterface } from 'node:readline/promises';

import type { DayWindow } from '../../base/day-window.ts';
import type { Commanded } from '../../engine-command.ts';
import { resumePlan, rollbackPlan, runPlan } from '../../engine-run.ts';
import type { Confirmed, Ended, OnStop, Prepared } from '../../engine-types.ts';
import type { Failure } from '../../model/failure.ts';
import type { PauseRequest } from '../../run/pauses.ts';
import { standing } from '../../show/status.ts';
import { type Keys, listenForKeys } from '../keys.ts';
import { planToRun } from '../saved-plan.ts';
import { type Session, type SessionFlags, outputOf, refuse, withPlan } from '../session.ts';
import { preview, showPreview } from './preview.ts';

export interface RunFlags extends SessionFlags {
  readonly yes?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly stopBefore?: 'strict' | 'close-http' | undefined;
  readonly pauseAfter?: string | undefined;
  readonly until?: string | undefined;
  readonly onlyDuring?: DayWindow | undefined;
}

export async function run(planFile: string, flags: RunFlags): Promise<number> {
  if (flags.dryRun === true) return preview(planFile, flags);
  const plan = await planToRun(planFile);
  if (!plan.ok) return refuse(outputOf(flags), [plan.error]);
  const { expects } = plan.value;
  return execute(plan.value.planFile, flags, (command) => runPlan({ ...command, expects }));
}

export async function resume(planFile: string, flags: RunFlags): Promise<number> {
  return execute(planFile, flags, resumePlan);
}

export async function rollback(planFile: string, flags: RunFlags): Promise<number> {
  return execute(planFile, flags, rollbackPlan);
}

export async function execute(
  planFile: string,
  flags: RunFlags,
  command: (commanded: Commanded) => Promise<Ended>,
): Promise<number> {
  return withPlan(planFile, flags, async (session) => {
    const { output, rim, options } = session;
    if (flags.yes !== true && !process.stdin.isTTY) return refuse(output, [noTerminal()]);
    const signals = listenForSignals(session);
    await output.followLive();
    try {
      const ended = await command({
        rim,
        options,
        onStop: signals.onStop,
        confirm: async (prepared) => {
          await showPreview(session, prepared, true);
          return confirmed(prepared, flags);
        },
      });
      output.endLive();
      tell(session, ended);
      return ended.exit;
    } finally {
      output.endLive();
      signals.stopListening();
    }
  });
}

/** The last phase of dual-url is the security cut-over, and has a question of its own. */
async function confirmed(prepared: Prepared, flags: RunFlags): Promise<Confirmed | undefined> {
  const { steps, direction } = prepared.proven.rollout;
  const hasStrict = direction === 'forward' && steps.some((step) => step.phase === 'strict');
  const pauses: PauseRequest = {
    beforePhase: flags.stopBefore,
    after: flags.pauseAfter,
    until: flags.until,
    during: flags.onlyDuring,
  };
  if (steps.length === 0 || flags.yes === true) return { pauses };
  if (!(await ask('Carry this out? [y/N] '))) return undefined;
  if (!hasStrict || flags.stopBefore !== undefined) return { pauses };
  const goesOn = await ask('Advertise https only at the end too (no: pause before it)? [y/N] ');
  return { pauses: goesOn ? pauses : { ...pauses, beforePhase: 'strict' } };
}

function tell({ output }: Session, ended: Ended & { readonly said?: string }): void {
  const { exit, failures, state, reportPath, said = '' } = ended;
  const told = exit === EXIT_ROLLED_BACK ? failures.map(undone) : failures;
  output.failures(told, exit === 3 || exit === 2 ? 'refused' : 'failed');
  if (reportPath !== undefined) output.progress(`report: ${reportPath}`);
  if (ended.handoffPath !== undefined) output.progress(`handoff: ${ended.handoffPath}`);
  if (said !== '') output.result(said, { type: 'rescue', said });
  else if (state !== undefined && state.direction !== 'rescue')
    output.progress(`next: ${standing(state).next}`);
  output.outcome(exit, failures[0]?.code ?? codeOf(ended), state?.run);
}

const EXIT_ROLLED_BACK = 5;

/** Whoever reads only the failure must know that it is over. */
function undone(failure: Failure): Failure {
  const so = `${failure.so}. It was undone: the cluster is back where the run started`;
  return { ...failure, so };
}

function codeOf({ exit, state }: Ended): string {
  if (state?.outcome !== undefined) return state.outcome.toUpperCase().replaceAll('-', '_');
  return exit === 0 ? 'NOTHING_TO_DO' : 'NOT_CONFIRMED';
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(question);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

interface Signals {
  readonly onStop: OnStop;
  stopListening(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const EXIT_INTERRUPTED = 130;

/** The first signal, or q, finishes the step in hand; the second ends the process at once, which resume can handle. */
function listenForSignals({ output }: Session): Signals {
  let stop: Parameters<OnStop>[0] | undefined;
  let hasAsked = false;
  const handle = (signal: string): void => {
    if (hasAsked || stop === undefined) process.exit(EXIT_INTERRUPTED);
    hasAsked = true;
    output.emit({ type: 'stopping', signal });
    stop('STOP');
  };
  let keys: Keys | undefined;
  for (const signal of SIGNALS) process.on(signal, handle);
  return {
    onStop: (given) => {
      stop = given;
      keys ??= listenForKeys({
        onPause: () => {
          output.emit({ type: 'pausing', because: 'at the next safe point, as asked by p' });
          given('PAUSE');
        },
        onStop: () => {
          handle('q');
        },
        onInterrupt: () => {
          handle('SIGINT');
        },
      });
    },
    stopListening: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
      keys?.stop();
    },
  };
}

function noTerminal(): Parameters<typeof refuse>[1][number] {
  return {
    code: 'NO_TERMINAL',
    where: 'this command',
    would: 'ask before the first change',
    but: 'there is no terminal to ask on',
    so: 'nothing has been changed',
    remedy: 'look at `peershift preview`, then pass --yes',
  };
}
