/** Turns an env file (systemd's EnvironmentFile, or one that sh reads) into settings, and edits it in place. */

import { digestOf } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import {
  type SettingChange,
  type Settings,
  environmentName,
  flagOfEnvironment,
  withChanges,
} from '../../model/settings.ts';
import type { Host, MemberConfig } from '../../ports.ts';
import { type Assignment, parseEnvLines } from './env-lines.ts';
import { envProblems, isPlainBare } from './env-problems.ts';
import { fileConfig } from './file-config.ts';

/** The member's settings in an env file on a host; see `fileConfig` for how it is written and restored. */
export function envFileConfig(host: Host, path: string): MemberConfig {
  return fileConfig(host, path, { read: readEnvFile, edit: editEnvFile });
}

/** Of a name that stands twice the last one counts. `problems` says in words why it must not be edited. */
export function readEnvFile(text: string): {
  readonly settings: Settings;
  readonly lines: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
} {
  const parsed = parseEnvLines(text);
  const settings: Record<string, string> = {};
  const lines: Record<string, number> = {};
  for (const { name, value, line } of parsed.assignments) {
    const flag = flagOfEnvironment(name);
    if (flag === undefined || environmentName(flag) !== name) continue;
    settings[flag] = value;
    lines[flag] = line;
  }
  return { settings, lines, problems: envProblems(text, parsed) };
}

/**
 * The text with the changes and every other byte as it was; the reason when it cannot be edited. The last
 * assignment of a name is edited where it stands (earlier ones have no effect and stay), a new one goes
 * behind the last ETCD_ line, and a setting that is taken out loses all its lines.
 */
export function editEnvFile(
  text: string,
  changes: readonly SettingChange[],
): Result<string, string> {
  const problems = envProblems(text, parseEnvLines(text));
  if (problems.length > 0) return err(problems.join('; '));
  let edited = text;
  for (const change of changes) {
    const name = environmentName(change.flag);
    if (change.to === undefined) edited = without(edited, name);
    else if (/\p{Cc}/u.test(change.to)) return err(`the value for ${name} has a control character`);
    else edited = withValue(edited, name, change.to);
  }
  return asWanted(text, changes, edited) ? ok(edited) : err('an edit would change other settings');
}

/** The border is checked twice: what was written is read, and must be what was asked for. */
function asWanted(text: string, changes: readonly SettingChange[], edited: string): boolean {
  const after = readEnvFile(edited);
  const wanted = withChanges(readEnvFile(text).settings, changes);
  return after.problems.length === 0 && digestOf(after.settings) === digestOf(wanted);
}

function withValue(text: string, name: string, value: string): string {
  const { assignments } = parseEnvLines(text);
  const last = assignments.findLast((assignment) => assignment.name === name);
  if (last === undefined) return inserted(text, assignments, `${name}=${doubleQuoted(value)}`);
  if (last.value === value) return text;
  const isBare = last.style === 'bare' && value !== '' && isPlainBare(value);
  const line = `${name}=${isBare ? value : doubleQuoted(value)}`;
  return text.slice(0, last.nameStart) + line + text.slice(last.end);
}

function inserted(text: string, assignments: readonly Assignment[], line: string): string {
  const neighbour = assignments.findLast(({ name }) => name.startsWith('ETCD_'));
  const at = neighbour === undefined ? text.length : behindNewline(text, neighbour);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const isAtLineStart = at === 0 || text.charAt(at - 1) === '\n';
  const before = text.slice(0, at) + (isAtLineStart ? '' : eol);
  // What ends in a backslash goes on: a value always, a comment for systemd before version 254.
  const isContinued = /\\\r?\n$/.test(before);
  return before + (isContinued ? eol : '') + line + eol + text.slice(at);
}

function without(text: string, name: string): string {
  return parseEnvLines(text)
    .assignments.filter((assignment) => assignment.name === name)
    .reduceRight(
      (left, gone) => left.slice(0, gone.start) + left.slice(behindNewline(left, gone)),
      text,
    );
}

function behindNewline(text: string, assignment: Assignment): number {
  const { end } = assignment;
  if (text.startsWith('\r\n', end)) return end + 2;
  return Math.min(end + 1, text.length);
}

function doubleQuoted(value: string): string {
  return `"${value.replace(/["\\`$]/g, '\\$&')}"`;
}
