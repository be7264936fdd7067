/** Goal: what a host heard is read as it was said. Method: the texts that the scripts print. */

import { expect, it } from 'vitest';

import { parseHeard } from '../../../../src/adapters/clients/listening.ts';

it('each connection that said something is plain or TLS', () => {
  const heard = parseHeard('looking\n7f000001:33974 7f53000b:2379 p\n0a000007:1 0a000001:2379 t\n');
  expect(heard.blind).toBeUndefined();
  expect([...heard.speech]).toEqual([
    ['7f000001:33974 7f53000b:2379', 'plain'],
    ['0a000007:1 0a000001:2379', 'tls'],
  ]);
});

it('a look that could not begin says why, and one that never began says so', () => {
  expect(parseHeard('blind Operation not permitted\n').blind).toBe('Operation not permitted');
  expect(parseHeard('').blind).toBe('the look at its packets did not begin');
});
