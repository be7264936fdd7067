/** Turns GET /health and GET /metrics of a client URL into a verdict and into numbers. */

import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type Result, err, ok } from '../../base/result.ts';
import type { Answer } from '../../ports.ts';
import type { EtcdClient } from './client.ts';
import { connectionReason } from './connection-words.ts';
import { dialTarget } from './endpoint.ts';
import { failureOf } from './errors.ts';
import { parseMetrics } from './metrics-text.ts';
import { type Trouble, noAnswer } from './trouble.ts';

/** etcd's answer is under 200 bytes; what is larger is not etcd. */
const HEALTH_MAX_BYTES = 64 * 1024;
/** About 100 KiB for three members; labels grow with peers and gRPC methods. */
const METRICS_MAX_BYTES = 16 * 1024 * 1024;
/** How much of a strange answer is shown. */
const SHOWN_CHARACTERS = 120;

/** etcd's own verdict (a linearizable read from 3.4 on), with its reason where it gives one (3.5 and later). */
export async function health(
  client: EtcdClient,
): Answer<{ readonly isHealthy: boolean; readonly reason: string | undefined }> {
  const would = 'ask whether the member is healthy (GET /health)';
  const page = await get(client, '/health', HEALTH_MAX_BYTES);
  if (!page.ok) return err(failureOf(client.endpoint, page.error, { would }));
  const verdict = parseHealth(page.value.body);
  if (verdict !== undefined) return ok(verdict);
  return err(failureOf(client.endpoint, strange(client, '/health', page.value), { would }));
}

/** All samples of the member; etcd gives them without a login. */
export async function metrics(client: EtcdClient): Answer<ReadonlyMap<string, number>> {
  const would = 'read the metrics (GET /metrics)';
  const page = await get(client, '/metrics', METRICS_MAX_BYTES);
  if (!page.ok) return err(failureOf(client.endpoint, page.error, { would }));
  const samples = page.value.statusCode === 200 ? parseMetrics(page.value.body) : undefined;
  if (samples !== undefined && samples.size > 0) return ok(samples);
  return err(failureOf(client.endpoint, strange(client, '/metrics', page.value), { would }));
}

/** `{"health":"true"}`, in 3.2 with a space, in a 503 when it is false; undefined when it is not etcd's. */
export function parseHealth(
  body: string,
): { readonly isHealthy: boolean; readonly reason: string | undefined } | undefined {
  const parsed = parsedJson(body);
  if (typeof parsed !== 'object' || parsed === null || !('health' in parsed)) return undefined;
  const verdict = String(parsed.health);
  if (verdict !== 'true' && verdict !== 'false') return undefined;
  const reason = 'reason' in parsed && typeof parsed.reason === 'string' ? parsed.reason : '';
  return { isHealthy: verdict === 'true', reason: reason === '' ? undefined : reason };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Page {
  readonly statusCode: number;
  readonly body: string;
}

/** On a connection of its own, so that a dead one is never found again; no redirect is followed. */
async function get(
  client: EtcdClient,
  path: string,
  maxBytes: number,
): Promise<Result<Page, Trouble>> {
  if (client.problem !== undefined) return err(client.problem);
  const deadlineMs = client.options.callMs;
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    const sent = await send(client, path, signal);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const body = await bodyOf(response, maxBytes);
    if (body === undefined) return err(tooLarge(path, maxBytes));
    return ok({ statusCode: response.statusCode ?? 0, body });
  } catch (error) {
    if (signal.aborted) return err(noAnswer(deadlineMs));
    const text = error instanceof Error ? socketText(error) : String(error);
    const reason = connectionReason(text, client.endpoint);
    return err(client.withWay({ kind: 'not-sent', ...reason }));
  }
}

async function send(client: EtcdClient, path: string, signal: AbortSignal): Promise<ClientRequest> {
  const { host, port, isTls } = client.endpoint;
  const { tls, way } = client.options;
  const socketPath = await way?.path(host, port);
  const direct = { host, port, path, signal, agent: false };
  const options =
    socketPath === undefined
      ? direct
      : { ...direct, socketPath, headers: { host: dialTarget(client.endpoint) } };
  const sent = isTls ? tlsRequest({ ...options, ...tls }) : plainRequest(options);
  // An abort after the response has begun is told to both; once() listens to the request only until then.
  sent.on('error', () => undefined);
  sent.end();
  return sent;
}

async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** With the code, which says more than some messages do. */
function socketText(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return error.message.includes(code) ? error.message : `${code} ${error.message}`;
}

function tooLarge(path: string, maxBytes: number): Trouble {
  return {
    kind: 'refused',
    words: `GET ${path} answers more than ${String(maxBytes)} bytes: this is not etcd`,
    remedy: 'give the client URL of an etcd member',
  };
}

function strange(client: EtcdClient, path: string, page: Page): Trouble {
  if (page.body.includes('HTTP request to an HTTPS server')) {
    return { kind: 'refused', ...connectionReason(page.body, client.endpoint) };
  }
  const shown = page.body.replace(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS);
  return {
    kind: 'refused',
    words: `GET ${path} answers HTTP ${String(page.statusCode)} with "${shown}", as etcd does not`,
    remedy: 'give the client URL of an etcd member',
  };
}
