/** Turns the files of a systemd service into the command line that its next start will have, and where it stands. */

import { FOLDER_FLAGS, type SettingElsewhere } from '../../model/config-sources.ts';
import { type ExecFlag, flagsOf } from '../../model/flag-words.ts';
import {
  OWNED_FLAGS,
  type Settings,
  environmentName,
  flagOfEnvironment,
} from '../../model/settings.ts';
import { parseEnvLines } from './env-lines.ts';
import { wordsBeforeArguments } from './exec-flags.ts';
import { type Expansion, withSpecifiers, withVariables } from './unit-expand.ts';
import { type UnitAssignment, parseUnitLines } from './unit-lines.ts';
import { type ExecLine, parseExec, splitWords } from './unit-words.ts';

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface PlacedAssignment extends UnitAssignment {
  readonly path: string;
}

/** What the [Service] parts of unit and drop-ins say together, in the order in which systemd reads them. */
export interface ServiceLines {
  /** Of ExecStart=: one, unless the unit is `Type=oneshot` or wrong. */
  readonly execs: readonly PlacedAssignment[];
  readonly environment: readonly PlacedAssignment[];
  readonly environmentFiles: readonly PlacedAssignment[];
}

export function serviceLines(files: readonly TextFile[]): ServiceLines {
  const lists = {
    ExecStart: [] as PlacedAssignment[],
    Environment: [] as PlacedAssignment[],
    EnvironmentFile: [] as PlacedAssignment[],
  };
  for (const { path, text } of files) {
    for (const assignment of parseUnitLines(text).assignments) {
      const { section, key, value } = assignment;
      if (section !== 'Service' || !(key in lists)) continue;
      const list = lists[key as keyof typeof lists];
      // An empty value takes back all that came before.
      if (value === '') list.length = 0;
      else list.push({ ...assignment, path });
    }
  }
  const { ExecStart, Environment, EnvironmentFile } = lists;
  return { execs: ExecStart, environment: Environment, environmentFiles: EnvironmentFile };
}

export interface EffectInput {
  readonly lines: ServiceLines;
  readonly unit: string;
  readonly hostName: string | undefined;
  /** The texts of the environment files that are there, by path. */
  readonly environmentTexts: ReadonlyMap<string, string>;
}

export interface UnitEffect {
  readonly settings: Settings;
  /** `file:line` of the ExecStart= that sets a flag. */
  readonly places: Readonly<Record<string, string>>;
  /** ETCD_ variables by the order in which they count: the last of a name wins. */
  readonly variables: readonly SettingElsewhere[];
  readonly exec: PlacedAssignment | undefined;
  /** Is the program etcd itself? A wrapper decides for itself what etcd gets. */
  readonly runsEtcd: boolean;
  readonly problems: readonly string[];
}

export function effectOf(input: EffectInput): UnitEffect {
  const { lines } = input;
  const found = variablesOf(input);
  const environment = Object.fromEntries(found.map(({ name, value }) => [name, value]));
  const variables = found.flatMap(({ name, place, value }): readonly SettingElsewhere[] => {
    const flag = flagOfEnvironment(name);
    if (flag === undefined || environmentName(flag) !== name) return [];
    const folder = FOLDER_FLAGS.includes(flag) ? { value } : {};
    return [{ flag, place, isFlag: false, wins: false, ...folder }];
  });
  const [exec] = lines.execs;
  const nothing = { settings: {}, places: {}, variables, exec, runsEtcd: false };
  if (exec === undefined || lines.execs.length > 1) {
    const count = exec === undefined ? 'no ExecStart=' : 'several ExecStart= lines';
    return { ...nothing, problems: [`${input.unit} has ${count}`] };
  }
  const at = `${exec.path}:${String(exec.line)}`;
  const line = parseExec(exec.value);
  if (line === undefined) return { ...nothing, problems: [`${at}: a quote is never closed`] };
  const [program = ''] = line.words.map(({ text }) => text);
  const runsEtcd = program.slice(program.lastIndexOf('/') + 1).includes('etcd');
  if (!runsEtcd) {
    const problem = `${at}: the program is ${program}, not etcd: what it starts with which flags is its own`;
    return { ...nothing, problems: [problem] };
  }
  return { ...nothing, runsEtcd, ...flagEffect(input, { line, at, environment }) };
}

