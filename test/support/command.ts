/** Turns words into the built command, run as a process of its own, and its output into events and an end. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

import type { PeershiftEvent } from '../../src/model/event.ts';
import type { StepId } from '../../src/model/ids.ts';
import type { Step } from '../../src/model/step.ts';
import { CHECKOUT } from './checkout.ts';

export type CommandEvent = PeershiftEvent & { readonly seq: number; readonly at: string };

export interface CommandEnd {
  /** Undefined when a signal ended it. */
  readonly exit: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** What stderr said, on one line: where it was wrapped depends on how long the paths are. */
  readonly said: string;
  /** What `--json` printed; empty without it. */
  readonly events: readonly CommandEvent[];
  readonly tookMs: number;
}

export interface RunningCommand {
  readonly ended: Promise<CommandEnd>;
  /** The first event that fits, also one that is past; throws with the output when the end comes first. */
  event(fits: (event: CommandEvent) => boolean): Promise<CommandEvent>;
  /** The first step that fits and was about to begin: the entry is in the journal, the hand moves. */
  intended(fits: (step: Step) => boolean): Promise<Step>;
  kill(signal: NodeJS.Signals): void;
}

export interface CommandOptions {
  /** The entry point; default the built one of this checkout. */
  readonly main?: string | undefined;
  /** Root can become somebody else. */
  readonly userId?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly folder?: string | undefined;
  /** Words in front of all: those of a program that starts another one, elsewhere. */
  readonly within?: readonly string[] | undefined;
}

/** Another build can be tried without touching the checkout's own. */
const MAIN = process.env['PEERSHIFT_MAIN'] ?? path.join(CHECKOUT, 'dist/cli/main.js');
/** Far above a whole migration of three members, below what a whole story may take. */
const COMMAND_DEADLINE_MS = 480_000;
const SHOWN_CHARACTERS = 6000;

/** Runs the command to its end. */
export function command(
  words: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  return startCommand(words, options).ended;
}

/** Starts the command without a terminal; it is killed when it does not end in time. */
export function startCommand(
  words: readonly string[],
  options: CommandOptions = {},
): RunningCommand {
  const { main = MAIN, userId, environment = {}, folder, within = [] } = options;
  const startedAtMs = performance.now();
  const [program = '', ...rest] = [...within, process.execPath, main, ...words];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...environment },
    ...(folder === undefined ? {} : { cwd: folder }),
    ...(userId === undefined ? {} : { uid: userId, gid: userId }),
  });
  const record = new Recorder(child);
  const overdue = setTimeout(() => {
    child.kill('SIGKILL');
  }, COMMAND_DEADLINE_MS);
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => {
      clearTimeout(overdue);
      const tookMs = performance.now() - startedAtMs;
      resolve(record.end(exit ?? undefined, signal ?? undefined, tookMs));
    });
  });
  return {
    ended,
    event: (fits) => record.event(fits),
    intended: async (fits) => {
      const event = await record.event((each) => {
        return each.type === 'intended' && fits(record.step(each.step));
      });
      if (event.type !== 'intended') throw new Error('only intents were asked for');
      return record.step(event.step);
    },
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

/** Everything that it said, for a person who reads why a test failed. */
export function textOfEnd({ exit, signal, stdout, stderr }: CommandEnd): string {
  const how = exit === undefined ? `ended by ${signal ?? 'nothing'}` : `exit ${String(exit)}`;
  const tail = (text: string): string => text.slice(-SHOWN_CHARACTERS);
  return `${how}\n--- stdout\n${tail(stdout)}\n--- stderr\n${tail(stderr)}`;
}

interface Waiter {
  readonly fits: (event: CommandEvent) => boolean;
  readonly resolve: (event: CommandEvent) => void;
  readonly reject: (error: Error) => void;
}

class Recorder {
  readonly #events: CommandEvent[] = [];
  readonly #steps = new Map<StepId, Step>();
  #waiters: Waiter[] = [];
  #end: CommandEnd | undefined;
  #stdout = '';
  #stderr = '';

  constructor(child: ChildProcess) {
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error('the command has no pipes');
    createInterface({ input: stdout }).on('line', (line) => {
      this.#stdout += `${line}\n`;
      if (line.startsWith('{"v":')) this.#take(JSON.parse(line) as CommandEvent);
    });
    stderr.on('data', (bytes: Buffer) => {
      this.#stderr += bytes.toString('utf8');
    });
  }

  event(fits: Waiter['fits']): Promise<CommandEvent> {
    const past = this.#events.find((each) => fits(each));
    if (past !== undefined) return Promise.resolve(past);
    if (this.#end !== undefined) return Promise.reject(this.#tooLate(this.#end));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ fits, resolve, reject });
    });
  }

  step(id: StepId): Step {
    const step = this.#steps.get(id);
    if (step === undefined) throw new Error(`no plan that was told has a step ${id}`);
    return step;
  }

  end(exit: number | undefined, signal: NodeJS.Signals | undefined, tookMs: number): CommandEnd {
    const [stdout, stderr] = [this.#stdout, this.#stderr];
    const said = stderr.replaceAll(/\s+/gu, ' ');
    this.#end = { exit, signal, stdout, stderr, said, events: this.#events, tookMs };
    for (const { reject } of this.#waiters) reject(this.#tooLate(this.#end));
    return this.#end;
  }

  #take(event: CommandEvent): void {
    this.#events.push(event);
    if (event.type === 'planned') for (const step of event.steps) this.#steps.set(step.id, step);
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.fits(event)) return true;
      waiter.resolve(event);
      return false;
    });
  }

  #tooLate(end: CommandEnd): Error {
    return new Error(`the command ended before the event that was waited for: ${textOfEnd(end)}`);
  }
}
