/** Goal: /health of every etcd version is read, and nothing else is taken for it. Method: bodies as they come. */

import { expect, test } from 'vitest';
import { parseHealth } from '../../../../src/adapters/etcd/http.ts';

test.each([
  ['{"health":"true"}', true, undefined],
  ['{"health": "true"}', true, undefined],
  ['{"health":"true","reason":""}', true, undefined],
  ['{"health":"false"}', false, undefined],
  ['{"health":"false","reason":"RAFT NO LEADER"}', false, 'RAFT NO LEADER'],
  ['{"health":true}', true, undefined],
])('%s is read as %s with reason %s', (body, isHealthy, reason) => {
  expect(parseHealth(body)).toEqual({ isHealthy, reason });
});

test.each(['', 'ok', 'true', 'null', '[]', '{"status":"ok"}', '{"health":"yes"}', '{"health":1}'])(
  '"%s" is not taken for a verdict of etcd',
  (body) => {
    expect(parseHealth(body)).toBeUndefined();
  },
);
