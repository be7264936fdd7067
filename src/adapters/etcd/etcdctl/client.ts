/** Turns one request into one etcdctl command on the host of a member, by a deadline. */

import { type Result, err, ok } from '../../../base/result.ts';
import type { CallOptions, Caller, Rpc } from '../client.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Trouble, notSent } from '../trouble.ts';
import { type CtlCommand, commandFor } from './commands.ts';
import { NotUnderstood, parseWithDigits } from './json.ts';
import { type Program, START_MS, type Secrets, runEtcdctl, versionOf } from './program.ts';
import { type Asked, notUnderstood, saidBy } from './words.ts';

export interface CtlOptions extends Secrets {
  /** Of every call that does not bring its own, in milliseconds. */
  readonly callMs: number;
}

/**
 * What a member tells from its own memory comes at once. etcd's client dials a member that is down until
 * its time is up, so this is also how long a look at such a member takes.
 */
const LOOK_MS = 3000;
/** A command's own share of the time that a connection may take. */
const DIAL_MS = 2000;

/** Programs that were asked for their version, and have a known one. */
const USABLE = new WeakMap<object, Set<string>>();

export class CtlClient implements Caller {
  readonly endpoint: Endpoint;
  readonly program: Program;
  readonly options: CtlOptions;
  readonly #problem: string | undefined;

  constructor(endpoint: Endpoint, program: Program, options: CtlOptions, problem?: string) {
    this.endpoint = endpoint;
    this.program = program;
    this.options = options;
    this.#problem = endpoint.problem ?? problem ?? loginProblem(options);
  }

  /** As gRPC answers it; a call that the member answers to all is first made without the login. */
  async call<T>(rpc: Rpc, request: object, options: CallOptions = {}): Promise<Result<T, Trouble>> {
    const isOpen = options.isOpenToAll === true;
    const timeoutMs = options.deadlineMs ?? (isOpen ? LOOK_MS : this.options.callMs);
    const { tls, auth } = this.options;
    const command = commandFor(rpc, request);
    if (!isOpen || auth === undefined) return this.#send<T>(command, this.options, timeoutMs);
    const first = await this.#send<T>(command, tls === undefined ? {} : { tls }, timeoutMs);
    if (first.ok || !wantsLogin(first.error)) return first;
    return this.#send<T>(command, this.options, timeoutMs);
  }

  /** Good when the command ends well; it prints nothing that is needed. */
  run(words: readonly string[]): Promise<Result<undefined, Trouble>> {
    return this.#send<undefined>({ words }, this.options, this.options.callMs);
  }

  /** Can anything be sent, and by this program? */
  async ready(): Promise<Result<undefined, Trouble>> {
    if (this.#problem !== undefined) return err(notSent(this.#problem));
    const { host, etcdctl } = this.program;
    const known = USABLE.get(host) ?? new Set();
    USABLE.set(host, known);
    if (known.has(etcdctl)) return ok(undefined);
    const version = await versionOf(this.program);
    if (!version.ok) return version;
    known.add(etcdctl);
    return ok(undefined);
  }

  asked(timeoutMs: number): Asked {
    const { endpoint, program, options } = this;
    return { endpoint, host: program.host.label, timeoutMs, secret: options.auth?.password };
  }

  /** Flags, for etcdctl 3.3 reads the time-out of a membership command before its environment. */
  flags(timeoutMs: number): readonly string[] {
    const dialMs = Math.min(timeoutMs, DIAL_MS);
    return [
      `--endpoints=${this.endpoint.shown}`,
      `--dial-timeout=${String(dialMs)}ms`,
      `--command-timeout=${String(timeoutMs)}ms`,
    ];
  }

  async #send<T>(
    command: CtlCommand,
    secrets: Secrets,
    timeoutMs: number,
  ): Promise<Result<T, Trouble>> {
    const ready = await this.ready();
    if (!ready.ok) return ready;
    const { words, stdin, read } = command;
    const { tls, auth } = secrets;
    const ended = await runEtcdctl(this.program, {
      words: [...this.flags(timeoutMs), ...words],
      secrets: { ...(tls === undefined ? {} : { tls }), ...(auth === undefined ? {} : { auth }) },
      deadlineMs: timeoutMs + START_MS,
      ...(stdin === undefined ? {} : { stdin }),
    });
    if (!ended.ok) return ended;
    const asked = this.asked(timeoutMs);
    if (ended.value.exitCode !== 0) return err(saidBy(ended.value, asked));
    if (read === undefined) return ok(undefined as T);
    const { stdout } = ended.value;
    const parsed = parseWithDigits(stdout);
    if (!parsed.ok) return err(notUnderstood(asked, parsed.error, stdout));
    try {
      return ok(read(parsed.value) as T);
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      return err(notUnderstood(asked, error.message, stdout));
    }
  }
}

/** What etcd says to a call without a login where one is needed. */
function wantsLogin({ words }: Trouble): boolean {
  return /invalid auth token|user name is empty|permission denied/.test(words);
}

/** etcdctl takes the name up to the first colon. */
function loginProblem({ auth }: Secrets): string | undefined {
  if (auth?.username.includes(':') !== true) return undefined;
  return 'etcdctl takes no user name with a colon in it (cluster.auth.username)';
}
