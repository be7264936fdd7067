/** Turns etcd's own YAML file (`--config-file`) into settings, and edits it in place. */

import { digestOf } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import { type SettingChange, type Settings, withChanges } from '../../model/settings.ts';
import type { Host, MemberConfig } from '../../ports.ts';
import { fileConfig } from './file-config.ts';
import { withYamlSetting } from './yaml-edit.ts';
import { parseYamlTree } from './yaml-tree.ts';

/**
 * The member's settings in a YAML file on a host; see `fileConfig` for how it is written and restored. What
 * a running process has read of it cannot be seen in the process, so what the file held when is kept beside it.
 */
export function yamlFileConfig(host: Host, path: string): MemberConfig {
  return fileConfig(host, path, { read: readYamlFile, edit: editYamlFile, keepsHistory: true });
}

/** Flag names to values, and the line of each; `problems` says in words why it must not be edited. */
export function readYamlFile(text: string): {
  readonly settings: Settings;
  readonly lines: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
} {
  const { settings, problems } = parseYamlTree(text);
  return {
    settings: Object.fromEntries(settings.map(({ flag, value }) => [flag, value])),
    lines: Object.fromEntries(settings.map(({ flag, line }) => [flag, line])),
    problems,
  };
}

/** The text with the changes and every other byte as it was; the reason when it cannot be edited. */
export function editYamlFile(
  text: string,
  changes: readonly SettingChange[],
): Result<string, string> {
  const before = readYamlFile(text);
  if (before.problems.length > 0) return err(before.problems.join('; '));
  let edited = text;
  for (const { flag, to } of changes) {
    if (to !== undefined && /\p{Cc}/u.test(to)) {
      return err(`the value for ${flag} has a control character`);
    }
    if (readYamlFile(edited).settings[flag] === to) continue;
    const next = withYamlSetting(edited, flag, to);
    if (!next.ok) return next;
    edited = next.value;
  }
  // The border is checked twice: what was written is read, and must be what was asked for.
  const after = readYamlFile(edited);
  const isWanted = digestOf(after.settings) === digestOf(withChanges(before.settings, changes));
  if (after.problems.length === 0 && isWanted) return ok(edited);
  return err('an edit would change other settings');
}
