/** The word that a written plan file has where nothing could be found, and where it still stands. */

import type { DesiredSpec } from './desired.ts';

/** No command, path or user is called this. */
export const PLACEHOLDER = 'FILL-IN';

/** `m1: service.start`: every value of a member that is still a placeholder. */
export function placeholdersOf(desired: DesiredSpec): readonly string[] {
  return desired.members.flatMap(({ name, service, config, tls, host }) => {
    const values: readonly (readonly [string, string])[] = [
      ...(service.manager === 'command'
        ? (['start', 'stop', 'status'] as const).map(
            (verb) => [`service.${verb}`, service[verb].join(' ')] as const,
          )
        : service.manager === 'systemd'
          ? [['service.unit', service.unit] as const]
          : service.manager === 'docker'
            ? [['service.container', service.container] as const]
            : [['service.path', service.path] as const]),
      ['config.path', config.path],
      ['tls.directory', tls.directory],
      ['host.address', host.address ?? ''],
    ];
    return values
      .filter(([, value]) => value.includes(PLACEHOLDER))
      .map(([key]) => `${name}: ${key}`);
  });
}
