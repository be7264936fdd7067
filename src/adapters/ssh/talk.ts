/** Turns a script and its arguments into what it wrote and how it ended on the host, as root where asked. */

import { randomBytes } from 'node:crypto';

import { type Result, err, ok } from '../../base/result.ts';
import type { Session, SshConnection } from './connection.ts';
import { commandLine } from './quoting.ts';
import { type SshTrouble, notSent, uncertain } from './trouble.ts';

export interface Account {
  readonly connection: SshConnection;
  readonly label: string;
  readonly sudo: Sudo;
}

/** A password comes from an environment variable; it goes to sudo's standard input and nowhere else. */
export type Sudo =
  | 'no'
  | 'without-password'
  | { readonly passwordName: string; readonly password: string | undefined };

export interface Script {
  readonly script: string;
  readonly args: readonly string[];
  readonly stdin?: Uint8Array | undefined;
  /** The whole exchange; the connection is made before. */
  readonly deadlineMs: number;
}

export interface Said {
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly tookMs: number;
}

/** What one script may say: a file of the largest size that is read, and its facts. */
const SAID_BYTES = 40 * 1024 * 1024;
/** The kernel takes no longer argument (MAX_ARG_STRLEN), and sshd hands the line over as one. */
const LINE_BYTES = 128 * 1024 - 1;
const NONCE_BYTES = 12;
const TAIL_CHARACTERS = 300;

/** One session. An answer is only taken from a script that said its own random word first. */
export async function talk(account: Account, script: Script): Promise<Result<Said, SshTrouble>> {
  const nonce = randomBytes(NONCE_BYTES).toString('hex');
  const prompt = `[${nonce}]`;
  const argv = [
    ...sudoArgv(account.sudo, prompt),
    'sh',
    '-c',
    script.script,
    nonce,
    ...script.args,
  ];
  const line = `exec env LC_ALL=C ${commandLine(argv)}`;
  const problem = lineProblem(argv, line) ?? sudoProblem(account.sudo);
  if (problem !== undefined) return err(problem);
  const heard = await account.connection.session(line, (session) =>
    listen(session, { nonce, prompt, sudo: account.sudo, script }),
  );
  if (!heard.ok) return heard;
  return judged(account, heard.value, script.deadlineMs);
}

/** English messages for us; the command itself gets an environment of its own. */
function sudoArgv(sudo: Sudo, prompt: string): readonly string[] {
  if (sudo === 'no') return [];
  if (sudo === 'without-password') return ['sudo', '-n', '--'];
  return ['sudo', '-S', '-k', '-p', prompt, '--'];
}

function sudoProblem(sudo: Sudo): SshTrouble | undefined {
  if (typeof sudo === 'string' || (sudo.password !== undefined && sudo.password !== ''))
    return undefined;
  const name = sudo.passwordName;
  const but = `the environment variable ${name}, for the password of sudo, is not set`;
  return notSent('SUDO_REFUSED', but, `set ${name} for this command`);
}

function lineProblem(argv: readonly string[], line: string): SshTrouble | undefined {
  const remedy = 'shorten what the plan file gives for this host';
  if (argv.some((word) => word.includes('\0')))
    return notSent('HOST_COMMAND_FAILED', 'an argument holds a NUL byte', remedy);
  const bytes = Buffer.byteLength(line);
  if (bytes <= LINE_BYTES) return undefined;
  const but = `the command has ${String(bytes)} bytes, and a host takes ${String(LINE_BYTES)}`;
  return notSent('HOST_COMMAND_FAILED', but, remedy);
}

interface Exchange {
  readonly nonce: string;
  readonly prompt: string;
  readonly sudo: Sudo;
  readonly script: Script;
}

interface Heard {
  readonly end: 'closed' | 'late' | 'flooded';
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** What stood before the random word is not among these. Undefined: the script has not begun. */
  readonly stdout: Buffer | undefined;
  readonly stderr: string;
  readonly prompts: number;
  readonly tookMs: number;
}

