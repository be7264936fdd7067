/** Turns one JSON call to one member into its answer, or into why there was none; over kept connections. */

import { Agent, request } from 'node:http';

export type GatewayAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  /** Nothing came back: `refused` says so at once, `broken` in the middle, `late` by our deadline. */
  | { readonly kind: 'refused' | 'broken' | 'late'; readonly reason: string };

/** A page of keys is far smaller; more than this is not an answer to anything we ask. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

/**
 * One client's connection to one member's client URL (http). The JSON gateway stands below `/v3beta`
 * in 3.3 and `/v3` from 3.4 on; which one is asked of the member at the first call.
 */
export class Gateway {
  readonly endpoint: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #prefix: string | undefined;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  /** POST of a JSON body below the version's prefix, for instance `/kv/put`. */
  async call(path: string, body: unknown, deadlineMs: number): Promise<GatewayAnswer> {
    if (this.#prefix === undefined) {
      const version = await this.get('/version', deadlineMs);
      if (version.kind !== 'answered') return version;
      this.#prefix = prefixOf(version.text);
    }
    return this.#send('POST', `${this.#prefix}${path}`, JSON.stringify(body), deadlineMs);
  }

  /** A plain GET, for instance `/health`. */
  get(path: string, deadlineMs: number): Promise<GatewayAnswer> {
    return this.#send('GET', path, undefined, deadlineMs);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(
    method: string,
    path: string,
    body: string | undefined,
    deadlineMs: number,
  ): Promise<GatewayAnswer> {
    return new Promise((resolve) => {
      const sent = request(new URL(path, this.endpoint), {
        method,
        agent: this.#agent,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
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
      sent.on('response', (answer) => {
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
