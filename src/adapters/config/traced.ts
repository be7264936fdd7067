/** Turns an env file that a service of systemd reads into settings that know what else the unit sets. */

import { ok } from '../../base/result.ts';
import { FOLDER_FLAGS, type SettingElsewhere } from '../../model/config-sources.ts';
import type { ConfigFile, Host, MemberConfig } from '../../ports.ts';
import { environmentPaths } from './unit-effect.ts';
import { type UnitView, viewUnit } from './unit-view.ts';

/**
 * The same door; `read` also looks at the unit: Environment= and flags beside the file, and whether the
 * unit reads the file at all. A unit that cannot be read is the service's trouble, and is said there.
 */
export function tracedConfig(host: Host, unit: string, config: MemberConfig): MemberConfig {
  return {
    ...config,
    read: async () => {
      const [file, view] = await Promise.all([config.read(), viewUnit(host, unit)]);
      return file.ok && view.ok ? ok(withUnit(file.value, view.value)) : file;
    },
  };
}

function withUnit(file: ConfigFile, { unit, effect, lines }: UnitView): ConfigFile {
  const paths = environmentPaths(lines, unit);
  const isRead = paths.includes(file.path) || !effect.runsEtcd || hasPattern(paths);
  const reads = paths.length === 0 ? 'has no EnvironmentFile=' : `reads ${paths.join(', ')}`;
  const problems = isRead ? [] : [`${unit} does not read it: the unit ${reads}`];
  return {
    ...file,
    problems: [...file.problems, ...problems],
    elsewhere: [...flagsIn(effect), ...variablesBeside(file.path, effect)],
  };
}

/** EnvironmentFile= takes patterns as a shell does. */
function hasPattern(paths: readonly string[]): boolean {
  return paths.some((path) => /[*?[]/.test(path));
}

function flagsIn({ settings, places }: UnitView['effect']): readonly SettingElsewhere[] {
  return Object.keys(settings).map((flag) => {
    const folder = FOLDER_FLAGS.includes(flag) ? { value: settings[flag] ?? '' } : {};
    return { flag, place: places[flag] ?? 'ExecStart=', isFlag: true, wins: true, ...folder };
  });
}

/** The variables stand in the order in which they count: what is read behind the file wins over it. */
function variablesBeside(
  path: string,
  { variables }: UnitView['effect'],
): readonly SettingElsewhere[] {
  const isOurs = ({ place }: SettingElsewhere): boolean => place.startsWith(`${path}:`);
  const last = variables.findLastIndex(isOurs);
  return variables.flatMap((each, index) => {
    return isOurs(each) ? [] : [{ ...each, wins: last >= 0 && index > last }];
  });
}
