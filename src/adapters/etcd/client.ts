/** Turns one request into one answer of one member, by a deadline, with the login sent along. */

import type { Etcd3, ICallable, Services } from 'etcd3';
import { Bug, present } from '../../base/assert.ts';
import { type Result, err, ok } from '../../base/result.ts';
import { type Endpoint, type TlsFiles, dialTarget } from './endpoint.ts';
import { grpcTrouble, isLoginWanted, saysAuthIsOff } from './errors.ts';
import { quietIpServerName } from './ip-server-name.ts';
import { type Reason, type Trouble, closedByUs, notSent } from './trouble.ts';

export interface EtcdOptions {
  /** Present exactly when the client URLs are https. */
  readonly tls?: TlsFiles;
  readonly auth?: { readonly username: string; readonly password: string };
  /** How the member is reached when not directly; the host in its URL stays the name that TLS checks. */
  readonly way?: Way;
  /** The deadline of every call that does not bring its own, login included, in milliseconds. */
  readonly callMs: number;
}

/** A socket of this machine for each host and port. */
export interface Way {
  path(host: string, port: number): Promise<string>;
  /** Why the last connection there could not be made, and what to do; undefined when it could. */
  trouble(host: string, port: number): Reason | undefined;
}

/** `Service/Method`, both spelled as in etcd's rpc.proto: etcd3's own aliases miss HashKV. */
export type Rpc = `${keyof typeof Services}/${string}`;

/** What a stream or a single call is made with. */
export interface Line {
  /** The methods of one gRPC service, by their names in rpc.proto. */
  readonly stub: Readonly<Record<string, (...parts: unknown[]) => unknown>>;
  /** Carries the login. */
  readonly metadata: unknown;
  /** Milliseconds since the epoch. */
  readonly deadlineAtMs: number;
}

export interface CallOptions {
  readonly deadlineMs?: number;
  /** The member answers this without a login, which needs quorum: try that first. */
  readonly isOpenToAll?: boolean;
}

/** One member that can be sent requests, whatever carries them. */
export interface Caller {
  readonly endpoint: Endpoint;
  call<T>(rpc: Rpc, request: object, options?: CallOptions): Promise<Result<T, Trouble>>;
}

type Etcd3Module = typeof import('etcd3');
type Pool = ICallable<unknown>;

interface Channel {
  readonly module: Etcd3Module;
  readonly etcd: Etcd3;
  readonly pool: Pool;
}

/**
 * grpc-js waits between dials, up to 120 s by default: a member that comes back after a long restart must
 * be seen within a second. No proxy and no DNS TXT look-ups: gRPC goes the way that GET /health goes.
 */
const CHANNEL_OPTIONS = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
} as const;

/**
 * etcd3 brings the protocol, the channel and the error classes. Its policies are switched off, since they
 * send a call again after a lost answer, and so is its login, which opens one more channel for each try,
 * never closes it, and loses the token of snapshots.
 */
export class EtcdClient implements Caller {
  readonly endpoint: Endpoint;
  readonly options: EtcdOptions;
  readonly #problem: string | undefined;
  #channel: Promise<Result<Channel, Trouble>> | undefined;
  #token: Promise<string> | undefined;
  #isClosed = false;

  constructor(endpoint: Endpoint, options: EtcdOptions, tlsProblem: string | undefined) {
    this.endpoint = endpoint;
    this.options = options;
    this.#problem = endpoint.problem ?? tlsProblem;
  }

  /** Why nothing can be sent; undefined when it can. */
  get problem(): Trouble | undefined {
    if (this.#isClosed) return closedByUs();
    return this.#problem === undefined ? undefined : notSent(this.#problem);
  }

  /** One request, one answer. */
  async call<T>(rpc: Rpc, request: object, options: CallOptions = {}): Promise<Result<T, Trouble>> {
    const [service, method] = split(rpc);
    return this.use(service, options, (line) => unary<T>(line, method, request));
  }

  /**
   * Runs the action on the member's service; what it throws becomes trouble. A refused login is renewed and
   * the action run once more: such a refusal comes before etcd has done anything.
   */
  async use<T>(
    service: keyof typeof Services,
    options: CallOptions,
    action: (line: Line) => Promise<T>,
  ): Promise<Result<T, Trouble>> {
    if (this.problem !== undefined) return err(this.problem);
    const deadlineMs = options.deadlineMs ?? this.options.callMs;
    const channel = await this.#open();
    if (!channel.ok) return channel;
    const { module, pool } = channel.value;
    const deadlineAtMs = Date.now() + deadlineMs;
    const attempt = async (needsLogin: boolean): Promise<T> => {
      const token = needsLogin ? await this.#login(pool, deadlineAtMs) : '';
      return withToken(pool, service, token, (stub, metadata) =>
        action({ stub, metadata, deadlineAtMs }),
      );
    };
    const needsLogin = options.isOpenToAll !== true;
    try {
      const answer = await attempt(needsLogin).catch((error: unknown) => {
        if (this.options.auth === undefined) throw error;
        if (!isLoginWanted(error, module, needsLogin)) throw error;
        if (needsLogin) this.#token = undefined;
        return attempt(true).catch((again: unknown) => {
          // The token of before a restart, at a call that was tried without one.
          if (needsLogin || !isLoginWanted(again, module, true)) throw again;
          this.#token = undefined;
          return attempt(true);
        });
      });
      return ok(answer);
    } catch (error) {
      const { endpoint } = this;
      return err(this.withWay(grpcTrouble(error, module, { endpoint, deadlineMs })));
    }
  }

  /** What stands in the way tells more than what the broken connection says. */
  withWay(trouble: Trouble): Trouble {
    const { host, port } = this.endpoint;
    const reason = this.options.way?.trouble(host, port);
    return reason === undefined ? trouble : { ...trouble, ...reason };
  }

  close(): void {
    this.#isClosed = true;
    const channel = this.#channel;
    this.#channel = undefined;
    void channel?.then((opened) => {
      if (opened.ok) opened.value.etcd.close();
    });
  }

  #open(): Promise<Result<Channel, Trouble>> {
    this.#channel ??= openChannel(this.endpoint, this.options);
    return this.#channel;
  }

