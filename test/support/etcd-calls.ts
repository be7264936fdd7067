/** Turns answers into values or thrown failures, and talks to etcd's JSON gateway, past the adapter under test. */

import type { Result } from '../../src/base/result.ts';
import type { EtcdProcess } from './etcd-process.ts';

/** Longer than any answer of a healthy member. */
const GATEWAY_MS = 10_000;

/** The value; a failure is thrown with its five lines. */
export function value<T>(result: Result<T, unknown>): T {
  if (result.ok) return result.value;
  throw new Error(JSON.stringify(result.error, undefined, 2));
}

export async function elapsedMs<T>(call: () => Promise<T>): Promise<{ answer: T; ms: number }> {
  const startedAtMs = performance.now();
  const answer = await call();
  return { answer, ms: performance.now() - startedAtMs };
}

/** POST to the JSON gateway (etcd 3.4 and later) of a member whose client URL is http. */
export async function gateway<T = unknown>(
  etcd: EtcdProcess,
  path: string,
  body: object,
  token?: string,
): Promise<T> {
  const response = await fetch(`${etcd.clientUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: token === undefined ? {} : { Authorization: token },
    signal: AbortSignal.timeout(GATEWAY_MS),
  });
  if (!response.ok)
    throw new Error(`${path}: HTTP ${String(response.status)} ${await response.text()}`);
  return (await response.json()) as T;
}
