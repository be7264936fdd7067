/** Turns one JSON call to one member into its answer, or into why there was none; over kept connections. */

import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

export type GatewayAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  /** Nothing came back: `refused` says so at once, `broken` in the middle, `late` by our deadline. */
  | { readonly kind: 'refused' | 'broken' | 'late'; readonly reason: string };

/** How a client gets in where the cluster demands more than a connection. */
export interface GatewayAccess {
  /** PEM texts, for https endpoints. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly login?: { readonly username: string; readonly password: string } | undefined;
}

/** A page of keys is far smaller; more than this is not an answer to anything we ask. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

/**
 * One client's connection to one member's client URL. The JSON gateway stands below `/v3beta`
 * in 3.3 and `/v3` from 3.4 on; which one is asked of the member at the first call.
 */
export class Gateway {
  readonly endpoint: string;
  readonly #access: GatewayAccess;
  readonly #agent: Agent;
  #prefix: string | undefined;
  /** A simple token lives in the members' memory: a restart, or five idle minutes, end it. */
  #token: string | undefined;

  constructor(endpoint: string, access: GatewayAccess = {}) {
    const kept = { keepAlive: true, maxSockets: 1 };
    this.endpoint = endpoint;
    this.#access = access;
    this.#agent = isTls(endpoint) ? new TlsAgent({ ...kept, ...access.tls }) : new Agent(kept);
  }

  /** POST of a JSON body below the version's prefix, for instance `/kv/put`. */
  async call(path: string, body: unknown, deadlineMs: number): Promise<GatewayAnswer> {
    if (this.#prefix === undefined) {
      const version = await this.get('/version', deadlineMs);
      if (version.kind !== 'answered') return version;
      this.#prefix = prefixOf(version.text);
    }
    const { login } = this.#access;
    if (login !== undefined && this.#token === undefined) {
      const refusal = await this.#logIn(this.#prefix, login, deadlineMs);
      if (refusal !== undefined) return refusal;
    }
    const answer = await this.#send(
      'POST',
      `${this.#prefix}${path}`,
      JSON.stringify(body),
      deadlineMs,
    );
    // Not tried again here: whoever called decides, and the next call logs in anew.
    if (answer.kind === 'answered' && answer.text.includes('invalid auth token')) {
      this.#token = undefined;
    }
    return answer;
  }

  /** A plain GET, for instance `/health`. */
  get(path: string, deadlineMs: number): Promise<GatewayAnswer> {
    return this.#send('GET', path, undefined, deadlineMs);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Undefined when there is a token now. */
  async #logIn(
    prefix: string,
    { username, password }: NonNullable<GatewayAccess['login']>,
    deadlineMs: number,
  ): Promise<GatewayAnswer | undefined> {
    const body = JSON.stringify({ name: username, password });
    const answer = await this.#send('POST', `${prefix}/auth/authenticate`, body, deadlineMs);
    const token = answer.kind === 'answered' ? fieldOf(answer.text, 'token') : undefined;
    if (typeof token !== 'string') return answer;
    this.#token = token;
    return undefined;
  }

  #request(url: URL, method: string, headers: Record<string, string>): ClientRequest {
    const options = { method, agent: this.#agent, headers };
    return isTls(this.endpoint) ? tlsRequest(url, options) : request(url, options);
  }

  #send(
    method: string,
    path: string,
    body: string | undefined,
    deadlineMs: number,
  ): Promise<GatewayAnswer> {
    return new Promise((resolve) => {
      const sent = this.#request(new URL(path, this.endpoint), method, {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#token === undefined ? {} : { authorization: this.#token }),
      });
      const late = new Error(`no answer within ${String(deadlineMs)} ms`);
      const timer = setTimeout(() => sent.destroy(late), deadlineMs);
      const settle = (answer: GatewayAnswer): void => {
        clearTimeout(timer);
        resolve(answer);
      };
      const fail = (cause: Error): void => {
        const refused = 'code' in cause && cause.code === 'ECONNREFUSED';
        const kind = cause === late ? 'late' : refused ? 'refused' : 'broken';
        settle({ kind, reason: cause.message });
      };
      sent.on('error', fail);
      sent.on('response', (answer: IncomingMessage) => {
        const parts: Buffer[] = [];
        let size = 0;
        answer.on('data', (part: Buffer) => {
          size += part.length;
          if (size > ANSWER_MAX_BYTES) sent.destroy(new Error('the answer is too long'));
          else parts.push(part);
        });
        answer.on('error', fail);
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          settle({ kind: 'answered', status: answer.statusCode ?? 0, text });
        });
      });
      sent.end(body);
    });
  }
}

function isTls(endpoint: string): boolean {
  return endpoint.startsWith('https:');
}

/** Where the JSON gateway stands in the version that `GET /version` names. */
export function prefixOf(versionText: string): string {
  const minor = /"etcdserver"\s*:\s*"3\.(\d+)/.exec(versionText)?.[1];
  if (minor === '3') return '/v3beta';
  return minor === '2' ? '/v3alpha' : '/v3';
}

/** The gateway carries keys and values in base64. */
export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

export function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** A member of a JSON object, however deep: undefined where the path ends early. */
export function fieldOf(text: string, ...path: readonly string[]): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
