/** Turns a number of members into the mark of a lab that has them. */

import type { LabMark } from '../../../src/lab/lab-folder.ts';

export function markOf(members: number): LabMark {
  return {
    kind: 'peershift-lab',
    version: 1,
    mode: 'processes',
    isTestCluster: true,
    block: '127.64.1.0/24',
    etcd: { path: '/usr/bin/etcd', version: '3.4.23' },
    members: Array.from({ length: members }, (_, i) => ({
      name: `m${String(i + 1)}`,
      address: `127.64.1.${String(11 + i)}`,
    })),
    createdAt: '2025-01-01T00:00:00.000Z',
  };
}
