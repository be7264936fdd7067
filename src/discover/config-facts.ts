/** Turns a command line and an environment into etcd's settings, by etcd's own rules for both. */

import { type Result, err, ok } from '../base/result.ts';
import { type Fact, known, unknown } from '../model/observed.ts';
import { BOOLEAN_FLAGS, cleanSettings } from '../model/clean-settings.ts';
import type { ConfigSources, ProcessSettings } from '../model/config-sources.ts';
import {
  OWNED_FLAGS,
  type Settings,
  environmentName,
  flagOfEnvironment,
} from '../model/settings.ts';

/**
 * The settings of a running etcd. A flag wins over its variable, as on 3.3; from 3.4 on a process
 * with both does not start (pkg/flags). Unknown when it is not etcd, or when a config file decides
 * alone.
 */
export function runningSettings(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Fact<Settings> {
  const given = processSettings(argv, environment);
  if (!given.known) return given;
  const { configFile } = given.value;
  if (configFile === undefined) return known(merged(given.value));
  return unknown(`it was started with the config file ${configFile}, which decides alone`);
}

/** The sources apart; with a config file the others are what they are, and have no effect. */
export function processSettings(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Fact<ProcessSettings> {
  const [program = '', ...args] = argv;
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (!name.includes('etcd')) return unknown(`the process is "${name}", not etcd`);
  const flags = parseFlags(args);
  if (!flags.ok) return unknown(`its command line cannot be read: ${flags.error}`);
  const variables = environmentSettings(environment);
  const file = flags.value[CONFIG_FILE] ?? variables[CONFIG_FILE] ?? '';
  const sources = { flags: flags.value, environment: variables };
  return known(file === '' ? sources : { ...sources, configFile: file });
}

/** What one process runs with, both sources put together. */
export function merged({ flags, environment }: ProcessSettings): Settings {
  return cleanSettings({ ...environment, ...flags });
}

/**
 * What the next start will use: the file, and under it what the running process has from elsewhere,
 * as a unit file may set it. A setting that peershift writes belongs into the file: a variable of
 * that kind that the file does not hold counts as taken out of it since the start, and
 * `contradictions` tells of it, so that nothing is planned on it but by the run that took it out.
 * Of a stopped member: the file, and the data folder that its unit sets. A YAML file stands alone always, and flags in a unit are all
 * flags.
 */
export function diskSettings(
  file: Settings,
  process: ProcessSettings | undefined,
  format: ConfigSources['format'] = 'env-file',
  mine: readonly string[] = OWNED_FLAGS,
): Settings {
  if (format === 'yaml') return cleanSettings(file);
  const elsewhere = Object.entries(process?.environment ?? {}).filter(([flag]) => {
    return !mine.includes(flag);
  });
  const flags = format === 'flags' ? {} : process?.flags;
  return cleanSettings({ ...Object.fromEntries(elsewhere), ...flags, ...file });
}

const CONFIG_FILE = 'config-file';

/**
 * As Go's flag package: one dash or two, `=value` or the next word; a boolean never takes the next
 * word.
 */
function parseFlags(args: readonly string[]): Result<Settings, string> {
  const flags: Record<string, string> = {};
  const words = args.values();
  for (const word of words) {
    const match = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(word);
    const flag = match?.[1];
    if (flag === undefined) return err('it has a word that is neither a flag nor the value of one');
    const inline = match?.[2];
    if (inline !== undefined) {
      flags[flag] = inline;
    } else if (BOOLEAN_FLAGS.has(flag)) {
      flags[flag] = 'true';
    } else {
      const next = words.next();
      if (next.done === true) return err(`--${flag} has no value`);
      flags[flag] = next.value;
    }
  }
  return ok(flags);
}

/** An empty variable counts as none (pkg/flags `setFlagFromEnv`), and so does one in lower case. */
function environmentSettings(environment: Readonly<Record<string, string>>): Settings {
  const entries = Object.entries(environment).flatMap(([name, value]) => {
    const flag = flagOfEnvironment(name);
    const isRead = flag !== undefined && environmentName(flag) === name && value !== '';
    return isRead ? [[flag, value] as const] : [];
  });
  return Object.fromEntries(entries);
}
