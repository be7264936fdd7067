/** Turns the texts of a file before and after into a unified diff without anybody's secrets. */

import { structuredPatch } from 'diff';

import type { ConfigEdit } from '../model/config-edit.ts';
import type { FileDiff } from '../model/journal.ts';
import type { Paint } from './paint.ts';
import { withoutControls } from './wrap.ts';

const CONTEXT_LINES = 2;
/** Of a line around a change only the name is shown when it may hold one. */
const SECRET =
  /^([ +-]\W*[\w.-]*(?:password|passwd|secret|token|discovery)[\w.-]*\W{0,3}?[=:][ \t]*)\S.*$/i;

/** `--- m1:/etc/default/etcd`, then hunks as `diff -u` writes them; empty when nothing differs. */
export function configDiff({ member, path, before, after }: ConfigEdit): readonly string[] {
  const { hunks } = structuredPatch(path, path, before, after, '', '', { context: CONTEXT_LINES });
  if (hunks.length === 0) return [];
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: inside }) => [
    `@@ -${String(oldStart)},${String(oldLines)} +${String(newStart)},${String(newLines)} @@`,
    ...inside.map((line) => withoutControls(line.replace(/\r$/, '')).replace(SECRET, '$1***')),
  ]);
  return [`--- ${member}:${path}`, ...lines];
}

/** One for each file in which something differs. */
export function diffsOf(edits: readonly ConfigEdit[]): readonly FileDiff[] {
  return edits.flatMap((edit) => {
    const diff = configDiff(edit);
    return diff.length === 0 ? [] : [{ member: edit.member, path: edit.path, diff }];
  });
}

/** For a terminal: what goes is red, what comes is green. */
export function paintedDiff(lines: readonly string[], paint: Paint): readonly string[] {
  return lines.map((line) => {
    if (line.startsWith('--- ')) return paint.bold(line);
    if (line.startsWith('+')) return paint.green(line);
    if (line.startsWith('-')) return paint.red(line);
    return line.startsWith('@@') ? paint.dim(line) : line;
  });
}
