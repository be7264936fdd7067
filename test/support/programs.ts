/** Turns an argv into a program's output, or into an error with what it said. */

import { execFile } from 'node:child_process';

export interface ProgramOptions {
  readonly deadlineMs?: number;
  /** Given to it as its input. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ProgramEnd {
  /** Undefined when a signal, also that of our deadline, ended it. */
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** None of the small programs that tests call takes this long on a busy machine. */
const DEADLINE_MS = 30_000;
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** Its stdout; throws when it does not exit with 0. */
export async function program(
  argv: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { exit, stdout, stderr } = await programEnd(argv, options);
  if (exit === 0) return stdout;
  const how = exit === undefined ? 'was ended' : `exited with ${String(exit)}`;
  throw new Error(`${argv.join(' ')} ${how}: ${(stderr || stdout).slice(-2000)}`);
}

/** Whatever its exit; throws only when it could not be started. */
export function programEnd(
  argv: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramEnd> {
  const [file = '', ...words] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      words,
      {
        timeout: options.deadlineMs ?? DEADLINE_MS,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES,
        env: { ...process.env, ...options.environment },
      },
      (error, stdout, stderr) => {
        const code: unknown = error?.code;
        if (typeof code === 'string') reject(new Error(`${argv.join(' ')}: ${code}`));
        else resolve({ exit: exitOf(error), stdout, stderr });
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

function exitOf(error: { readonly code?: unknown } | null): number | undefined {
  if (error === null) return 0;
  return typeof error.code === 'number' ? error.code : undefined;
}
