/** Goal: what etcd's JSON gateway says is understood in every version. Method: its answers, as seen. */

import { describe, expect, it } from 'vitest';
import { base64, fieldOf, fromBase64, prefixOf } from '../../../src/lab/gateway.ts';
import type { GatewayAnswer } from '../../../src/lab/gateway.ts';
import { judgeKeepalive } from '../../../src/lab/lease-keeper.ts';

describe('the JSON gateway', () => {
  it.each([
    ['3.2.32', '/v3alpha'],
    ['3.3.25', '/v3beta'],
    ['3.4.23', '/v3'],
    ['3.5.30', '/v3'],
    ['3.6.1', '/v3'],
  ])('of %s stands below %s', (version, prefix) => {
    expect(prefixOf(`{"etcdserver":"${version}","etcdcluster":"3.3.0"}`)).toBe(prefix);
  });

  it('carries any text in base64', () => {
    expect(fromBase64(base64('a/é\u0000'))).toBe('a/é\u0000');
  });

  it('has no field where the answer is no JSON or ends early', () => {
    expect(fieldOf('{"a":{"b":"c"}}', 'a', 'b')).toBe('c');
    expect(fieldOf('{"a":null}', 'a', 'b')).toBeUndefined();
    expect(fieldOf('404 page not found', 'a')).toBeUndefined();
  });
});

describe('a keepalive', () => {
  const answered = (text: string, status = 200): GatewayAnswer => ({
    kind: 'answered',
    status,
    text,
  });

  it('is kept when the lease has time left', () => {
    expect(judgeKeepalive(answered('{"result":{"ID":"7","TTL":"10"}}\n')).kind).toBe('kept');
  });

  it('has failed when the lease is gone: the gateway leaves a TTL of 0 out', () => {
    expect(judgeKeepalive(answered('{"result":{"ID":"7"}}')).kind).toBe('failed');
    expect(judgeKeepalive(answered('{"result":{"ID":"7","TTL":"0"}}')).kind).toBe('failed');
  });

  it('has failed when nothing came in time, or etcd itself refused it', () => {
    expect(judgeKeepalive({ kind: 'late', reason: 'no answer' }).kind).toBe('failed');
    const refused = answered('{"error":"etcdserver: no leader","code":14}', 503);
    expect(judgeKeepalive(refused)).toEqual({ kind: 'failed', reason: 'etcdserver: no leader' });
  });

  it('has not failed when the member was stopped or about to be', () => {
    expect(judgeKeepalive({ kind: 'refused', reason: 'ECONNREFUSED' }).kind).toBe('unreachable');
    expect(judgeKeepalive({ kind: 'broken', reason: 'ECONNRESET' }).kind).toBe('unreachable');
    const closing = answered('{"error":"transport is closing","code":14}', 503);
    expect(judgeKeepalive(closing).kind).toBe('unreachable');
    const stopped = answered('{"error":{"message":"etcdserver: server stopped"}}');
    expect(judgeKeepalive(stopped).kind).toBe('unreachable');
  });
});
