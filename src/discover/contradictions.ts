/**
 * Turns a config file and the process that was started from it into what they say differently, in
 * words.
 */

import { FLAG, OWNED_FLAGS, type Settings, environmentName } from '../model/settings.ts';
import { BOOLEAN_FLAGS, type ProcessSettings, cleanSettings, merged } from './config-facts.ts';

export interface ConfigSources {
  /** Of the config file, for people. */
  readonly path: string;
  readonly file: Settings;
  readonly process: ProcessSettings;
}

/**
 * One sentence for each setting. The initial-* settings may differ: a member that has started once
 * reads none of them, and what the member list says is the list's own business.
 */
export function contradictions(sources: ConfigSources): readonly string[] {
  return [...twiceSet(sources), ...changedSinceStart(sources), ...fromElsewhere(sources)];
}

/**
 * Flag and variable together: etcd 3.4 and later refuses to start (pkg/flags `SetFlagsFromEnv`).
 */
function twiceSet({ path, file, process }: ConfigSources): readonly string[] {
  return Object.keys(process.flags).flatMap((flag) => {
    const variable = environmentName(flag);
    const both = 'etcd 3.4 and later does not start with both';
    if (OWNED_FLAGS.includes(flag)) {
      return [
        `--${flag} is on the command line, while ${path} is to hold it as ${variable}: ${both}`,
      ];
    }
    if ((file[flag] ?? '') !== '') {
      return [`--${flag} is on the command line and ${variable} is in ${path}: ${both}`];
    }
    if (process.environment[flag] === undefined) return [];
    return [`--${flag} is on the command line and ${variable} is in the environment: ${both}`];
  });
}

/** What takes effect at a restart, and would do so together with our own change. */
const AT_RESTART: readonly string[] = Object.values(FLAG).filter(
  (flag) => !flag.startsWith('initial-'),
);

function changedSinceStart({ path, file, process }: ConfigSources): readonly string[] {
  const running = merged(process);
  const written = cleanSettings(file);
  return AT_RESTART.flatMap((flag) => {
    const says = written[flag];
    if (says === undefined || process.flags[flag] !== undefined) return [];
    const runsWith = running[flag];
    if (says === runsWith || (runsWith === undefined && isDefault(flag, says))) return [];
    const now = runsWith === undefined ? 'without it' : `with ${runsWith}`;
    return [`${path} says ${flag} ${says}, the process runs ${now}: a restart would change it`];
  });
}

function isDefault(flag: string, value: string): boolean {
  return BOOLEAN_FLAGS.has(flag) && value === 'false';
}

function fromElsewhere({ path, file, process }: ConfigSources): readonly string[] {
  return OWNED_FLAGS.filter((flag) => {
    return process.environment[flag] !== undefined && (file[flag] ?? '') === '';
  }).map((flag) => {
    const variable = environmentName(flag);
    return `${variable} is in the process's environment and not in ${path}: it comes from elsewhere, or was taken out of the file since the start`;
  });
}