async function listen(session: Session, exchange: Exchange): Promise<Heard> {
  const { channel } = session;
  const { nonce, prompt, sudo, script } = exchange;
  const startedAtMs = performance.now();
  const out = new Stream(nonce);
  const errors = new Stream(nonce);
  let prompts = 0;
  return await new Promise((resolve) => {
    const finish = (end: Heard['end']): void => {
      clearTimeout(late);
      const tookMs = performance.now() - startedAtMs;
      const said = { stdout: out.after, stderr: (errors.after ?? errors.all()).toString('utf8') };
      const exit = session.exit();
      resolve({ end, exitCode: exit?.code, signal: exit?.signal, ...said, prompts, tookMs });
      if (end !== 'closed') channel.close();
    };
    const late = setTimeout(() => {
      finish('late');
    }, script.deadlineMs);
    const give = (): void => {
      channel.end(script.stdin === undefined ? undefined : Buffer.from(script.stdin));
    };
    channel.on('data', (bytes: Buffer) => {
      out.add(bytes);
      if (out.size > SAID_BYTES) finish('flooded');
    });
    let hasGiven = typeof sudo === 'string';
    channel.stderr.on('data', (bytes: Buffer) => {
      errors.add(bytes);
      if (hasGiven) return;
      if (errors.after !== undefined) {
        hasGiven = true;
        give();
      } else if (errors.count(prompt) > prompts) {
        prompts += 1;
        // A second question means that the first answer was wrong: the end of the input ends sudo.
        if (prompts === 1 && typeof sudo !== 'string') channel.write(`${sudo.password ?? ''}\n`);
        else channel.end();
      }
    });
    channel.once('close', () => {
      finish('closed');
    });
    if (hasGiven) give();
  });
}

/** Bytes as they come; those after the line with the random word are the script's own. */
class Stream {
  readonly #word: Buffer;
  readonly #parts: Buffer[] = [];
  #start: number | undefined;
  size = 0;

  constructor(nonce: string) {
    this.#word = Buffer.from(`\n${nonce}\n`);
  }

  add(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.size += bytes.length;
    if (this.#start !== undefined) return;
    const at = this.all().indexOf(this.#word);
    if (at >= 0) this.#start = at + this.#word.length;
  }

  all(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get after(): Buffer | undefined {
    return this.#start === undefined ? undefined : this.all().subarray(this.#start);
  }

  count(text: string): number {
    return this.all().toString('utf8').split(text).length - 1;
  }
}

function judged(account: Account, heard: Heard, deadlineMs: number): Result<Said, SshTrouble> {
  const { label, connection } = account;
  if (heard.end === 'late') {
    connection.abandon();
    const but = `${label} gave no answer within ${String(Math.round(deadlineMs))} ms`;
    return err(uncertain(but, label));
  }
  if (heard.end === 'flooded') {
    const but = `it wrote more than ${String(SAID_BYTES)} bytes and was cut off`;
    return err({ ...uncertain(but, label), code: 'HOST_COMMAND_FAILED' });
  }
  const { exitCode, stdout, stderr, tookMs } = heard;
  if (stdout === undefined) return err(notBegun(account, heard));
  if (exitCode === undefined && heard.signal === undefined)
    return err(uncertain(`the ssh connection to ${label} was lost while it ran`, label));
  return ok({ exitCode, stdout, stderr, tookMs });
}

/** The shell at the other end, or sudo, did not come as far as our first word. */
function notBegun(account: Account, heard: Heard): SshTrouble {
  const { label, sudo } = account;
  if (heard.exitCode === undefined && heard.signal === undefined)
    return uncertain(`the ssh connection to ${label} was lost before the command began`, label);
  const said = heard.stderr.trim().slice(-TAIL_CHARACTERS);
  if (sudo !== 'no') return sudoTrouble(account, said, heard.prompts);
  return notSent(
    'HOST_COMMAND_FAILED',
    `no command of ours runs there; it said: ${said === '' ? 'nothing' : said}`,
    'give the user a POSIX login shell (sh, bash, dash), without a forced command',
  );
}

function sudoTrouble(
  { label, sudo, connection }: Account,
  said: string,
  prompts: number,
): SshTrouble {
  const { user } = connection.route;
  const trouble = (but: string, remedy: string): SshTrouble => notSent('SUDO_REFUSED', but, remedy);
  const allow = `allow it on ${label}: "${user} ALL=(root) NOPASSWD: ALL" in a file of /etc/sudoers.d`;
  if (prompts > 1) {
    const name = typeof sudo === 'string' ? 'the environment' : sudo.passwordName;
    return trouble(`sudo did not take the password in ${name} for ${user}`, `correct ${name}`);
  }
  if (said.includes('password is required') && prompts === 0)
    return trouble(
      `sudo asks for the password of ${user}, and none is given`,
      `set host.sudo: { password: { env: NAME } } in the plan file, or ${allow}`,
    );
  if (said.includes('must have a tty'))
    return trouble(
      'sudo wants a terminal there (requiretty), and peershift has none',
      `put "Defaults:${user} !requiretty" into a file of /etc/sudoers.d on ${label}`,
    );
  if (/not found|No such file/.test(said))
    return trouble(
      `there is no sudo on ${label}`,
      'install sudo, or log in as root without host.sudo',
    );
  const words = said === '' ? 'it said nothing' : `it said: ${said}`;
  return trouble(`sudo does not let ${user} run sh as root; ${words}`, allow);
}