  /** The token, or nothing where the cluster has authentication switched off. */
  #login(pool: Pool, deadlineAtMs: number): Promise<string> {
    const { auth } = this.options;
    if (auth === undefined) return Promise.resolve('');
    if (this.#token !== undefined) return this.#token;
    const asked = authenticate(pool, auth, deadlineAtMs);
    this.#token = asked;
    asked.catch(() => {
      if (this.#token === asked) this.#token = undefined;
    });
    return asked;
  }
}

async function openChannel(
  endpoint: Endpoint,
  { tls, way }: EtcdOptions,
): Promise<Result<Channel, Trouble>> {
  const path = await way?.path(endpoint.host, endpoint.port);
  const [module, { noop }] = await Promise.all([import('etcd3'), import('cockatiel')]);
  if (endpoint.isTls) quietIpServerName(endpoint.host);
  try {
    const etcd = new module.Etcd3({
      hosts:
        path === undefined
          ? `${endpoint.isTls ? 'https' : 'http'}://${dialTarget(endpoint)}`
          : `unix:${path}`,
      faultHandling: { global: noop, host: () => noop },
      grpcOptions: path === undefined ? CHANNEL_OPTIONS : namedAs(endpoint),
      ...(tls === undefined ? {} : { credentials: credentials(tls) }),
    });
    // Not public in etcd3, and the only way to give a deadline, a token and a method name of our own.
    const pool = Reflect.get(etcd, 'pool') as Pool | undefined;
    return ok({ module, etcd, pool: present(pool, 'the connection pool of etcd3') });
  } catch (error) {
    if (tls === undefined || !(error instanceof Error) || error instanceof Bug) throw error;
    return err(notSent(`OpenSSL cannot use the TLS files: ${error.message}`));
  }
}

/** A socket's path hides which name the certificate must cover. */
function namedAs(endpoint: Endpoint): Readonly<Record<string, string | number>> {
  const name = endpoint.isTls ? { 'grpc.ssl_target_name_override': endpoint.host } : {};
  return { ...CHANNEL_OPTIONS, ...name, 'grpc.default_authority': dialTarget(endpoint) };
}

function credentials(tls: TlsFiles): {
  rootCertificate: Buffer;
  privateKey?: Buffer;
  certChain?: Buffer;
} {
  return {
    rootCertificate: tls.ca,
    ...(tls.key === undefined ? {} : { privateKey: tls.key }),
    ...(tls.cert === undefined ? {} : { certChain: tls.cert }),
  };
}

async function authenticate(
  pool: Pool,
  auth: { readonly username: string; readonly password: string },
  deadlineAtMs: number,
): Promise<string> {
  try {
    const request = { name: auth.username, password: auth.password };
    const { token } = await withToken(pool, 'Auth', undefined, (stub, metadata) =>
      unary<{ token: string }>({ stub, metadata, deadlineAtMs }, 'Authenticate', request),
    );
    return token;
  } catch (error) {
    if (saysAuthIsOff(error)) return '';
    throw error;
  }
}

/** etcd3 gives fresh metadata to each call here, since it was told of no login. */
function withToken<T>(
  pool: Pool,
  service: keyof typeof Services,
  token: string | undefined,
  action: (stub: Line['stub'], metadata: unknown) => Promise<T>,
): Promise<T> {
  return pool.withConnection(service, ({ client, metadata }) => {
    if (token !== undefined && token !== '') metadata.set('token', token);
    return action(client as unknown as Line['stub'], metadata);
  });
}

function unary<T>(line: Line, method: string, request: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, reply: T): void => {
      if (error === null) resolve(reply);
      else reject(error);
    };
    start(line, method, request, line.metadata, { deadline: line.deadlineAtMs }, done);
  });
}

/** Calls a method of the service as gRPC made it: requests first for single calls, last never. */
export function start(line: Line, method: string, ...parts: readonly unknown[]): unknown {
  const send = present(line.stub[method], `the gRPC method ${method}`);
  return send.call(line.stub, ...parts);
}

function split(rpc: Rpc): [keyof typeof Services, string] {
  const [service, method] = rpc.split('/');
  return [service as keyof typeof Services, present(method, 'a method name')];
}
