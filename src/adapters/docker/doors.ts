/** Turns a host and the name of a container into all doors of its member. */

import type { ServiceSpec } from '../../model/desired.ts';
import type { Host, MemberDoors } from '../../ports.ts';
import { containerConfig } from './config.ts';
import { containerHost } from './host.ts';
import { containerLog } from './logs.ts';
import { containerService } from './service.ts';

type Doors = Pick<MemberDoors, 'host' | 'machine' | 'service' | 'config' | 'log'>;

/** The container is service, settings and log in one; a timer on its host cannot put it back. */
export function containerDoors(
  machine: Host,
  { binary, container }: Extract<ServiceSpec, { manager: 'docker' }>,
  memberName: string,
): Doors {
  const engine = { host: machine, binary };
  return {
    host: containerHost(engine, container),
    machine,
    service: containerService(engine, container, memberName),
    config: containerConfig(engine, container),
    log: containerLog(engine, container),
  };
}