interface Command {
  readonly line: ExecLine;
  readonly at: string;
  readonly environment: Readonly<Record<string, string>>;
}

function flagEffect(
  input: EffectInput,
  { line, at, environment }: Command,
): Pick<UnitEffect, 'settings' | 'places' | 'problems'> {
  const problems: string[] = [];
  const args: { text: string; variable: string | undefined }[] = [];
  for (const { text } of line.words.slice(wordsBeforeArguments(line))) {
    if (text === ';') problems.push(`${at}: ExecStart= has several commands`);
    const expanded = expand(input, line, text, environment);
    if (expanded.unknown !== undefined) {
      problems.push(
        `${at}: ${text} uses the specifier ${expanded.unknown}: write out what it stands for`,
      );
    }
    args.push(...expanded.words);
  }
  const flags = flagsOf(args.map(({ text }) => text));
  if (!flags.ok)
    return { settings: {}, places: {}, problems: [...problems, `${at}: ${flags.error}`] };
  const hidden = flags.value.flatMap((each) => hiddenFlag(each, args, at));
  const settings = Object.fromEntries(
    flags.value.map(({ flag, value }) => [flag, value ?? 'true']),
  );
  const places = Object.fromEntries(flags.value.map(({ flag }) => [flag, at]));
  return { settings, places, problems: [...problems, ...hidden] };
}

interface Expanded {
  readonly words: readonly { text: string; variable: string | undefined }[];
  readonly unknown?: string;
}

function expand(
  input: EffectInput,
  { prefix }: ExecLine,
  text: string,
  environment: Readonly<Record<string, string>>,
): Expanded {
  const whole: Expansion = { ...input, environment };
  const plain = withSpecifiers(text, whole);
  if (!plain.ok) return { words: [{ text, variable: undefined }], unknown: plain.error };
  if (prefix.includes(':')) return { words: [{ text: plain.value, variable: undefined }] };
  const variable = /^\$[A-Za-z_]/.test(plain.value) ? plain.value : undefined;
  const words = withVariables(plain.value, environment);
  return { words: words.map((word) => ({ text: word, variable })) };
}

/** A flag that comes out of `$NAME` cannot be changed in ExecStart=, and would stand twice. */
function hiddenFlag(
  { flag, from }: ExecFlag,
  args: readonly { readonly variable: string | undefined }[],
  at: string,
): readonly string[] {
  const variable = args[from]?.variable;
  const matters = OWNED_FLAGS.includes(flag) || flag === 'config-file';
  if (variable === undefined || !matters) return [];
  return [`${at}: --${flag} comes out of ${variable}: write it into ExecStart= itself`];
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly place: string;
}

/** Environment= first, then the files, which win whatever the order of the lines (exec-invoke.c). */
function variablesOf({
  lines,
  unit,
  hostName,
  environmentTexts,
}: EffectInput): readonly Variable[] {
  const own = lines.environment.flatMap(({ value, path, line }) => {
    return (splitWords(value) ?? []).flatMap((word): readonly Variable[] => {
      const text = withSpecifiers(word.text, { unit, hostName, environment: {} });
      const [, name, rest] =
        /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(text.ok ? text.value : word.text) ?? [];
      if (name === undefined || rest === undefined) return [];
      return [{ name, value: rest, place: `${path}:${String(line)}` }];
    });
  });
  const files = environmentPaths(lines, unit).flatMap((path) => {
    const { assignments } = parseEnvLines(environmentTexts.get(path) ?? '');
    return assignments.map(({ name, value, line }) => {
      return { name, value, place: `${path}:${String(line)}` };
    });
  });
  return [...own, ...files];
}

/**
 * Absolute paths in the order in which they are read; `-` in front (may be missing) is cut off, and
 * Debian's `/etc/default/%p` is the file of that unit.
 */
export function environmentPaths(
  { environmentFiles }: ServiceLines,
  unit: string,
): readonly string[] {
  return environmentFiles
    .map(({ value }) => value.replace(/^-/, '').replace(/^"(.*)"$/, '$1'))
    .map((path) => {
      const expanded = withSpecifiers(path, { unit, hostName: undefined, environment: {} });
      return expanded.ok ? expanded.value : path;
    })
    .filter((path) => path.startsWith('/'));
}
