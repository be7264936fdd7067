/** Turns routes into ssh connections that are opened when needed, shared, and opened anew after a drop. */

import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Client, ClientChannel } from 'ssh2';

import { type Result, err, ok } from '../../base/result.ts';
import { type Dialing, connect } from './connect.ts';
import type { Route } from './route.ts';
import { type SshTrouble, notSent, uncertain } from './trouble.ts';

/** sshd allows 10 sessions on a connection unless told otherwise (MaxSessions); two are left to others. */
const SESSIONS = 8;
/** sshd answers the request for a session at once; a frozen one never does. */
const SESSION_MS = 15_000;
/** A session that has just ended is counted by sshd for a moment more; then there is room, or never. */
const ROOM_MS = 2000;
const ROOM_LOOK_MS = 50;
/** How sshd says that it does not forward (AllowTcpForwarding no). */
const FORWARDING_FORBIDDEN = 1;

export interface Session {
  readonly channel: ClientChannel;
  /** Undefined before the end, and when the connection broke before it was told. */
  exit(): SessionExit | undefined;
}

export interface SessionExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

export type Surrounding = Omit<Dialing, 'through'>;

/** One connection to one host as one user; nothing is dialled before the first call. */
export class SshConnection {
  readonly route: Route;
  readonly #around: Surrounding;
  readonly #via: SshConnection | undefined;
  readonly #limit = pLimit(SESSIONS);
  /** Sessions that sshd has opened and that have not ended. */
  #inUse = 0;
  #client: Promise<Result<Client, SshTrouble>> | undefined;
  #isClosed = false;

  constructor(route: Route, around: Surrounding, via: SshConnection | undefined) {
    this.route = route;
    this.#around = around;
    this.#via = via;
  }

