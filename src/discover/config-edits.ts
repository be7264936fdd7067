/** Turns a rollout's changes of settings into the texts of the files before and after it; nothing is written. */

import type { ConfigEdit } from '../model/config-edit.ts';
import type { MemberName } from '../model/ids.ts';
import { withChanges } from '../model/settings.ts';
import type { Step } from '../model/step.ts';
import type { MemberDoors } from '../ports.ts';

/**
 * One for each member whose configuration is written, in member order. A file that cannot be read or
 * edited now is left out, and so is one whose kept original is put back: each step says that by itself.
 */
export async function configEdits(
  doors: ReadonlyMap<MemberName, MemberDoors>,
  steps: readonly Step[],
): Promise<readonly ConfigEdit[]> {
  const edits = [...doors].map(async ([member, { config }]) => {
    const own = steps.flatMap((step) => {
      const isWrite = step.kind === 'configure-member' || step.kind === 'record-cluster';
      return isWrite && step.member === member ? [step] : [];
    });
    const isPutBack = own.some((step) => 'restoresOriginal' in step && step.restoresOriginal);
    if (own.length === 0 || isPutBack) return [];
    const read = await config.read();
    if (!read.ok) return [];
    let file = read.value;
    for (const { changes } of own) {
      const text = config.edited(file, changes);
      if (!text.ok) return [];
      file = { ...file, text: text.value, settings: withChanges(file.settings, changes) };
    }
    return [{ member, path: file.path, before: read.value.text, after: file.text }];
  });
  return (await Promise.all(edits)).flat();
}
