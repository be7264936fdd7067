/** Turns what a plan file says of a member's configuration into the door to it. */

import { unreachable } from '../../base/assert.ts';
import type { DesiredMember } from '../../model/desired.ts';
import type { Host, MemberConfig } from '../../ports.ts';
import { envFileConfig } from './env-file.ts';
import { yamlFileConfig } from './yaml-file.ts';

/** What this version cannot do is refused by name before this is reached. */
export function openConfig(host: Host, { config }: DesiredMember): MemberConfig {
  switch (config.format) {
    case 'env-file':
      return envFileConfig(host, config.path);
    case 'yaml':
      return yamlFileConfig(host, config.path);
    case 'flags':
      throw new Error('the format flags has no adapter yet');
    default:
      return unreachable(config.format);
  }
}
