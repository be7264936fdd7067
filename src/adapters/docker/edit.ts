/** Turns changes of settings into the definition of the next container: its words, its variables, one mount. */

import { type Result, err, ok } from '../../base/result.ts';
import { cleanSettings } from '../../model/clean-settings.ts';
import { flagsOf, settingsOf } from '../../model/flag-words.ts';
import {
  FLAG,
  type SettingChange,
  type Settings,
  environmentName,
  flagOfEnvironment,
} from '../../model/settings.ts';
import type { Definition } from './definition.ts';
import { isVisible } from './mounts.ts';

export interface OwnSettings {
  readonly flags: Settings;
  readonly variables: Settings;
}

/** The reason when the words are not etcd's flags. */
export function settingsIn(
  definition: Pick<Definition, 'words' | 'wordsBefore'>,
  environment: readonly string[],
): Result<OwnSettings, string> {
  const flags = flagsOf(definition.words.slice(definition.wordsBefore));
  if (!flags.ok) return flags;
  const variables = environment.flatMap((pair): readonly (readonly [string, string])[] => {
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const flag = flagOfEnvironment(name);
    // etcd takes an empty variable for none, and one in lower case too.
    return flag === undefined || environmentName(flag) !== name || value === ''
      ? []
      : [[flag, value]];
  });
  return ok({ flags: settingsOf(flags.value), variables: Object.fromEntries(variables) });
}

export function mergedSettings({ flags, variables }: OwnSettings): Settings {
  return cleanSettings({ ...variables, ...flags });
}

/** A setting stays where it stands; a new one goes where the listen URLs stand. */
export function withSettings(
  definition: Definition,
  changes: readonly SettingChange[],
): Result<Definition, string> {
  const own = settingsIn(definition, definition.environment);
  if (!own.ok) return own;
  const { flags, variables } = own.value;
  const prefersVariables =
    flags[FLAG.listenPeerUrls] === undefined &&
    (variables[FLAG.listenPeerUrls] !== undefined || Object.keys(flags).length === 0);
  let next = definition;
  for (const { flag, to } of changes) {
    if (to !== undefined && /\p{Cc}/u.test(to)) {
      return err(`the value for ${flag} has a character that no container can be given`);
    }
    const isVariable =
      flags[flag] === undefined && (variables[flag] !== undefined || prefersVariables);
    next = isVariable
      ? { ...next, environment: withVariable(next.environment, environmentName(flag), to) }
      : { ...next, words: withFlag(next, flag, to) };
  }
  return ok(withMounts(next, changes));
}

function withVariable(
  environment: readonly string[],
  name: string,
  to: string | undefined,
): readonly string[] {
  const isOwn = (pair: string): boolean => pair.startsWith(`${name}=`);
  const last = environment.findLastIndex(isOwn);
  if (to === undefined) return environment.filter((pair) => !isOwn(pair));
  if (last < 0) return [...environment, `${name}=${to}`];
  return environment.map((pair, at) => (at === last ? `${name}=${to}` : pair));
}

/** In the way it is written: `--flag=value` or two words; the last one of a flag counts. */
function withFlag(
  { words, wordsBefore }: Definition,
  flag: string,
  to: string | undefined,
): readonly string[] {
  const found = flagsOf(words.slice(wordsBefore));
  const own = (found.ok ? found.value : []).filter((each) => each.flag === flag);
  const last = own.at(-1);
  if (last === undefined) return to === undefined ? words : [...words, `--${flag}=${to}`];
  if (to === undefined) {
    const gone = new Set(own.flatMap(({ from, to: end }) => [from, end - 1]));
    return words.filter((_word, at) => !gone.has(at - wordsBefore));
  }
  if (last.value === to || (last.value === undefined && to === 'true')) return words;
  const at = wordsBefore + last.to - 1;
  const dashes = words[wordsBefore + last.from]?.startsWith('--') === true ? '--' : '-';
  const isOneWord = last.to === last.from + 1;
  return words.map((word, index) => {
    if (index !== at) return word;
    return isOneWord ? `${dashes}${flag}=${to}` : to;
  });
}

const FILES: readonly string[] = [FLAG.peerCertFile, FLAG.peerKeyFile, FLAG.peerTrustedCaFile];

/** The folder of each file that a change names, read-only and under its own name, where it is not seen inside. */
function withMounts(definition: Definition, changes: readonly SettingChange[]): Definition {
  const folders = changes.flatMap(({ flag, to }) => {
    const path = FILES.includes(flag) ? (to ?? '') : '';
    return path.startsWith('/') && !isVisible(definition.mounts, path) ? [folderOf(path)] : [];
  });
  const mode = hasSharedLabel(definition) ? 'ro,z' : 'ro';
  return [...new Set(folders)].reduce((next, folder): Definition => {
    const mount = {
      ...{ type: 'bind', name: '', source: folder, destination: folder },
      ...{ isWritable: false, propagation: 'rprivate' },
    };
    const options = [...next.options, ['--volume', `${folder}:${folder}:${mode}`] as const];
    return { ...next, options, mounts: [...next.mounts, mount] };
  }, definition);
}

/** Where SELinux is at work, binds carry a label, and one without it cannot be read. */
function hasSharedLabel({ options }: Definition): boolean {
  return options.some(([flag, value]) => {
    const mode = flag === '--volume' || flag === '-v' ? (value ?? '').split(':')[2] : undefined;
    return mode?.split(',').some((each) => each === 'z' || each === 'Z') ?? false;
  });
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}