  /** Runs the line in a session of its own; a session that sshd has no room for waits for another's end. */
  async session<T>(
    line: string,
    use: (session: Session) => Promise<T>,
  ): Promise<Result<T, SshTrouble>> {
    let fullSinceMs: number | undefined;
    for (;;) {
      const tried = await this.#limit(async () => {
        const opened = await this.#openSession(line);
        if (typeof opened === 'string' || !opened.ok) return opened;
        this.#inUse += 1;
        try {
          return ok(await use(opened.value));
        } finally {
          this.#inUse -= 1;
        }
      });
      if (tried !== 'full') return tried;
      const others = this.#inUse;
      // From now on, it waits until one of those ends.
      this.#limit.concurrency = Math.max(1, others);
      fullSinceMs = others > 0 ? undefined : (fullSinceMs ?? performance.now());
      if (fullSinceMs === undefined) continue;
      if (performance.now() - fullSinceMs > ROOM_MS) return err(this.#noRoom());
      await delay(ROOM_LOOK_MS);
    }
  }

  /** A stream to an address as the host sees it. */
  async forward(host: string, port: number): Promise<Result<Duplex, SshTrouble>> {
    const client = await this.#ready();
    if (!client.ok) return client;
    return await new Promise((resolve) => {
      const fail = (error: unknown): void => {
        resolve(err(this.#forwardTrouble(host, port, error)));
      };
      const late = setTimeout(() => {
        fail(new Error(`no answer within ${String(SESSION_MS)} ms`));
      }, SESSION_MS);
      try {
        client.value.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
          clearTimeout(late);
          if (error !== undefined) {
            fail(error);
            return;
          }
          // A stream that breaks closes; whoever uses it sees that.
          channel.on('error', () => undefined);
          resolve(ok(channel));
        });
      } catch (error) {
        clearTimeout(late);
        fail(error);
      }
    });
  }

  /** Lets go of a connection that answers no more; the next call makes a new one. */
  abandon(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.then((made) => {
      if (made.ok) made.value.destroy();
    });
  }

  /** Ends the connection: what runs in its sessions is cut off, and not stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const client = await this.#client;
    if (client?.ok === true) client.value.end();
  }

  async #openSession(line: string): Promise<Result<Session, SshTrouble> | 'full'> {
    for (let isSecond = false; ; isSecond = true) {
      const client = await this.#ready();
      if (!client.ok) return client;
      const opened = await openSession(client.value, line);
      if (opened === 'not-connected' && !isSecond) {
        // Nothing was sent: a connection that was lost while it was idle is simply made anew.
        this.#client = undefined;
        continue;
      }
      if (opened === 'full') return 'full';
      if (typeof opened !== 'string') return ok(opened);
      this.abandon();
      const but = 'the ssh connection was lost before the command was known to have begun';
      return err(uncertain(but, this.route.host));
    }
  }

  async #ready(): Promise<Result<Client, SshTrouble>> {
    if (this.#isClosed)
      return err(notSent('HOST_UNREACHABLE', 'the connection was ended', 'run again'));
    this.#client ??= this.#connect();
    const mine = this.#client;
    const client = await mine;
    if (!client.ok && this.#client === mine) this.#client = undefined;
    return client;
  }

  async #connect(): Promise<Result<Client, SshTrouble>> {
    const via = this.#via;
    const { host, port } = this.route;
    const through = via === undefined ? undefined : () => via.forward(host, port);
    const connected = await connect(this.route, { ...this.#around, through });
    if (connected.ok) {
      const { value } = connected;
      value.once('close', () => {
        void this.#forget(value);
      });
    }
    return connected;
  }

  async #forget(client: Client): Promise<void> {
    const mine = this.#client;
    const present = await mine;
    const isStillIt = present?.ok === true && present.value === client;
    if (isStillIt && this.#client === mine) this.#client = undefined;
  }

  #noRoom(): SshTrouble {
    return notSent(
      'HOST_UNREACHABLE',
      `sshd at ${this.route.host} opens no session on a connection that is logged in`,
      'see MaxSessions (1 or more) and the log of sshd on that host',
    );
  }

  #forwardTrouble(host: string, port: number, error: unknown): SshTrouble {
    const target = `${host} port ${String(port)}`;
    const through = `through ssh to ${this.route.host}`;
    if (reasonOf(error) === FORWARDING_FORBIDDEN) {
      const but = `sshd at ${this.route.host} forbids forwarding to ${target}`;
      const remedy = `set AllowTcpForwarding (and PermitOpen) in its sshd_config for ${this.route.user}`;
      return notSent('HOST_UNREACHABLE', but, remedy);
    }
    const words = error instanceof Error ? error.message : String(error);
    const remedy = 'see that something listens there, and that the host can reach it';
    return notSent('HOST_UNREACHABLE', `no connection to ${target} ${through}: ${words}`, remedy);
  }
}

type Opened = Session | 'full' | 'not-connected' | 'lost';

async function openSession(client: Client, line: string): Promise<Opened> {
  return await new Promise((resolve) => {
    let isOver = false;
    const done = (opened: Opened): void => {
      if (isOver && typeof opened !== 'string') opened.channel.close();
      isOver = true;
      clearTimeout(late);
      client.off('close', lost);
      resolve(opened);
    };
    const lost = (): void => {
      done('lost');
    };
    const late = setTimeout(lost, SESSION_MS);
    client.once('close', lost);
    try {
      client.exec(line, (error, channel) => {
        if (error === undefined) done(sessionOf(channel));
        else done(reasonOf(error) === undefined ? 'lost' : 'full');
      });
    } catch {
      // ssh2 throws when it knows that there is no connection.
      done('not-connected');
    }
  });
}

/** Listens at once: the end of a quick command comes with the answer that it has begun. */
function sessionOf(channel: ClientChannel): Session {
  let exit: SessionExit | undefined;
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = { code: code ?? undefined, signal };
  });
  // One that breaks closes, and that is seen.
  channel.on('error', () => undefined);
  return { channel, exit: () => exit };
}

/** sshd's number for why a channel was not opened. */
function reasonOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('reason' in error)) return undefined;
  return typeof error.reason === 'number' ? error.reason : undefined;
}
