/** Turns an env file (systemd's EnvironmentFile, or one that sh reads) into settings, and edits it in place. */

import { type Result, err, ok } from '../../base/result.ts';
import {
  type SettingChange,
  type Settings,
  environmentName,
  flagOfEnvironment,
} from '../../model/settings.ts';
import type { Host, MemberConfig } from '../../ports.ts';
import { type Assignment, type EnvLines, parseEnvLines } from './env-lines.ts';
import { envProblems, isPlainBare } from './env-problems.ts';
import { fileConfig } from './file-config.ts';

/** The member's settings in an env file on a host; see `fileConfig` for how it is written and restored. */
export function envFileConfig(host: Host, path: string): MemberConfig {
  return fileConfig(host, path, { read: readEnvFile, edit: editEnvFile });
}

/** Of a name that stands twice the last one counts. `problems` says in words why it must not be edited. */
export function readEnvFile(text: string): {
  readonly settings: Settings;
  readonly problems: readonly string[];
} {
  const lines = parseEnvLines(text);
  const settings: Record<string, string> = {};
  for (const { name, value } of lines.assignments) {
    const flag = flagOfEnvironment(name);
    if (flag !== undefined && environmentName(flag) === name) settings[flag] = value;
  }
  return { settings, problems: envProblems(text, lines) };
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
  return ok(edited);
}

function withValue(text: string, name: string, value: string): string {
  const lines = parseEnvLines(text);
  const last = lines.assignments.findLast((assignment) => assignment.name === name);
  if (last === undefined) return inserted(text, lines, `${name}=${doubleQuoted(value)}`);
  if (last.value === value) return text;
  const isBare = last.style === 'bare' && value !== '' && isPlainBare(value);
  const line = `${name}=${isBare ? value : doubleQuoted(value)}`;
  return text.slice(0, last.nameStart) + line + text.slice(last.end);
}

function inserted(text: string, lines: EnvLines, line: string): string {
  const neighbour = lines.assignments.findLast(({ name }) => name.startsWith('ETCD_'));
  const at = neighbour === undefined ? text.length : behindNewline(text, neighbour);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const isAtLineStart = at === 0 || text.charAt(at - 1) === '\n';
  const before = text.slice(0, at) + (isAtLineStart ? '' : eol);
  // Before version 254 systemd took the line behind `# ... \` for a part of the comment.
  const comment = lines.comments.at(-1);
  const swallows = neighbour === undefined && comment?.text.endsWith('\\') === true;
  return before + (swallows ? eol : '') + line + eol + text.slice(at);
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
