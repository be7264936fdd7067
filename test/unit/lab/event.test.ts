/** Goal: progress is readable. Method: every kind of event once. */

import { expect, it } from 'vitest';
import type { LabEvent } from '../../../src/lab/event.ts';
import { labEventText } from '../../../src/lab/event.ts';

const EVENTS: readonly (readonly [LabEvent, string])[] = [
  [
    { kind: 'etcd-fetching', source: 'the pinned upstream release', cache: '/c' },
    'fetching etcd once from the pinned upstream release into /c',
  ],
  [
    { kind: 'etcd-found', path: '/usr/bin/etcd', version: '3.4.23', origin: 'PATH' },
    'etcd 3.4.23 (PATH): /usr/bin/etcd',
  ],
  [
    { kind: 'folder-made', dir: '/srv/lab', block: '127.64.1.0/24' },
    'made /srv/lab for a test cluster on 127.64.1.0/24',
  ],
  [
    { kind: 'member-starting', name: 'm1', endpoint: 'http://127.64.1.11:2379' },
    'starting m1 on http://127.64.1.11:2379',
  ],
  [{ kind: 'member-running', name: 'm1', pid: 7 }, 'm1 runs with pid 7'],
  [{ kind: 'member-stopped', name: 'm1', pid: 7 }, 'm1 stopped (pid 7)'],
  [{ kind: 'cluster-healthy', members: 3, durationMs: 1240 }, '3 members healthy after 1.2 s'],
  [{ kind: 'cluster-healthy', members: 1, durationMs: 1240 }, '1 member healthy after 1.2 s'],
  [{ kind: 'folder-removed', dir: '/srv/lab' }, 'removed /srv/lab'],
  [{ kind: 'writer-started', clients: 12, writesPerSecond: 300 }, '12 clients write 300 keys/s'],
  [
    { kind: 'writer-stopped', acknowledged: 900, longestStallMs: 94 },
    '900 writes acknowledged, longest stall 94 ms',
  ],
  [{ kind: 'read-back', read: 900, lost: 0 }, '900 acknowledged keys read back, 0 lost'],
];

it.each(EVENTS)('%j has its line', (event, line) => {
  expect(labEventText(event)).toBe(line);
});
