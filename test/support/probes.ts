/** Turns a world into what a look at its hosts tells, with nothing to object to. */

import type { HostProbe, HostSeen } from '../../src/model/host-probe.ts';
import { known } from '../../src/model/observed.ts';
import type { World } from '../../src/model/world.ts';

const GIB = 1024 ** 3;

export function seenOn(changes: Partial<HostSeen> = {}): HostSeen {
  return {
    uid: 0,
    hasOpenssl: true,
    hasTimeout: true,
    places: [
      { purpose: 'certificates', path: '/etc/etcd/pki', isWritable: true, freeBytes: 40 * GIB },
      { purpose: 'config', path: '/etc/default/etcd', isWritable: true, freeBytes: 40 * GIB },
      { purpose: 'data', path: '/var/lib/etcd', isWritable: true, freeBytes: 80 * GIB },
    ],
    managers: [],
    listening: [{ address: '*', port: 22 }],
    ...changes,
  };
}

export function probesOf(
  world: World,
  changes: Readonly<Record<string, Partial<HostProbe>>> = {},
): readonly HostProbe[] {
  return world.members.map(({ name }) => ({
    member: name,
    seen: known(seenOn()),
    clock: known({ offsetMs: 120, boundMs: 510 }),
    proxy: known({}),
    managedLine: undefined,
    ...changes[name],
  }));
}
