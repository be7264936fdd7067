/** The flags that every command takes, before or after its name. */

import { Option } from '@commander-js/extra-typings';

export interface GlobalFlags {
  readonly json?: boolean | undefined;
  readonly state?: string | undefined;
  readonly run?: string | undefined;
  readonly acceptNewHostKeys?: boolean | undefined;
  readonly color?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

export function globalOptions(): readonly Option[] {
  return [
    new Option('--json', 'one JSON event a line on stdout'),
    new Option(
      '--state <dir>',
      'where runs are recorded (default: .peershift beside the plan file)',
    ),
    new Option('--run <id>', 'the run that is meant (default: the newest that fits)'),
    new Option('--accept-new-host-keys', 'pin the ssh key of a host that no known_hosts file has'),
    new Option('--no-color', 'no colours'),
    new Option('--verbose', 'stack traces for bugs of peershift itself'),
  ];
}
