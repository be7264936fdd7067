/** Turns an argv into an outcome: one command, no shell, a deadline, bounded output. */

import { execFile } from 'node:child_process';

export interface CommandOutcome {
  /** Undefined when it could not be started, was ended by a signal or passed its deadline. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** What it said, or why it could not run. */
  readonly stderr: string;
}

export interface CommandOptions {
  readonly deadlineMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Enough for every text that a lab command prints; more would be a runaway. */
const OUTPUT_MAX_BYTES = 1024 * 1024;

/** Settings a lab command may see; etcd takes each `ETCD_` name for a flag, so nothing else passes. */
const PASSED_ON = ['PATH', 'HOME', 'http_proxy', 'https_proxy', 'no_proxy'] as const;

/** Runs one command to its end or its deadline; never throws. */
export function runCommand(
  argv: readonly [string, ...string[]],
  options: CommandOptions,
): Promise<CommandOutcome> {
  const [program, ...rest] = argv;
  return new Promise((resolve) => {
    execFile(
      program,
      rest,
      {
        env: { ...options.environment },
        timeout: options.deadlineMs,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_MAX_BYTES,
        ...(options.folder === undefined ? {} : { cwd: options.folder }),
      },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve({ exitCode: 0, stdout, stderr });
        } else if (typeof error.code === 'number') {
          resolve({ exitCode: error.code, stdout, stderr });
        } else {
          const late =
            error.killed === true ? `no end within ${String(options.deadlineMs)} ms` : '';
          resolve({ exitCode: undefined, stdout, stderr: stderr || late || error.message });
        }
      },
    );
  });
}

/** The small environment of every lab command: texts in English, proxies kept for downloads. */
export function commandEnvironment(environment: Environment): Record<string, string> {
  const passed = PASSED_ON.map((name) => [name, environment[name]] as const);
  const kept = passed.filter((pair): pair is [(typeof pair)[0], string] => pair[1] !== undefined);
  return { PATH: '/usr/bin:/bin', ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** The last lines of what a command said, for the `but` line of a failure. */
export function lastWords(outcome: CommandOutcome, lines = 3): string {
  const said = outcome.stderr.trim() || outcome.stdout.trim();
  const tail = said.split('\n').slice(-lines).join(' | ');
  const exit = outcome.exitCode === undefined ? 'no exit code' : `exit ${String(outcome.exitCode)}`;
  return tail === '' ? exit : `${exit}: ${tail}`;
}
