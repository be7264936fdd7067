/** Turns what a plan file says of a member's configuration into the door to it. */

import { unreachable } from '../../base/assert.ts';
import type { DesiredMember } from '../../model/desired.ts';
import type { Host, MemberConfig } from '../../ports.ts';
import { envFileConfig } from './env-file.ts';
import { podConfig } from './pod-config.ts';
import { tracedConfig } from './traced.ts';
import { unitFlagsConfig } from './unit-flags.ts';
import { yamlFileConfig } from './yaml-file.ts';

/** What this version cannot do is refused by name before this is reached. */
export function openConfig(host: Host, { config, service }: DesiredMember): MemberConfig {
  const traced = (door: MemberConfig): MemberConfig =>
    service.manager === 'systemd' ? tracedConfig(host, service.unit, door) : door;
  switch (config.format) {
    case 'env-file':
      return traced(envFileConfig(host, config.path));
    case 'yaml':
      return yamlFileConfig(host, config.path);
    case 'flags':
      if (service.manager === 'systemd') return unitFlagsConfig(host, service.unit, config.path);
      if (service.manager === 'static-pod') return podConfig(host, config.path, service.path);
      throw new Error(`flags of a member that ${service.manager} starts have no adapter`);
    default:
      return unreachable(config.format);
  }
}
