/** Who is connected now, as a preview shows it: those who would be turned away first, and never more than fit. */

import { expect, it } from 'vitest';

import type { ClientsSeen } from '../../../src/model/clients.ts';
import { memberName } from '../../../src/model/ids.ts';
import { known, unknown } from '../../../src/model/observed.ts';
import { clientsNow } from '../../../src/show/clients.ts';
import { PLAIN } from '../../../src/show/paint.ts';

it('says nothing where clients are not moved', () => {
  expect(clientsNow({}, PLAIN)).toEqual([]);
});

it('names who speaks plain http, who is idle, who speaks TLS, and who cannot be seen', () => {
  const local = '10.0.0.1:2379';
  const connections = [
    { remote: '10.0.0.9:1', local, speaks: 'tls' as const },
    { remote: '10.0.0.7:2', local, speaks: 'plain' as const, process: 'prometheus (71)' },
    { remote: '10.0.0.8:3', local, speaks: 'unknown' as const },
  ];
  const clients: readonly ClientsSeen[] = [
    { member: memberName('m1'), look: known({ connections, blind: 'no tool on the host' }) },
    { member: memberName('m2'), look: known({ connections: [] }) },
    { member: memberName('m3'), look: unknown('its host shows none') },
  ];
  expect(clientsNow({ clients }, PLAIN)).toEqual([
    'who is connected to the client ports now: 3 connections, 2 not known to speak TLS, and 1 member that cannot be seen',
    '  m1  plain http  10.0.0.7:2 prometheus (71)',
    '  m1  unknown     10.0.0.8:3',
    '  m1  tls         10.0.0.9:1',
    '  m1              not told apart: no tool on the host',
    '  m2  nobody',
    '  m3  unknown     its host shows none',
    '',
  ]);
});

it('shows a few of many, and says how many more there are', () => {
  const connections = Array.from({ length: 20 }, (_, index) => {
    return { remote: `10.0.0.7:${String(index)}`, local: 'x', speaks: 'tls' as const };
  });
  const lines = clientsNow(
    { clients: [{ member: memberName('m1'), look: known({ connections }) }] },
    PLAIN,
  );
  expect(lines).toHaveLength(11);
  expect(lines.at(-2)).toContain('and 12 more');
});
